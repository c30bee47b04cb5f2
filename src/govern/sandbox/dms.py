"""Direct messages: send to one participant, read one thread or all."""

from typing import Annotated, Any

import msgspec
from litestar import Request, get, post
from litestar.params import FromPath

from govern.sandbox import problems
from govern.sandbox.problems import ApiError, invalid, read_body, read_id
from govern.sandbox.query import FIELDS, PAGE, page, read_query
from govern.sandbox.records import Dm, User
from govern.sandbox.render import Json, conversation_id, dm_json, includes, listing
from govern.sandbox.text import MAX_DM
from govern.sandbox.world import TheWorld, World

_Request = Request[User, Any, Any]
_KNOWN = FIELDS | PAGE | {"event_types"}
_SIZES = (1, 100, 100)


class Attachment(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    media_id: str


class NewDm(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The body of a direct message."""

    text: Annotated[str, msgspec.Meta(max_length=MAX_DM)] = ""
    attachments: list[Attachment] = msgspec.field(default_factory=list)


@post("/dm_conversations/with/{participant_id:str}/messages", status_code=201)
async def create_dm(request: _Request, world: TheWorld, participant_id: FromPath[str]) -> Json:
    recipient = world.state.users.get(read_id(participant_id, "participant_id"))
    body = await read_body(request, NewDm)
    if body.attachments:
        raise invalid("Your media IDs are invalid.", media_id=body.attachments[0].media_id)
    if not body.text.strip():
        raise invalid("$.text: is missing but it is required", text=body.text)
    if recipient is None or not world.state.may_dm(request.user, recipient):
        raise ApiError(403, problems.NO_DM)
    new = world.state.add_dm(request.user, recipient, body.text)
    thread = conversation_id(new.sender, new.recipient)
    return {"data": {"dm_conversation_id": thread, "dm_event_id": str(new.id)}}


@get("/dm_conversations/with/{participant_id:str}/dm_events")
async def list_thread(request: _Request, world: TheWorld, participant_id: FromPath[str]) -> Json:
    pair = {request.user.id, read_id(participant_id, "participant_id")}
    return _events(request, world, lambda dm: {dm.sender, dm.recipient} == pair)


@get("/dm_events")
async def list_events(request: _Request, world: TheWorld) -> Json:
    return _events(request, world, lambda dm: request.user.id in {dm.sender, dm.recipient})


def _events(request: _Request, world: World, keep: Any) -> Json:
    query = read_query(request, _KNOWN, sizes=_SIZES)
    only = request.query_params.get("event_types", "MessageCreate").split(",")
    found: list[Dm] = []
    token = None
    if "MessageCreate" in only:
        found, token = page(world.state.newest_dms(), query, keep)
    answer = listing(found, [dm_json(dm, query) for dm in found], token)
    return answer | includes(world.state, (dm.sender for dm in found), query, request.user, by="sender_id")
