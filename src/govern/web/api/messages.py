"""Messages: written, read, handed in, scheduled, withdrawn."""

from datetime import datetime
from typing import Annotated

import msgspec
from litestar import Controller, Response, get, post
from litestar.params import JSONBody, PathParameter, QueryParameter

from govern.domain.actions import Action
from govern.domain.drafts import Draft
from govern.domain.messages import Kind, State
from govern.domain.schedules import Fold
from govern.services.acknowledgements import Acknowledged
from govern.services.copying import copy_message
from govern.services.message_lists import MessageFilter, list_messages
from govern.services.message_views import get_message
from govern.services.messages import draft_message, revise_message, schedule_message, withdraw_message
from govern.services.submission import submit_message
from govern.web.api.idempotency import IdempotencyKey, answer_once, form_key
from govern.web.api.message_json import MessageJson, MessagesJson, message_json
from govern.web.api.message_parts import Attachments, Level, RevisionInput, attachments
from govern.web.api.problems import problems
from govern.web.api.queries import Cursor, Limit
from govern.web.api.times import time_for_account, time_for_message
from govern.web.auth import AnyRequest
from govern.web.dependencies import CurrentAccess, CurrentActor, CurrentPolicies, Now

# The service asks for the one of the message's kind.
WRITE = (
    Action.MESSAGE_WRITE_POST,
    Action.MESSAGE_WRITE_QUOTE,
    Action.MESSAGE_WRITE_REPLY,
    Action.MESSAGE_WRITE_DM,
)

Which = Annotated[str, PathParameter(description="The message's id, or its number as `M-1042`.", max_length=40)]
Text = Annotated[str, msgspec.Meta(max_length=100_000)]
Reason = Annotated[str, msgspec.Meta(max_length=2_000)]
Warnings = Annotated[
    tuple[Acknowledged, ...], msgspec.Meta(max_length=200, description="Warnings you have seen, by rule and span")
]
SendTime = Annotated[
    str,
    msgspec.Meta(
        max_length=40,
        description="RFC 3339 with its offset; without one a wall time of `zone`, or else of the account's own zone. "
        "Of a wall time that happens twice, `fold` says which is meant: 0 the first, 1 the second.",
    ),
]
Zone = Annotated[str, msgspec.Meta(max_length=64, description="As Europe/Paris")]


