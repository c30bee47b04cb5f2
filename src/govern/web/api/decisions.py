"""What waits for a person's decision: it came due under a pause or a stop, or new time zone data moved it."""

from datetime import datetime
from typing import Annotated

import msgspec
from litestar import Controller, get, post
from litestar.params import JSONBody

from govern.domain.actions import Action
from govern.domain.publications import Hold
from govern.domain.schedules import Fold
from govern.services.releasing import MOST, Chosen, Released, list_missed, list_waiting, release_messages
from govern.services.waiting import moved_to
from govern.web.api.message_json import MessageJson, message_json
from govern.web.api.messages import Reason, SendTime, Zone
from govern.web.api.problems import problems
from govern.web.api.times import time_for_message
from govern.web.dependencies import CurrentAccess, CurrentActor, Now


class DecisionJson(msgspec.Struct, kw_only=True):
    """A message that waits for a decision, until `message.not_after`."""

    why: Hold
    """`release_needed`: release, reschedule or withdraw it. `zone_changed`: schedule it at the time that is meant."""
    message: MessageJson
    moved_to: datetime | None
    """Of `zone_changed`: the instant of its wall time by the time zone data of now."""


class DecisionsJson(msgspec.Struct, kw_only=True):
    """What waits, soonest due first; and what expired in the last seven days, newest first."""

    waiting: list[DecisionJson]
    missed: list[MessageJson]


class ReleaseInput(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Which messages go out, and when: at once, or from a time on. Two a minute leave per account, as they are listed."""

    messages: Annotated[tuple[Chosen, ...], msgspec.Meta(min_length=1, max_length=MOST)]
    scheduled_at: SendTime | None = None
    zone: Zone | None = None
    fold: Fold | None = None
    reason: Reason | None = None


class ReleasedJson(msgspec.Struct, kw_only=True):
    """What came of one: its turn, or why nothing was changed."""

    message: str
    due_at: datetime | None
    code: str | None
    detail: str | None


class ReleasesJson(msgspec.Struct, kw_only=True):
    """What came of each, and how many are released."""

    released: int
    items: list[ReleasedJson]


class DecisionsController(Controller):
    path = "/decisions"
    tags = ("pauses",)

    @get(
        summary="List what waits for a decision",
        description="Where you choose when messages go out, and your own.",
        opt={"signed_in": "shows what one may decide about, and one's own"},
        responses=problems(422),
    )
    async def list_all(self, *, actor: CurrentActor, access: CurrentAccess, now: Now) -> DecisionsJson:
        waiting = await list_waiting(actor=actor, access=access)
        missed = await list_missed(actor=actor, access=access, now=now)
        return DecisionsJson(
            waiting=[
                DecisionJson(why=Hold(str(each.hold)), message=message_json(each), moved_to=moved_to(each))
                for each in waiting
            ],
            missed=[message_json(each) for each in missed],
        )

    @post(
        "/release",
        status_code=200,
        summary="Release messages",
        description="Each is decided by itself: what is refused for one changes nothing for the others.",
        opt={"action": Action.MESSAGE_SCHEDULE},
        responses=problems(422),
    )
    async def release(
        self, *, data: JSONBody[ReleaseInput], actor: CurrentActor, access: CurrentAccess, now: Now
    ) -> ReleasesJson:
        at = None
        if data.scheduled_at is not None:
            at = await time_for_message(
                data.scheduled_at,
                data.zone,
                data.fold,
                message=data.messages[0].message,
                actor=actor,
                access=access,
                now=now,
            )
        answers = await release_messages(
            data.messages, at=at, zone=data.zone, reason=data.reason, actor=actor, access=access, now=now
        )
        released = sum(each.refused is None for each in answers)
        return ReleasesJson(released=released, items=[_released(each) for each in answers])


def _released(each: Released) -> ReleasedJson:
    refused = each.refused
    return ReleasedJson(
        message=each.message,
        due_at=each.due_at,
        code=refused.code if refused else None,
        detail=refused.detail if refused else None,
    )
