"""The query parameters of X's reads: fields, expansions and pages."""

import base64
import binascii
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, TypeVar

import msgspec
from litestar import Request

from govern.sandbox.ids import time_of
from govern.sandbox.problems import invalid, read_id
from govern.sandbox.records import Dm, Post

_T = TypeVar("_T", Post, Dm)

FIELDS = frozenset(
    {
        *("expansions", "tweet.fields", "post.fields", "user.fields"),
        *("media.fields", "place.fields", "poll.fields", "dm_event.fields"),
    }
)
_MOST_IDS = 100
LAG = "govern.sandbox.lag"
# X renames tweets to posts: both names are asked for, and the answer uses the one that was used.
_NEW = {
    "edit_history_post_ids": "edit_history_tweet_ids",
    "referenced_posts": "referenced_tweets",
    "referenced_posts.id": "referenced_tweets.id",
    "note_post": "note_tweet",
}
OLD_TO_NEW = {old: new for new, old in _NEW.items()}
PAGE = frozenset({"max_results", "pagination_token"})
RANGE = frozenset({"since_id", "until_id", "start_time", "end_time"})


class Lag(msgspec.Struct, frozen=True):
    """What a read does not see: all made since a moment, or what of it holds a text."""

    since: datetime
    text: str | None = None

    def hides(self, item: Post | Dm) -> bool:
        return time_of(item.id) > self.since and (self.text is None or self.text in item.text)


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """What the client asked for; an absent bound is None. `new_names` when it says posts where X said tweets."""

    fields: dict[str, frozenset[str]]
    new_names: bool
    lag: Lag | None
    max_results: int
    before: int | None
    since_id: int | None
    until_id: int | None
    start_time: datetime | None
    end_time: datetime | None

    def wants(self, kind: str, field: str) -> bool:
        return field in self.fields.get(kind, frozenset())

    def sees(self, item: Post | Dm | None) -> bool:
        return item is not None and (self.lag is None or not self.lag.hides(item))

    def admits(self, snowflake: int) -> bool:
        """Tell whether an object lies within the page's bounds; ids bound on both sides exclusively."""
        made = time_of(snowflake)
        return (
            (self.before is None or snowflake < self.before)
            and (self.until_id is None or snowflake < self.until_id)
            and (self.start_time is None or made >= self.start_time)
            and (self.end_time is None or made < self.end_time)
        )


def read_query(
    request: Request[Any, Any, Any], known: frozenset[str], *, sizes: tuple[int, int, int] = (1, 1, 1)
) -> Query:
    """Read the parameters a route knows; `sizes` are the smallest, the usual and the largest page.

    Raises:
        ApiError: 400 for an unknown parameter or a value that is not valid.
    """
    given = {name: value for name, value in request.query_params.items() if value != ""}
    for name, value in given.items():
        if name not in known:
            raise invalid(f"The query parameter [{name}] is not one of [{','.join(sorted(known))}]", **{name: value})
    asked = {name: frozenset(given[name].split(",")) for name in FIELDS & given.keys()}
    return Query(
        fields=_in_old_names(asked),
        new_names="post.fields" in asked or not _NEW.keys().isdisjoint(asked.get("expansions", ())),
        lag=request.scope["state"].get(LAG),
        max_results=_size(given.get("max_results"), sizes),
        before=_optional(_before, given, "pagination_token"),
        since_id=_optional(read_id, given, "since_id"),
        until_id=_optional(read_id, given, "until_id"),
        start_time=_optional(_time, given, "start_time"),
        end_time=_optional(_time, given, "end_time"),
    )


def page(newest_first: Iterable[_T], query: Query, keep: Callable[[_T], bool]) -> tuple[list[_T], str | None]:
    """Return one page, and the token of the next if there is one."""
    found: list[_T] = []
    for item in newest_first:
        if query.since_id is not None and item.id <= query.since_id:
            break
        if not (query.admits(item.id) and query.sees(item) and keep(item)):
            continue
        if len(found) == query.max_results:
            return found, base64.urlsafe_b64encode(str(found[-1].id).encode()).decode()
        found.append(item)
    return found, None


def read_ids(request: Request[Any, Any, Any], parameter: str = "ids") -> list[int]:
    """Read up to a hundred ids.

    Raises:
        ApiError: 400 for none, too many, or one that is no id.
    """
    given = request.query_params.get(parameter, "")
    values = given.split(",")
    if not given or len(values) > _MOST_IDS:
        raise invalid(f"The `{parameter}` query parameter must name 1 to {_MOST_IDS}", **{parameter: given[:100]})
    return [read_id(value, parameter) for value in dict.fromkeys(values)]


_V = TypeVar("_V")


def _in_old_names(asked: dict[str, frozenset[str]]) -> dict[str, frozenset[str]]:
    known = {name: frozenset(_NEW.get(value, value) for value in values) for name, values in asked.items()}
    known["tweet.fields"] = known.get("tweet.fields", frozenset()) | known.pop("post.fields", frozenset())
    if "referenced_tweets" in known.get("expansions", ()):
        known["expansions"] |= {"referenced_tweets.id"}
    return known


def _optional(read: Callable[[str, str], _V], given: dict[str, str], name: str) -> _V | None:
    return read(given[name], name) if name in given else None


def _size(value: str | None, sizes: tuple[int, int, int]) -> int:
    smallest, usual, largest = sizes
    if value is None:
        return usual
    if not (value.isascii() and value.isdigit() and smallest <= int(value[:9]) <= largest):
        message = f"The `max_results` query parameter value [{value}] is not between {smallest} and {largest}"
        raise invalid(message, max_results=value)
    return int(value)


def _before(value: str, name: str) -> int:
    try:
        return int(base64.urlsafe_b64decode(value))
    except (binascii.Error, ValueError) as error:
        raise invalid(f"The `{name}` query parameter value [{value}] is not valid", **{name: value}) from error


def _time(value: str, name: str) -> datetime:
    try:
        time = datetime.fromisoformat(value)
    except ValueError:
        time = None
    if time is None or time.tzinfo is None:
        raise invalid(f"The `{name}` query parameter value [{value}] is not valid", **{name: value})
    return time
