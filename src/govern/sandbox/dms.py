"""Direct messages: send to one participant, read one thread, one message, or all."""

from collections.abc import Callable
from typing import Annotated, Any

import msgspec
from litestar import Request, get, post
from litestar.params import FromPath

from govern.sandbox import problems
from govern.sandbox.attachments import usable
from govern.sandbox.ledger import Charge
from govern.sandbox.problems import ApiError, invalid, not_found, read_body, read_id
from govern.sandbox.query import FIELDS, PAGE, page, read_query
from govern.sandbox.records import Dm, User
from govern.sandbox.render import Json, conversation_id, dm_json, listing, with_users
from govern.sandbox.text import MAX_DM
from govern.sandbox.world import TheWorld, World

_Request = Request[User, Any, Any]
_KNOWN = FIELDS | PAGE | {"event_types"}
_SIZES = (1, 100, 100)


class Attachment(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    media_id: str


class NewDm(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The body of a direct message: a text, one picture, or both."""

    text: Annotated[str, msgspec.Meta(max_length=MAX_DM)] = ""
    attachments: Annotated[list[Attachment], msgspec.Meta(max_length=1)] = msgspec.field(default_factory=list)


@post("/dm_conversations/with/{participant_id:str}/messages", status_code=201)
async def create_dm(request: _Request, world: TheWorld, participant_id: FromPath[str]) -> Json:
    recipient = world.state.users.get(read_id(participant_id, "participant_id"))
    body = await read_body(request, NewDm)
    attached = [each.media_id for each in body.attachments]
    media = usable(world, request.user, attached)[0] if attached else None
    if not body.text.strip() and media is None:
        raise invalid("$.text: is missing but it is required", text=body.text)
    if recipient is None or recipient.suspended or not world.state.may_dm(request.user, recipient):
        raise ApiError(403, problems.NO_DM)
    new = world.state.add(
        Dm(id=world.state.ids.next(), sender=request.user.id, recipient=recipient.id, text=body.text, media=media)
    )
    world.ledger.bill(Charge.DM)
    thread = conversation_id(new.sender, new.recipient)
    return {"data": {"dm_conversation_id": thread, "dm_event_id": str(new.id)}}


@get("/dm_conversations/with/{participant_id:str}/dm_events")
async def list_thread(request: _Request, world: TheWorld, participant_id: FromPath[str]) -> Json:
    pair = {request.user.id, read_id(participant_id, "participant_id")}
    return _events(request, world, lambda dm: {dm.sender, dm.recipient} == pair)


@get("/dm_events")
async def list_events(request: _Request, world: TheWorld) -> Json:
    return _events(request, world, lambda dm: request.user.id in {dm.sender, dm.recipient})


@get("/dm_events/{event_id:str}")
async def get_event(request: _Request, world: TheWorld, event_id: FromPath[str]) -> Json:
    query = read_query(request, FIELDS)
    found = world.state.dms.get(read_id(event_id, "event_id"))
    if found is None or not query.sees(found) or request.user.id not in {found.sender, found.recipient}:
        return not_found("dm_event", "event_id", event_id)
    world.ledger.bill(Charge.READ_DM)
    return {"data": dm_json(world.state, found, query)} | _senders(request, world, [found])


def _events(request: _Request, world: World, keep: Callable[[Dm], bool]) -> Json:
    query = read_query(request, _KNOWN, sizes=_SIZES)
    only = request.query_params.get("event_types", "MessageCreate").split(",")
    found: list[Dm] = []
    token = None
    if "MessageCreate" in only:
        found, token = page(world.state.newest_dms(), query, keep)
    world.ledger.bill(Charge.READ_DM, len(found))
    answer = listing(found, [dm_json(world.state, dm, query) for dm in found], token)
    return answer | _senders(request, world, found)


def _senders(request: _Request, world: World, found: list[Dm]) -> Json:
    query = read_query(request, _KNOWN, sizes=_SIZES)
    users = with_users(world.state, (dm.sender for dm in found), query, request.user, by="sender_id")
    return {"includes": users} if users else {}
