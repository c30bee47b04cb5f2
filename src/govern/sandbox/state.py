"""All users, posts and direct messages of the sandbox, in memory, with a journal behind them."""

import re
import secrets
import string
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar, assert_never

from govern.sandbox.ids import Clock, Snowflakes
from govern.sandbox.journal import Journal
from govern.sandbox.records import AnyRecord, App, Deleted, Dm, Post, Reset, User

_LETTERS = string.ascii_letters + string.digits
_R = TypeVar("_R", bound=AnyRecord)


class State:
    """The fold over all records. Every change goes through `add`: journal first, then memory."""

    def __init__(self, clock: Clock, state_file: Path | None, app_keys: tuple[str, str] | None) -> None:
        self.ids = Snowflakes(clock)
        self.users: dict[int, User] = {}
        self.posts: dict[int, Post] = {}
        self.dms: dict[int, Dm] = {}
        self.tokens: dict[str, User] = {}
        self._handles: dict[str, int] = {}
        self._said: dict[tuple[object, ...], int] = {}
        self._wrote: set[tuple[int, int]] = set()
        self._apps: list[App] = []
        self._journal = Journal(state_file)
        for record in self._journal.read():
            self._apply(record)
        if app_keys is not None and (not self._apps or (self.app.api_key, self.app.api_secret) != app_keys):
            self.add(App(api_key=app_keys[0], api_secret=app_keys[1]))
        if not self._apps:
            self.add(App(api_key=_random(25), api_secret=_random(50)))

    @property
    def app(self) -> App:
        return self._apps[-1]

    def add(self, record: _R) -> _R:
        """Make one record true."""
        self._journal.append(record)
        self._apply(record)
        return record

    def find_user(self, handle: str) -> User | None:
        """Find a user by handle, with or without its @, in any case."""
        known = self._handles.get(handle.removeprefix("@").lower())
        return None if known is None else self.users[known]

    def add_account(self, handle: str, name: str) -> User:
        """Make an account of ours, with random credentials that stay as long as the state."""
        new = self.ids.next()
        token, secret = f"{new}-{_random(40)}", _random(45)
        return self.add(User(id=new, handle=handle, name=name, access_token=token, access_token_secret=secret))

    def add_customer(self, handle: str, name: str = "") -> User:
        return self.add(User(id=self.ids.next(), handle=handle, name=name or handle))

    def add_post(self, author: User, text: str, *, in_reply_to: int | None = None, quoted: int | None = None) -> Post:
        return self.add(
            Post(id=self.ids.next(), author=author.id, text=text, in_reply_to=in_reply_to, quoted=quoted),
        )

    def add_dm(self, sender: User, recipient: User, text: str) -> Dm:
        return self.add(Dm(id=self.ids.next(), sender=sender.id, recipient=recipient.id, text=text))

    def find_twin(self, author: User, text: str, in_reply_to: int | None, quoted: int | None) -> int | None:
        """Find a post of this author that says the same at the same place."""
        return self._said.get((author.id, _plain(text), in_reply_to, quoted))

    def may_dm(self, sender: User, recipient: User) -> bool:
        """X's rule for automated accounts: who never wrote to you, or closed their DMs, cannot be written to."""
        return not recipient.closed_dms and (recipient.id, sender.id) in self._wrote

    def newest_posts(self) -> Iterator[Post]:
        return reversed(self.posts.values())

    def newest_dms(self) -> Iterator[Dm]:
        return reversed(self.dms.values())

    def mentions(self, post: Post, user: User) -> bool:
        """Tell whether a post names this user, or answers one of their posts."""
        if post.author == user.id:
            return False
        target = self.posts.get(post.in_reply_to or 0)
        return names(post.text, user.handle) or (target is not None and target.author == user.id)

    def _apply(self, record: AnyRecord) -> None:
        match record:
            case App():
                self._apps.append(record)
            case User():
                self._apply_user(record)
            case Post():
                self.ids.seen(record.id)
                self.posts[record.id] = record
                self._said.setdefault(_key(record), record.id)
            case Deleted():
                self._forget(self.posts.pop(record.id, None))
            case Dm():
                self.ids.seen(record.id)
                self.dms[record.id] = record
                self._wrote.add((record.sender, record.recipient))
            case Reset():
                self._clear()
            case _:
                assert_never(record)

    def _apply_user(self, user: User) -> None:
        self.ids.seen(user.id)
        self.users[user.id] = user
        self._handles[user.handle.lower()] = user.id
        if user.own:
            self.tokens[user.access_token] = user

    def _forget(self, post: Post | None) -> None:
        if post is not None and self._said.get(_key(post)) == post.id:
            del self._said[_key(post)]

    def _clear(self) -> None:
        for part in (self.posts, self.dms, self._said, self._wrote):
            part.clear()
        self.users = {user.id: user for user in self.users.values() if user.own}
        self._handles = {user.handle.lower(): user.id for user in self.users.values()}


def names(text: str, handle: str) -> bool:
    """Tell whether a text has @handle in it as a word of its own."""
    return re.search(rf"(?<!\w)@{re.escape(handle)}(?!\w)", text, re.IGNORECASE) is not None


def _random(length: int) -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(length))


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())


def _key(post: Post) -> tuple[object, ...]:
    return (post.author, _plain(post.text), post.in_reply_to, post.quoted)
