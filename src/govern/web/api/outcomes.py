"""Outcomes nobody knows: what was tried, what X showed, settling it; and answers of X that came late."""

from uuid import UUID

from litestar import Controller, get, post
from litestar.params import FromPath, JSONBody

from govern.domain.actions import Action
from govern.services.late_answers import close_late_answer, list_late_answers
from govern.services.outcomes import ask_reading, settle_outcome
from govern.services.unknown import get_outcome_unknown, list_outcomes_unknown
from govern.web.api.message_json import MessageJson, message_json
from govern.web.api.messages import Which
from govern.web.api.outcome_json import (
    CloseInput,
    LateAnswersJson,
    OutcomeJson,
    SettleInput,
    UnknownsJson,
    late_json,
    outcome_json,
    unknown_json,
)
from govern.web.api.problems import problems
from govern.web.dependencies import CurrentAccess, CurrentActor, CurrentSettings, Now


class OutcomesController(Controller):
    path = "/outcomes"
    tags = ("outcomes",)

    @get(summary="List outcomes nobody knows", opt={"action": Action.MESSAGE_SETTLE}, responses=problems(422))
    async def list_all(self, *, actor: CurrentActor, access: CurrentAccess, settings: CurrentSettings) -> UnknownsJson:
        found = await list_outcomes_unknown(delays=settings.reconcile_reads, actor=actor, access=access)
        return UnknownsJson(items=[unknown_json(each) for each in found])

    @get(
        "/late",
        summary="List late answers of X",
        opt={"action": Action.MESSAGE_SETTLE},
        responses=problems(422),
    )
    async def list_late(self, *, actor: CurrentActor, access: CurrentAccess) -> LateAnswersJson:
        found = await list_late_answers(actor=actor, access=access)
        return LateAnswersJson(items=[late_json(each) for each in found])

    @post(
        "/late/{attempt:uuid}/close",
        status_code=204,
        summary="Close a late answer of X",
        opt={"action": Action.MESSAGE_SETTLE},
        responses=problems(403, 404, 409, 422),
    )
    async def close_late(
        self,
        *,
        attempt: FromPath[UUID],
        data: JSONBody[CloseInput],
        actor: CurrentActor,
        access: CurrentAccess,
        now: Now,
    ) -> None:
        await close_late_answer(attempt, reason=data.reason, actor=actor, access=access, now=now)


class OutcomeController(Controller):
    path = "/messages/{which:str}/outcome"
    tags = ("outcomes",)

    @get(
        summary="Read what is known of an unknown outcome",
        opt={"action": Action.MESSAGE_SETTLE},
        responses=problems(403, 404, 422),
    )
    async def get_one(
        self, *, which: Which, actor: CurrentActor, access: CurrentAccess, settings: CurrentSettings, now: Now
    ) -> OutcomeJson:
        found = await get_outcome_unknown(which, delays=settings.reconcile_reads, actor=actor, access=access, now=now)
        return outcome_json(found)

    @post(
        "/read",
        status_code=202,
        summary="Have X read again",
        opt={"action": Action.MESSAGE_SETTLE},
        responses=problems(403, 404, 409, 422),
    )
    async def read(self, *, which: Which, actor: CurrentActor, access: CurrentAccess, now: Now) -> None:
        await ask_reading(which, actor=actor, access=access, now=now)

    @post(
        "/settle",
        status_code=200,
        summary="Settle an unknown outcome",
        description="It is out, or it is not out and goes once more. Possible after the first reading of X.",
        opt={"action": Action.MESSAGE_SETTLE},
        responses=problems(403, 404, 409, 422),
    )
    async def settle(
        self, *, which: Which, data: JSONBody[SettleInput], actor: CurrentActor, access: CurrentAccess, now: Now
    ) -> MessageJson:
        message = await settle_outcome(
            which, is_out=data.is_out, x_id=data.x_id, reason=data.reason, actor=actor, access=access, now=now
        )
        return message_json(message)
