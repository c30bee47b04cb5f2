"""Who wrote to us, who waits for an answer until when, and who is on it."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Controller, get, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from govern.domain.actions import Action
from govern.domain.conversations import CloseReason, Conversation, ConversationState
from govern.domain.messages import State
from govern.domain.publications import XKind
from govern.services import conversation_care
from govern.services.conversation_lists import MAX_LIMIT, Filter, Whose, answered_in_time, list_conversations
from govern.services.conversation_threads import Thread, read_conversation
from govern.web.api.problems import problems
from govern.web.dependencies import CurrentAccess, CurrentActor, Now

READS = (Action.CONVERSATION_READ, Action.CONVERSATION_READ_DM)
Short = Annotated[str | None, QueryParameter(max_length=40)]


class ConversationJson(msgspec.Struct, kw_only=True):
    """The thread of one account with one person. `due_at`: until when an answer is due, while `state` is `open`."""

    id: UUID
    account: str
    brand: str
    contact: UUID
    contact_handle: str
    contact_name: str
    state: ConversationState
    x_kind: XKind
    has_dm: bool
    waiting_since: datetime | None
    due_at: datetime | None
    late: bool
    newest_at: datetime
    assigned_to: UUID | None
    assigned_name: str | None
    closed_for: CloseReason | None


class ConversationsJson(msgspec.Struct, kw_only=True):
    """Conversations, what is due first."""

    items: list[ConversationJson]


class SaidJson(msgspec.Struct, kw_only=True):
    """One thing that was said; `way` is `in` or `out`. `text` is null where it is private and was not asked for."""

    way: str
    x_kind: XKind
    x_id: str | None
    at: datetime
    text: str | None
    erased: bool
    message: int | None
    state: State | None


class ThreadJson(msgspec.Struct, kw_only=True):
    """A conversation with what was said in it, oldest first."""

    conversation: ConversationJson
    said: list[SaidJson]


class InTimeJson(msgspec.Struct, kw_only=True):
    """How an account answered in the last seven days; `late`: who waits too long already."""

    account: str
    answered: int
    in_time: int
    late: int


class InTimesJson(msgspec.Struct, kw_only=True):
    """Every account the caller may read conversations of."""

    items: list[InTimeJson]


class TakeInput(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Who is on it as far as the caller knows: whoever else took it meanwhile is not pushed aside."""

    was: UUID | None = None


class CloseInput(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Why no answer is due; `other` needs a note."""

    reason: CloseReason
    note: Annotated[str, msgspec.Meta(max_length=500)] = ""


class ConversationsController(Controller):
    path = "/conversations"
    tags = ("conversations",)

    @get(summary="List conversations", opt={"action": READS}, responses=problems(422))
    async def list_all(
        self,
        *,
        actor: CurrentActor,
        access: CurrentAccess,
        now: Now,
        in_state: Annotated[ConversationState | None, QueryParameter(name="state")] = None,
        whose: FromQuery[Whose] = Whose.ANYBODY,
        account: Short = None,
        brand: Short = None,
        x_kind: FromQuery[XKind | None] = None,
        limit: Annotated[int, QueryParameter(ge=1, le=MAX_LIMIT)] = 100,
    ) -> ConversationsJson:
        wanted = Filter(state=in_state, whose=whose, account=account, brand=brand, x_kind=x_kind)
        found = await list_conversations(wanted, limit=limit, actor=actor, access=access, now=now)
        return ConversationsJson(items=[_json(each, now) for each in found])

    @get(
        "/in-time",
        summary="How many were answered in time",
        opt={"action": Action.CONVERSATION_READ},
        responses=problems(),
    )
    async def in_time(self, *, actor: CurrentActor, access: CurrentAccess, now: Now) -> InTimesJson:
        found = await answered_in_time(actor=actor, access=access, now=now)
        return InTimesJson(items=[msgspec.convert(msgspec.structs.asdict(each), InTimeJson) for each in found])

    @get("/{conversation:uuid}", summary="Read a conversation", opt={"action": READS}, responses=problems(404))
    async def read(
        self, *, conversation: FromPath[UUID], actor: CurrentActor, access: CurrentAccess, now: Now
    ) -> ThreadJson:
        return _thread(await read_conversation(conversation, actor=actor, access=access, now=now), now)

    @post(
        "/{conversation:uuid}/private",
        status_code=200,
        summary="Read a conversation with what is private in it",
        description="The look is an entry of the log.",
        opt={"action": Action.CONVERSATION_READ_DM},
        responses=problems(403, 404),
    )
    async def read_private(
        self, *, conversation: FromPath[UUID], actor: CurrentActor, access: CurrentAccess, now: Now
    ) -> ThreadJson:
        return _thread(await read_conversation(conversation, private=True, actor=actor, access=access, now=now), now)

    @post(
        "/{conversation:uuid}/take",
        status_code=200,
        summary="Say that you are on it",
        opt={"action": Action.CONVERSATION_ASSIGN},
        responses=problems(403, 404, 409),
    )
    async def take(
        self,
        *,
        conversation: FromPath[UUID],
        data: JSONBody[TakeInput],
        actor: CurrentActor,
        access: CurrentAccess,
        now: Now,
    ) -> ConversationJson:
        taken = await conversation_care.take_conversation(
            conversation, was=data.was, actor=actor, access=access, now=now
        )
        return _json(taken, now)

    @post(
        "/{conversation:uuid}/release",
        status_code=200,
        summary="Say that nobody is on it any more",
        opt={"action": Action.CONVERSATION_ASSIGN},
        responses=problems(403, 404),
    )
    async def release(
        self, *, conversation: FromPath[UUID], actor: CurrentActor, access: CurrentAccess, now: Now
    ) -> ConversationJson:
        return _json(
            await conversation_care.release_conversation(conversation, actor=actor, access=access, now=now), now
        )

    @post(
        "/{conversation:uuid}/close",
        status_code=200,
        summary="Close it without an answer",
        opt={"action": Action.CONVERSATION_CLOSE},
        responses=problems(403, 404, 409, 422),
    )
    async def close(
        self,
        *,
        conversation: FromPath[UUID],
        data: JSONBody[CloseInput],
        actor: CurrentActor,
        access: CurrentAccess,
        now: Now,
    ) -> ConversationJson:
        closed = await conversation_care.close_conversation(
            conversation, reason=data.reason, note=data.note, actor=actor, access=access, now=now
        )
        return _json(closed, now)

    @post(
        "/{conversation:uuid}/reopen",
        status_code=200,
        summary="Undo a closing",
        opt={"action": Action.CONVERSATION_CLOSE},
        responses=problems(403, 404, 409),
    )
    async def reopen(
        self, *, conversation: FromPath[UUID], actor: CurrentActor, access: CurrentAccess, now: Now
    ) -> ConversationJson:
        return _json(
            await conversation_care.reopen_conversation(conversation, actor=actor, access=access, now=now), now
        )


def _json(found: Conversation, now: datetime) -> ConversationJson:
    known = {name: getattr(found, name) for name in ConversationJson.__struct_fields__ if name != "late"}
    return msgspec.convert({**known, "late": found.is_late(now)}, ConversationJson)


def _thread(thread: Thread, now: datetime) -> ThreadJson:
    said = [
        SaidJson(
            way=each.way,
            x_kind=XKind(each.x_kind),
            x_id=each.x_id,
            at=each.at,
            text=each.text if thread.private or each.x_kind == "post" else None,
            erased=each.erased,
            message=each.number,
            state=each.state,
        )
        for each in thread.said
    ]
    return ThreadJson(conversation=_json(thread.conversation, now), said=said)
