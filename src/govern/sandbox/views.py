"""What the page shows, gathered from the state."""

from collections.abc import Iterable
from itertools import islice
from zlib import crc32

import msgspec

from govern.sandbox.courier import Delivery
from govern.sandbox.faults import Fault
from govern.sandbox.ids import time_of
from govern.sandbox.records import Dm, Post, User, Webhook
from govern.sandbox.state import State
from govern.sandbox.text import MAX_POST, weighted_length
from govern.sandbox.world import World

_MOST = 100
_FEW = 21
_COLOURS = 6


class Person(msgspec.Struct, frozen=True):
    name: str
    handle: str
    own: bool
    closed: bool
    colour: int
    suspended: bool = False
    long_posts: bool = False


class Picture(msgspec.Struct, frozen=True):
    id: str
    alt: str


class ShownPost(msgspec.Struct, frozen=True):
    id: str
    author: Person
    text: str
    at: str
    clock: str
    length: int
    answers: Person | None
    quoted: "ShownPost | None"
    pictures: list[Picture]
    hidden: bool
    made_with_ai: bool


class ShownDm(msgspec.Struct, frozen=True):
    id: str
    author: Person
    text: str
    at: str
    clock: str
    pictures: list[Picture]


class Account(msgspec.Struct, frozen=True):
    """One of our accounts, and the scopes of each grant that lives."""

    person: Person
    grants: list[str]


class Thread(msgspec.Struct, frozen=True):
    """A conversation of an account of ours with one other; newest message last, as X shows it."""

    account: Person
    contact: Person
    messages: list[ShownDm]


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """What the customer form holds: what was typed, when it has to be shown again."""

    kind: str = "mention"
    sender: str = ""
    account: str = ""
    text: str = ""


class View(msgspec.Struct, frozen=True, kw_only=True):
    accounts: list[Person]
    granted: list[Account]
    customers: list[Person]
    chosen: str
    posts: list[ShownPost]
    threads: list[Thread]
    faults: tuple[Fault, ...]
    webhooks: list[Webhook]
    deliveries: list[Delivery]
    spent: str
    reply: ShownPost | None
    quote: ShownPost | None
    draft: Draft
    error: str
    fault_error: str
    limit: int = MAX_POST


def view(
    world: World,
    *,
    account: str = "",
    reply: str = "",
    quote: str = "",
    draft: Draft | None = None,
    error: str = "",
    fault_error: str = "",
) -> View:
    """Gather the page, for all accounts or for one; at most the newest 100 posts and 100 threads."""
    state = world.state
    people = sorted(state.users.values(), key=lambda user: user.handle.lower())
    chosen = state.find_user(account) if account else None
    posts = (post for post in state.newest_posts() if chosen is None or _concerns(state, post, chosen))
    answered, quoted = _target(state, reply), _target(state, quote)
    about = answered or quoted
    handle = state.users[about.author].handle if about else ""
    return View(
        accounts=[person(user) for user in people if user.own],
        granted=[Account(person(user), _grants(state, user)) for user in people if user.own],
        customers=[person(user) for user in people if not user.own],
        chosen=chosen.handle if chosen else "",
        posts=[show_post(state, post) for post in islice(posts, _MOST)],
        threads=_threads(state, chosen),
        faults=world.faults.list(),
        webhooks=list(state.hooks.webhooks.values()),
        deliveries=world.courier.deliveries[:-_FEW:-1],
        spent=f"{world.ledger.spent / 1_000_000:.3f}",
        reply=show_post(state, answered) if answered else None,
        quote=show_post(state, quoted) if quoted else None,
        draft=draft or Draft(account=handle or (chosen.handle if chosen else "")),
        error=error,
        fault_error=fault_error,
    )


def person(user: User) -> Person:
    colour = crc32(user.handle.encode()) % _COLOURS
    return Person(user.name, user.handle, user.own, user.closed_dms, colour, user.suspended, user.long_posts)


def show_post(state: State, post: Post, *, whole: bool = True) -> ShownPost:
    answered = state.posts.get(post.in_reply_to or 0)
    quoted = state.posts.get(post.quoted or 0) if whole else None
    at, clock = _times(post.id)
    return ShownPost(
        id=str(post.id),
        author=person(state.users[post.author]),
        text=post.text,
        at=at,
        clock=clock,
        length=weighted_length(post.text),
        answers=person(state.users[answered.author]) if answered else None,
        quoted=show_post(state, quoted, whole=False) if quoted else None,
        pictures=_pictures(state, post.media),
        hidden=post.id in state.hidden,
        made_with_ai=post.made_with_ai,
    )


def _target(state: State, given: str) -> Post | None:
    return state.posts.get(int(given)) if given.isascii() and given.isdigit() else None


def _grants(state: State, user: User) -> list[str]:
    return [" ".join(grant.scopes) for grant in state.grants.living(user.id)]


def _pictures(state: State, media: Iterable[int]) -> list[Picture]:
    return [Picture(str(each), state.alt_texts.get(each, "")) for each in media if each in state.media]


def _concerns(state: State, post: Post, user: User) -> bool:
    return post.author == user.id or state.mentions(post, user)


def _threads(state: State, chosen: User | None) -> list[Thread]:
    """Group the messages by pair; the pair that wrote last comes first."""
    pairs: dict[frozenset[int], list[Dm]] = {}
    for dm in state.newest_dms():
        if chosen is None or chosen.id in {dm.sender, dm.recipient}:
            pairs.setdefault(frozenset({dm.sender, dm.recipient}), []).append(dm)
    return [_thread(state, messages) for messages in islice(pairs.values(), _MOST)]


def _thread(state: State, newest_first: list[Dm]) -> Thread:
    last = newest_first[0]
    one, other = sorted((state.users[last.sender], state.users[last.recipient]), key=lambda user: not user.own)
    messages = [_show_dm(state, dm) for dm in reversed(newest_first[:_MOST])]
    return Thread(person(one), person(other), messages)


def _show_dm(state: State, dm: Dm) -> ShownDm:
    pictures = _pictures(state, () if dm.media is None else (dm.media,))
    return ShownDm(str(dm.id), person(state.users[dm.sender]), dm.text, *_times(dm.id), pictures)


def _times(snowflake: int) -> tuple[str, str]:
    made = time_of(snowflake)
    return made.isoformat(timespec="seconds"), made.strftime("%d %b %H:%M:%S UTC")
