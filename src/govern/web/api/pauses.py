"""The stop switch."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Controller, get, post
from litestar.params import FromPath, JSONBody

from govern.domain.actions import Action
from govern.domain.messages import Kind
from govern.domain.pauses import Pause
from govern.services.pauses import lift_pause, list_pauses, set_pause
from govern.web.api.problems import problems
from govern.web.api.queries import Scope
from govern.web.dependencies import CurrentAccess, CurrentActor, Now


class PauseJson(msgspec.Struct, kw_only=True):
    """Publishing stopped at a scope and below, for some kinds."""

    id: UUID
    scope: str
    kinds: tuple[str, ...]
    reason: str
    set_by: str
    set_at: datetime


class PausesJson(msgspec.Struct, kw_only=True):
    """The pauses in force."""

    items: list[PauseJson]


class PauseEffectJson(msgspec.Struct, kw_only=True):
    """A pause just set; messages it holds, that X has already, and that nobody knows of."""

    pause: PauseJson
    held: int
    in_flight: int
    unknown: int


class LiftedJson(msgspec.Struct, kw_only=True):
    """A pause that holds no more."""

    id: UUID
    lifted_at: datetime


class PauseInput(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What to stop, where, and why."""

    scope: Scope
    reason: Annotated[str, msgspec.Meta(max_length=500)]
    kinds: tuple[Kind, ...] = tuple(Kind)


class LiftInput(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Why it goes on."""

    reason: Annotated[str, msgspec.Meta(max_length=500)] = ""


def pause_json(pause: Pause) -> PauseJson:
    """Return a pause as programs read it."""
    return PauseJson(
        id=pause.id,
        scope=pause.scope,
        kinds=pause.kinds,
        reason=pause.reason,
        set_by=pause.set_by_name,
        set_at=pause.set_at,
    )


class PausesController(Controller):
    path = "/pauses"
    tags = ("pauses",)

    @get(summary="List the pauses in force", opt={"action": Action.MESSAGE_READ}, responses=problems(422))
    async def list_all(self, *, actor: CurrentActor, access: CurrentAccess) -> PausesJson:
        return PausesJson(items=[pause_json(pause) for pause in await list_pauses(actor=actor, access=access)])

    @post(
        status_code=201,
        summary="Stop publishing",
        opt={"action": Action.PAUSE_SET},
        responses=problems(403, 404, 409, 422),
    )
    async def stop(
        self, *, data: JSONBody[PauseInput], actor: CurrentActor, access: CurrentAccess, now: Now
    ) -> PauseEffectJson:
        effect = await set_pause(
            scope=data.scope, kinds=data.kinds, reason=data.reason, actor=actor, access=access, now=now
        )
        counts = effect.counts
        return PauseEffectJson(
            pause=pause_json(effect.pause), held=counts.held, in_flight=counts.in_flight, unknown=counts.unknown
        )

    @post(
        "/{pause_id:uuid}/lift",
        status_code=200,
        summary="Let publishing go on",
        description="By another person than the one who stopped it.",
        opt={"action": Action.PAUSE_LIFT},
        responses=problems(403, 404, 409, 422),
    )
    async def lift(
        self,
        *,
        pause_id: FromPath[UUID],
        actor: CurrentActor,
        access: CurrentAccess,
        now: Now,
        data: JSONBody[LiftInput | None] = None,
    ) -> LiftedJson:
        reason = data.reason if data else ""
        await lift_pause(pause_id, reason=reason, actor=actor, access=access, now=now)
        return LiftedJson(id=pause_id, lifted_at=now)
