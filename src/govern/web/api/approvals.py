"""Verdicts on one revision of a message."""

from litestar import Controller, Response, post
from litestar.params import JSONBody

from govern.domain.actions import Action
from govern.services.approvals import approve_message, withdraw_approval
from govern.services.refusals import reject_message, request_changes
from govern.web.api.idempotency import IdempotencyKey, answer_once
from govern.web.api.message_json import MessageJson, message_json
from govern.web.api.message_parts import RevisionInput
from govern.web.api.messages import Reason, Text, Warnings, Which
from govern.web.api.problems import problems
from govern.web.auth import AnyRequest
from govern.web.dependencies import CurrentAccess, CurrentActor, CurrentPolicies, Now


class ApproveInput(RevisionInput, kw_only=True, forbid_unknown_fields=True):
    """An approval; with another `text` than the revision's it is edit and approve."""

    text: Text | None = None
    reason: Reason | None = None
    acknowledged: Warnings = ()
    """Warnings of screening in your own text that you have seen."""


class RefuseInput(RevisionInput, kw_only=True, forbid_unknown_fields=True):
    """A no; its reason is compulsory, since the author must know what to do."""

    reason: Reason = ""


class ApprovalsController(Controller):
    path = "/messages/{which:str}"
    tags = ("approvals",)

    @post(
        "/approve",
        status_code=200,
        summary="Approve a revision, or edit and approve it",
        description="The last approval a revision needs puts the message on its way.",
        opt={"action": Action.MESSAGE_APPROVE},
        responses=problems(403, 404, 409, 422),
    )
    async def approve(
        self,
        *,
        request: AnyRequest,
        which: Which,
        data: JSONBody[ApproveInput],
        actor: CurrentActor,
        access: CurrentAccess,
        policies: CurrentPolicies,
        now: Now,
        key: IdempotencyKey = None,
    ) -> Response[MessageJson]:
        async def act() -> MessageJson:
            message = await approve_message(
                which,
                revision=data.revision,
                text=data.text,
                reason=data.reason,
                acknowledged=data.acknowledged,
                actor=actor,
                access=access,
                policies=policies,
                now=now,
            )
            return message_json(message)

        return await answer_once(act, request=request, key=key, status=200, actor=actor, now=now)

    @post(
        "/reject",
        status_code=200,
        summary="Reject a revision, for good",
        opt={"action": Action.MESSAGE_REJECT},
        responses=problems(403, 404, 409, 422),
    )
    async def reject(
        self, *, which: Which, data: JSONBody[RefuseInput], actor: CurrentActor, access: CurrentAccess, now: Now
    ) -> MessageJson:
        message = await reject_message(
            which, revision=data.revision, reason=data.reason, actor=actor, access=access, now=now
        )
        return message_json(message)

    @post(
        "/request-changes",
        status_code=200,
        summary="Send a revision back to its author",
        opt={"action": Action.MESSAGE_REQUEST_CHANGES},
        responses=problems(403, 404, 409, 422),
    )
    async def ask_for_changes(
        self, *, which: Which, data: JSONBody[RefuseInput], actor: CurrentActor, access: CurrentAccess, now: Now
    ) -> MessageJson:
        message = await request_changes(
            which, revision=data.revision, reason=data.reason, actor=actor, access=access, now=now
        )
        return message_json(message)

    @post(
        "/withdraw-approval",
        status_code=200,
        summary="Take your approval back",
        description="Possible as long as the message was not handed to X.",
        opt={"action": Action.MESSAGE_APPROVE},
        responses=problems(403, 404, 409, 422),
    )
    async def undo(self, *, which: Which, actor: CurrentActor, access: CurrentAccess, now: Now) -> MessageJson:
        return message_json(await withdraw_approval(which, actor=actor, access=access, now=now))
