"""The stop switch."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Controller, get, post
from litestar.params import FromPath, JSONBody, QueryParameter

from govern.domain.actions import Action
from govern.domain.ids import message_number
from govern.domain.messages import Kind, State
from govern.domain.pauses import Pause
from govern.services.paused import InFlight, list_in_flight
from govern.services.pauses import count_paused, count_touched, get_pause, list_past_pauses, list_pauses, set_pause
from govern.services.releasing import lift
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
    lifted_by: str | None
    lifted_at: datetime | None


class PausesJson(msgspec.Struct, kw_only=True):
    """Pauses: those in force, or the last ones that are over."""

    items: list[PauseJson]


class PauseEffectJson(msgspec.Struct, kw_only=True):
    """A pause just set; messages it holds, that X has already, and that nobody knows of."""

    pause: PauseJson
    held: int
    in_flight: int
    unknown: int


class CountsJson(msgspec.Struct, kw_only=True):
    """What a pause would stop now."""

    held: int
    in_flight: int
    unknown: int


class InFlightJson(msgspec.Struct, kw_only=True):
    """A message X had in hand when the pause was set, and what became of it."""

    id: UUID
    number: str
    account: str
    kind: Kind
    state: State
    started_at: datetime
    settled: bool


class PauseNowJson(PauseEffectJson, kw_only=True):
    """A pause with what it stops now, and what could not be called back."""

    in_hand: list[InFlightJson]


class LiftedJson(msgspec.Struct, kw_only=True):
    """A pause that holds no more. Nothing was sent by it: see `/decisions` for what waits for its release."""

    id: UUID
    lifted_at: datetime
    release_needed: int
    expired: int


class PauseInput(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What to stop, where, and why."""

    scope: Scope
    reason: Annotated[str, msgspec.Meta(max_length=500)]
    kinds: tuple[Kind, ...] = tuple(Kind)


class CountInput(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What would be stopped, and where."""

    scope: Scope
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
        lifted_by=pause.lifted_by_name,
        lifted_at=pause.lifted_at,
    )


def in_flight_json(each: InFlight) -> InFlightJson:
    """Return a message in X's hands as programs read it."""
    return InFlightJson(
        id=each.id,
        number=message_number(each.number),
        account=each.account,
        kind=each.kind,
        state=each.state,
        started_at=each.started_at,
        settled=not each.open,
    )


class PausesController(Controller):
    path = "/pauses"
    tags = ("pauses",)

    @get(summary="List pauses", opt={"action": Action.MESSAGE_READ}, responses=problems(422))
    async def list_all(
        self,
        *,
        actor: CurrentActor,
        access: CurrentAccess,
        over: Annotated[bool, QueryParameter(description="Those that are over, instead of those in force")] = False,
    ) -> PausesJson:
        listed = list_past_pauses if over else list_pauses
        return PausesJson(items=[pause_json(pause) for pause in await listed(actor=actor, access=access)])

    @get(
        "/{pause_id:uuid}",
        summary="Read one pause",
        description="With what it stops now, and what X had in hand when it was set, until each is settled.",
        opt={"action": Action.MESSAGE_READ},
        responses=problems(404, 422),
    )
    async def get_one(self, *, pause_id: FromPath[UUID], actor: CurrentActor, access: CurrentAccess) -> PauseNowJson:
        pause = await get_pause(pause_id, actor=actor, access=access)
        counts = await count_paused(pause)
        listed = await list_in_flight(pause.scope, pause.kinds, at=pause.set_at, actor=actor, access=access)
        return PauseNowJson(
            pause=pause_json(pause), **msgspec.structs.asdict(counts), in_hand=[in_flight_json(each) for each in listed]
        )

    @post(
        "/count",
        status_code=200,
        summary="Count what a pause would stop",
        description="Nothing is changed.",
        opt={"action": Action.PAUSE_SET},
        responses=problems(403, 404, 422),
    )
    async def count(
        self, *, data: JSONBody[CountInput], actor: CurrentActor, access: CurrentAccess, now: Now
    ) -> CountsJson:
        found = await count_touched(scope=data.scope, kinds=data.kinds, actor=actor, access=access, now=now)
        return CountsJson(**msgspec.structs.asdict(found))

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
        description="By another person than the one who stopped it. Nothing is sent by it: what came due meanwhile "
        "has expired, or waits for its release.",
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
        lifted = await lift(pause_id, reason=reason, actor=actor, access=access, now=now)
        return LiftedJson(id=pause_id, lifted_at=now, release_needed=lifted.release_needed, expired=lifted.expired)