class DraftInput(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A message to write; `submit` hands it in at once, both or neither."""

    account: Annotated[str, msgspec.Meta(max_length=40, description="A handle of ours")]
    kind: Kind
    text: Text
    in_reply_to: (
        Annotated[str, msgspec.Meta(max_length=40, description="Of a reply or quote: the post's id")] | None
    ) = None
    recipient: Annotated[str, msgspec.Meta(max_length=40, description="Of a DM: the person's handle")] | None = None
    scheduled_at: SendTime | None = None
    zone: Zone | None = None
    fold: Fold | None = None
    paid_partnership: bool = False
    ai_written: bool = False
    media: Attachments = ()
    reply_level: Level | None = None
    submit: bool = False
    acknowledged: Warnings = ()


class SubmitInput(RevisionInput, kw_only=True, forbid_unknown_fields=True):
    """Which revision is handed in, and which warnings of screening its author has seen."""

    acknowledged: Warnings = ()


class TextInput(RevisionInput, kw_only=True, forbid_unknown_fields=True):
    """A new text in place of the revision you read; what is said of it stays unless given."""

    text: Text
    paid_partnership: bool | None = None
    ai_written: bool | None = None
    media: Attachments | None = None


class WithdrawInput(RevisionInput, kw_only=True, forbid_unknown_fields=True):
    """Why it is taken back, if you like."""

    reason: Reason | None = None


class ScheduleInput(RevisionInput, kw_only=True, forbid_unknown_fields=True):
    """When it goes out."""

    scheduled_at: SendTime
    zone: Zone | None = None
    fold: Fold | None = None


class MessagesController(Controller):
    path = "/messages"
    tags = ("messages",)

    @post(
        status_code=201,
        summary="Write a message",
        opt={"action": WRITE},
        responses=problems(403, 404, 409, 422),
    )
    async def create(
        self,
        *,
        request: AnyRequest,
        data: JSONBody[DraftInput],
        actor: CurrentActor,
        access: CurrentAccess,
        policies: CurrentPolicies,
        now: Now,
        key: IdempotencyKey = None,
    ) -> Response[MessageJson]:
        at = await time_for_account(
            data.scheduled_at, data.zone, data.fold, account=data.account, actor=actor, access=access, now=now
        )
        draft = _draft(data, at)

        async def act() -> MessageJson:
            message = await draft_message(
                draft,
                submit=data.submit,
                acknowledged=data.acknowledged,
                form_key=form_key(key, actor),
                actor=actor,
                access=access,
                policies=policies,
                now=now,
            )
            return message_json(message)

        return await answer_once(act, request=request, key=key, status=201, actor=actor, now=now)

    @get(summary="List messages", opt={"action": Action.MESSAGE_READ}, responses=problems(422))
    async def list_page(
        self,
        *,
        actor: CurrentActor,
        access: CurrentAccess,
        now: Now,
        in_state: Annotated[State | None, QueryParameter(name="state")] = None,
        account: Annotated[str | None, QueryParameter(max_length=40, description="A handle of ours")] = None,
        kind: Annotated[Kind | None, QueryParameter()] = None,
        author: Annotated[str | None, QueryParameter(max_length=254, description="An e-mail address")] = None,
        q: Annotated[str | None, QueryParameter(max_length=200, description="Part of a text or name")] = None,
        limit: Limit = 50,
        cursor: Cursor = None,
    ) -> MessagesJson:
        wanted = MessageFilter(state=in_state, account=account, kind=kind, author=author, q=q)
        page = await list_messages(wanted, limit=limit, cursor=cursor, actor=actor, access=access, now=now)
        return MessagesJson(items=[message_json(message) for message in page.items], next_cursor=page.next_cursor)

    @get(
        "/{which:str}",
        summary="Read one message",
        opt={"action": Action.MESSAGE_READ},
        responses=problems(404, 422),
    )
    async def get_one(self, *, which: Which, actor: CurrentActor, access: CurrentAccess, now: Now) -> MessageJson:
        return message_json(await get_message(which, actor=actor, access=access, now=now))

    @post(
        "/{which:str}/revise",
        status_code=200,
        summary="Write a new text",
        description="It has no approvals and must be handed in again.",
        opt={"action": WRITE},
        responses=problems(403, 404, 409, 422),
    )
    async def revise(
        self, *, which: Which, data: JSONBody[TextInput], actor: CurrentActor, access: CurrentAccess, now: Now
    ) -> MessageJson:
        message = await revise_message(
            which,
            text=data.text,
            revision=data.revision,
            paid_partnership=data.paid_partnership,
            ai_written=data.ai_written,
            images=None if data.media is None else attachments(data.media),
            actor=actor,
            access=access,
            now=now,
        )
        return message_json(message)

    @post(
        "/{which:str}/submit",
        status_code=200,
        summary="Hand a message in",
        description="Screening decides, then the approval rules say who must approve, if anybody.",
        opt={"action": WRITE},
        responses=problems(403, 404, 409, 422),
    )
    async def submit(
        self,
        *,
        request: AnyRequest,
        which: Which,
        data: JSONBody[SubmitInput],
        actor: CurrentActor,
        access: CurrentAccess,
        policies: CurrentPolicies,
        now: Now,
        key: IdempotencyKey = None,
    ) -> Response[MessageJson]:
        async def act() -> MessageJson:
            message = await submit_message(
                which,
                revision=data.revision,
                acknowledged=data.acknowledged,
                actor=actor,
                access=access,
                policies=policies,
                now=now,
            )
            return message_json(message)

        return await answer_once(act, request=request, key=key, status=200, actor=actor, now=now)

    @post(
        "/{which:str}/schedule",
        status_code=200,
        summary="Choose when a message goes out",
        opt={"action": Action.MESSAGE_SCHEDULE},
        responses=problems(403, 404, 409, 422),
    )
    async def schedule(
        self, *, which: Which, data: JSONBody[ScheduleInput], actor: CurrentActor, access: CurrentAccess, now: Now
    ) -> MessageJson:
        at = await time_for_message(
            data.scheduled_at, data.zone, data.fold, message=which, actor=actor, access=access, now=now
        )
        message = await schedule_message(
            which,
            revision=data.revision,
            scheduled_at=at,
            zone=data.zone,
            actor=actor,
            access=access,
            now=now,
        )
        return message_json(message)

    @post(
        "/{which:str}/withdraw",
        status_code=200,
        summary="Take a message back",
        opt={"action": Action.MESSAGE_WITHDRAW},
        responses=problems(403, 404, 409, 422),
    )
    async def withdraw(
        self, *, which: Which, data: JSONBody[WithdrawInput], actor: CurrentActor, access: CurrentAccess, now: Now
    ) -> MessageJson:
        message = await withdraw_message(
            which, revision=data.revision, reason=data.reason, actor=actor, access=access, now=now
        )
        return message_json(message)

    @post(
        "/{which:str}/copy",
        status_code=201,
        summary="Copy a message into a new draft of yours",
        opt={"action": WRITE},
        responses=problems(403, 404, 409, 422),
    )
    async def copy(self, *, which: Which, actor: CurrentActor, access: CurrentAccess, now: Now) -> MessageJson:
        return message_json(await copy_message(which, actor=actor, access=access, now=now))


def _draft(data: DraftInput, at: datetime | None) -> Draft:
    return Draft(
        account=data.account,
        kind=data.kind,
        text=data.text,
        in_reply_to=data.in_reply_to,
        recipient=data.recipient,
        scheduled_at=at,
        zone=data.zone,
        paid_partnership=data.paid_partnership,
        ai_written=data.ai_written,
        images=attachments(data.media),
        reply_level=data.reply_level,
    )
