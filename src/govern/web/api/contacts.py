"""The right to write to a person outside: why, why not, and the facts it rests on."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from litestar import Controller, get, post
from litestar.params import JSONBody, PathParameter, QueryParameter

from govern.domain.actions import Action
from govern.domain.consent import ConsentKind, PermissionState
from govern.services.consent import clear_doubt, record_invite, record_opt_in, record_opt_out, withdraw_consent
from govern.services.permissions import Ledger, LedgerEvent, explain_permission
from govern.web.api.problems import problems
from govern.web.dependencies import CurrentAccess, CurrentActor, CurrentPolicies, Now

Who = Annotated[str, PathParameter(description="The contact's id, or the handle.", max_length=40)]
Ours = Annotated[str, QueryParameter(max_length=40, description="A handle of ours")]
OurHandle = Annotated[str, msgspec.Meta(max_length=40, description="A handle of ours")]
Proof = Annotated[str, msgspec.Meta(max_length=200)]


class WordsJson(msgspec.Struct, kw_only=True):
    """A sentence in both languages."""

    en: str
    fr: str


class WayOutJson(WordsJson, kw_only=True):
    """What to do instead: `public_reply`, `answer_only` or `wait_for_them`."""

    code: str


class ConsentEventJson(msgspec.Struct, kw_only=True):
    """One fact. `explains`: the permission of now rests on it; `recorded_by`: the actor, as in the log."""

    id: UUID
    kind: ConsentKind
    purpose: str
    words: WordsJson
    account: str | None
    occurred_at: datetime
    recorded_at: datetime
    recorded_by: str
    source: str
    evidence: dict[str, object]
    explains: bool


class ConsentEventsJson(msgspec.Struct, kw_only=True):
    """All that is known, newest first."""

    items: list[ConsentEventJson]


class PermissionJson(msgspec.Struct, kw_only=True):
    """What may be written to the person, until when, and why; or why not, and what to do instead."""

    contact: UUID
    handle: str
    account: str
    state: PermissionState
    until: datetime | None
    doubt_open: bool
    words: WordsJson
    way_out: WayOutJson | None
    because: list[ConsentEventJson]


class PlaceInput(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The account of ours it happened at."""

    account: OurHandle


class OptInInput(PlaceInput, kw_only=True, forbid_unknown_fields=True):
    """A consent to the brand's promotion, with what it takes to prove it."""

    channel: Proof
    wording_id: Proof
    wording_version: Proof
    captured_at: Annotated[str, msgspec.Meta(max_length=40, description="RFC 3339, or a day")]
    proof_ref: Proof


class OptOutInput(PlaceInput, kw_only=True, forbid_unknown_fields=True):
    """A stop: of everything, or of promotion only."""

    purpose: Literal["all", "promotional"] = "all"


class ClearDoubtInput(PlaceInput, kw_only=True, forbid_unknown_fields=True):
    """Why what the person wrote was no stop."""

    reason: Annotated[str, msgspec.Meta(max_length=2_000)]


class InviteInput(PlaceInput, kw_only=True, forbid_unknown_fields=True):
    """The post in which the person asked us to write."""

    x_id: Annotated[str, msgspec.Meta(max_length=40, description="The post's id on X")]


class ContactsController(Controller):
    path = "/contacts/{who:str}"
    tags = ("contacts",)

    @get(
        "/permission",
        summary="Ask whether an account may write to a person",
        opt={"action": Action.CONTACT_READ},
        responses=problems(403, 404, 422),
    )
    async def permission(
        self,
        *,
        who: Who,
        account: Ours,
        actor: CurrentActor,
        access: CurrentAccess,
        policies: CurrentPolicies,
        now: Now,
    ) -> PermissionJson:
        return _permission(
            await explain_permission(_called(who), account, actor=actor, access=access, policies=policies, now=now)
        )

    @get(
        "/events",
        summary="List the facts the right to write rests on",
        opt={"action": Action.CONTACT_READ},
        responses=problems(403, 404, 422),
    )
    async def events(
        self,
        *,
        who: Who,
        account: Ours,
        actor: CurrentActor,
        access: CurrentAccess,
        policies: CurrentPolicies,
        now: Now,
    ) -> ConsentEventsJson:
        found = await explain_permission(_called(who), account, actor=actor, access=access, policies=policies, now=now)
        return ConsentEventsJson(items=[_event(event) for event in found.events])

    @post(
        "/opt-in",
        status_code=204,
        summary="Record a consent to promotion, with its proof",
        opt={"action": Action.CONSENT_RECORD},
        responses=problems(403, 404, 422),
    )
    async def opt_in(
        self, *, who: Who, data: JSONBody[OptInInput], actor: CurrentActor, access: CurrentAccess, now: Now
    ) -> None:
        evidence = {name: value for name, value in msgspec.structs.asdict(data).items() if name != "account"}
        await record_opt_in(
            account=data.account, contact=_called(who), evidence=evidence, actor=actor, access=access, now=now
        )

    @post(
        "/opt-out",
        status_code=204,
        summary="Record that a person wants no messages",
        description="It holds at once: whatever waits for the person is taken back. Whoever sees the account may note it.",
        opt={"action": Action.MESSAGE_READ},
        responses=problems(403, 404, 422),
    )
    async def opt_out(
        self,
        *,
        who: Who,
        data: JSONBody[OptOutInput],
        actor: CurrentActor,
        access: CurrentAccess,
        policies: CurrentPolicies,
        now: Now,
    ) -> None:
        record = record_opt_out if data.purpose == "all" else withdraw_consent
        await record(account=data.account, contact=_called(who), actor=actor, access=access, policies=policies, now=now)

    @post(
        "/clear-doubt",
        status_code=204,
        summary="Say that what may have been a stop was none",
        opt={"action": Action.CONSENT_RECORD},
        responses=problems(403, 404, 409, 422),
    )
    async def clear(
        self, *, who: Who, data: JSONBody[ClearDoubtInput], actor: CurrentActor, access: CurrentAccess, now: Now
    ) -> None:
        await clear_doubt(
            account=data.account, contact=_called(who), reason=data.reason, actor=actor, access=access, now=now
        )

    @post(
        "/invite",
        status_code=204,
        summary="Record that a person asked us, in public, to write",
        opt={"action": Action.CONSENT_RECORD},
        responses=problems(403, 404, 409, 422),
    )
    async def invite(
        self, *, who: Who, data: JSONBody[InviteInput], actor: CurrentActor, access: CurrentAccess, now: Now
    ) -> None:
        await record_invite(
            account=data.account, contact=_called(who), x_id=data.x_id, actor=actor, access=access, now=now
        )


def _called(who: str) -> UUID | str:
    try:
        return UUID(who)
    except ValueError:
        return who


def _permission(found: Ledger) -> PermissionJson:
    way_out = found.way_out
    return PermissionJson(
        contact=found.contact.id,
        handle=found.contact.handle,
        account=found.account,
        state=found.state,
        until=found.until,
        doubt_open=found.doubt_open,
        words=WordsJson(en=found.words.en, fr=found.words.fr),
        way_out=WayOutJson(code=way_out.code, en=way_out.words.en, fr=way_out.words.fr) if way_out else None,
        because=[_event(event) for event in found.events if event.explains],
    )


def _event(event: LedgerEvent) -> ConsentEventJson:
    return msgspec.convert(msgspec.to_builtins(event), ConsentEventJson)
