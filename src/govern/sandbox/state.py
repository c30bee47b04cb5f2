"""All users, posts, messages and uploads of the sandbox, in memory, with a journal behind them."""

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar, assert_never

from govern.sandbox.grants import Grants
from govern.sandbox.hooks import Hooks
from govern.sandbox.ids import Clock, Snowflakes, random_text
from govern.sandbox.journal import Journal
from govern.sandbox.records import (
    AltText,
    AnyRecord,
    App,
    Deleted,
    Dm,
    Expired,
    Grant,
    Hidden,
    Media,
    Post,
    Reset,
    Revoked,
    Subscription,
    SubscriptionGone,
    Tokens,
    User,
    Webhook,
    WebhookGone,
)

_R = TypeVar("_R", bound=AnyRecord)


class State:
    """The fold over all records. Every change goes through `add`: journal first, then memory, then the listeners."""

    def __init__(self, clock: Clock, state_file: Path | None, app: App | None) -> None:
        self.ids = Snowflakes(clock)
        self.users: dict[int, User] = {}
        self.posts: dict[int, Post] = {}
        self.dms: dict[int, Dm] = {}
        self.media: dict[int, Media] = {}
        self.alt_texts: dict[int, str] = {}
        self.hidden: set[int] = set()
        self.tokens: dict[str, User] = {}
        self.grants = Grants()
        self.hooks = Hooks()
        self.listeners: list[Callable[[AnyRecord], None]] = []
        self._handles: dict[str, int] = {}
        self._said: dict[tuple[object, ...], list[int]] = {}
        self._wrote: set[tuple[int, int]] = set()
        self._apps: list[App] = []
        self._journal = Journal(state_file)
        for record in self._journal.read():
            self._apply(record)
        wanted = _completed(app or (self._apps[-1] if self._apps else None), self._apps[-1:])
        if self._apps[-1:] != [wanted]:
            self.add(wanted)

    @property
    def app(self) -> App:
        return self._apps[-1]

    def add(self, record: _R) -> _R:
        """Make one record true."""
        self._journal.append(record)
        self._apply(record)
        for tell in self.listeners:
            tell(record)
        return record

    def find_user(self, handle: str) -> User | None:
        """Find a user by handle, with or without its @, in any case."""
        known = self._handles.get(handle.removeprefix("@").lower())
        return None if known is None else self.users[known]

    def add_account(self, handle: str, name: str) -> User:
        """Make an account of ours, with random credentials that stay as long as the state."""
        new = self.ids.next()
        token, secret = f"{new}-{random_text(40)}", random_text(45)
        return self.add(User(id=new, handle=handle, name=name, access_token=token, access_token_secret=secret))

    def add_customer(self, handle: str, name: str = "") -> User:
        return self.add(User(id=self.ids.next(), handle=handle, name=name or handle))

    def find_twins(self, post: Post) -> Sequence[int]:
        """Find the posts of this author that say the same at the same place with the same pictures, oldest first."""
        return self._said.get(self._key(post), ())

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
        return names(post.text, user.handle) or self._of(post.in_reply_to, user)

    def engages(self, post: Post, user: User) -> bool:
        """Tell whether a post asks this user for an answer: X's "mentioned or otherwise engaged"."""
        return post.author == user.id or self.mentions(post, user) or self._of(post.quoted, user)

    def _of(self, target: int | None, user: User) -> bool:
        found = self.posts.get(target or 0)
        return found is not None and found.author == user.id

    def _apply(self, record: AnyRecord) -> None:
        self.ids.seen(getattr(record, "id", 0))
        match record:
            case App():
                self._apps.append(record)
            case User():
                self._apply_user(record)
            case Grant() | Tokens() | Expired() | Revoked():
                self.grants.apply(record)
            case Webhook() | WebhookGone() | Subscription() | SubscriptionGone():
                self.hooks.apply(record)
            case Reset():
                self._clear()
            case _:
                self._apply_content(record)

    def _apply_content(self, record: Post | Deleted | Hidden | Dm | Media | AltText) -> None:
        match record:
            case Post():
                self.posts[record.id] = record
                self._said.setdefault(self._key(record), []).append(record.id)
            case Deleted():
                self._forget(self.posts.pop(record.id, None))
            case Hidden():
                (self.hidden.add if record.hidden else self.hidden.discard)(record.id)
            case Dm():
                self.dms[record.id] = record
                self._wrote.add((record.sender, record.recipient))
            case Media():
                self.media[record.id] = record
            case AltText():
                self.alt_texts[record.id] = record.text
            case _:
                assert_never(record)

    def _apply_user(self, user: User) -> None:
        self.users[user.id] = user
        self._handles[user.handle.lower()] = user.id
        if user.own:
            self.tokens[user.access_token] = user

    def _forget(self, post: Post | None) -> None:
        if post is not None:
            self._said[self._key(post)].remove(post.id)

    def _clear(self) -> None:
        for part in (self.posts, self.dms, self.media, self.alt_texts, self.hidden, self._said, self._wrote):
            part.clear()
        self.hooks.clear()
        self.users = {user.id: user for user in self.users.values() if user.own}
        self._handles = {user.handle.lower(): user.id for user in self.users.values()}

    def _key(self, post: Post) -> tuple[object, ...]:
        pictures = tuple(self.media[each].digest for each in post.media if each in self.media)
        return (post.author, _plain(post.text), post.in_reply_to, post.quoted, pictures)


def names(text: str, handle: str) -> bool:
    """Tell whether a text has @handle in it as a word of its own."""
    return re.search(rf"(?<!\w)@{re.escape(handle)}(?!\w)", text, re.IGNORECASE) is not None


def _completed(wanted: App | None, known: list[App]) -> App:
    """Fill what nobody gave: with what was known, else with random values."""
    given = wanted or App(api_key="", api_secret="")
    before = known[0] if known else App(api_key="", api_secret="")
    return App(
        api_key=given.api_key or before.api_key or random_text(25),
        api_secret=given.api_secret or before.api_secret or random_text(50),
        client_id=given.client_id or before.client_id or random_text(34),
        client_secret=given.client_secret or before.client_secret or random_text(50),
        bearer=given.bearer or before.bearer or random_text(100),
    )


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())
