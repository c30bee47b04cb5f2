"""Looking posts up by their ids: which are still there, with which text, and which X says are gone."""

from collections.abc import Sequence

import msgspec

from govern.xapi.answers import Post
from govern.xapi.call import Caller
from govern.xapi.client import LookedUp

MOST = 100


class _Missing(msgspec.Struct, frozen=True):
    type: str = ""
    resource_type: str = ""
    resource_id: str = ""
    value: str = ""


class _Posts(msgspec.Struct, frozen=True):
    data: list[Post] = []
    errors: list[_Missing] = []


async def look_up_posts(caller: Caller, ids: Sequence[str], fields: Sequence[str]) -> LookedUp:
    """Ask X for up to 100 posts.

    Gone is what was deleted, and what we may no longer see: its author protected it, or was suspended. X asks for both
    to be taken out (its developer policy, "Content compliance").
    """
    found = await caller.read(
        "look_up_posts",
        lambda x: x.get_tweets(list(ids[:MOST]), tweet_fields=list(fields), user_auth=caller.signed),
        _Posts,
    )
    caller.reads.count(found.data)
    named = {missing.resource_id or missing.value for missing in found.errors if _is_gone(missing)}
    return LookedUp(texts={post.id: post.plain for post in found.data}, gone=frozenset(named & set(ids)))


def _is_gone(missing: _Missing) -> bool:
    kind = missing.type.rpartition("/")[2]
    return missing.resource_type in {"tweet", "post"} and kind in {"resource-not-found", "not-authorized-for-resource"}
