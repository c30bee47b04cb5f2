"""Passkeys: one's own, and signing in or proving again who one is with one."""

from datetime import datetime
from uuid import UUID

import msgspec

from govern.database import rows, transaction
from govern.domain.actions import COMPANY
from govern.domain.audit import ObjectRef, PasskeyAdded, PasskeyRemoved
from govern.domain.ids import uuid7
from govern.domain.members import Actor, NotSignedIn
from govern.domain.sign_in import ChallengeKind, Factor, PasskeyRefused, ProofRefused, StepOver
from govern.errors import N_, Invalid, NotFound
from govern.services import audit
from govern.services.challenges import Step, ask_passkey, close_step, make_challenge, open_step, take_step
from govern.services.passkey_answers import check_creation, creation_options, request_options
from govern.services.passkey_use import Asserted, check_answer, record_refused, use_passkey
from govern.services.second_factors import check_removable, lock_active, lock_own, require_fresh
from govern.services.sessions import SignedIn, open_session, signed_in
from govern.services.step_up import refresh_session
from govern.services.use_case import use_case
from govern.settings import Settings, current
from govern.tables import Passkey, Session

LONGEST_NAME = 60


class BadPasskeyName(Invalid):
    code = "passkey.bad_name"
    template = N_("A passkey needs a name of 1 to 60 characters, such as the device it is on.")


class PasskeyRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What to ask the browser for. `options` is JSON for `navigator.credentials`; `step` goes back with the answer."""

    step: str
    options: str

    def __repr__(self) -> str:
        return "PasskeyRequest('***')"


class PasskeyInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A passkey of one's own."""

    id: UUID
    name: str
    created_at: datetime
    used_at: datetime | None = None


async def list_passkeys(*, actor: Actor) -> list[PasskeyInfo]:
    """Return one's own passkeys, the oldest first."""
    query = Passkey.select(Passkey.id, Passkey.name, Passkey.created_at, Passkey.used_at)
    mine = (Passkey.member == actor.member) & Passkey.removed_at.is_null()
    return [msgspec.convert(row, PasskeyInfo) for row in rows(await query.where(mine).order_by(Passkey.created_at))]


async def begin_add_passkey(*, actor: Actor, settings: Settings, now: datetime) -> PasskeyRequest:
    """Ask for a new passkey.

    Raises:
        NotFresh: there is a second factor already, and it was not proved a moment ago.
    """
    challenge = make_challenge()
    async with use_case(actor=actor, now=now):
        member = await lock_own(actor)
        await require_fresh(actor)
        known = await _credentials(member.id)
        step = await open_step(ChallengeKind.PASSKEY_ADD, member=member.id, challenge=challenge, now=now)
    options = creation_options(member, known=known, challenge=challenge, company=settings.company, settings=settings)
    return PasskeyRequest(step=step, options=options)


async def finish_add_passkey(
    *, step: str, name: str, answer: str, actor: Actor, settings: Settings, now: datetime
) -> PasskeyInfo:
    """Keep a new passkey under a name.

    Raises:
        BadPasskeyName, StepOver, NotFresh
        PasskeyRefused: it did not sign what it was asked to, here, or without checking the person.
    """
    name = name.strip()
    if not 1 <= len(name) <= LONGEST_NAME:
        raise BadPasskeyName(field="name")
    waiting, challenge = await take_step(step, ChallengeKind.PASSKEY_ADD, now=now)
    if waiting.member != actor.member:
        raise PasskeyRefused
    made = check_creation(answer, challenge=challenge, settings=settings)
    async with use_case(actor=actor, now=now):
        member = await lock_own(actor)
        await require_fresh(actor)
        row = Passkey(
            id=uuid7(now),
            member=member.id,
            credential_id=made.credential_id,
            public_key=made.public_key,
            sign_count=made.sign_count,
            name=name,
            created_at=now,
        )
        await Passkey.insert(row)
        await _record(PasskeyAdded(name=name), row.id, member.id, actor=actor, now=now)
    return PasskeyInfo(id=row.id, name=name, created_at=now)


async def remove_passkey(
    id: UUID,  # noqa: A002 - as the row's own name
    *,
    actor: Actor,
    now: datetime,
    settings: Settings | None = None,
) -> None:
    """Let a passkey of one's own count no more. `settings` are those of this process unless given.

    Raises:
        NotFound
        LastSecondFactor: in production a member keeps at least one.
        NotFresh
    """
    async with use_case(actor=actor, now=now):
        member = await lock_own(actor)
        await require_fresh(actor)
        mine = (Passkey.id == id) & (Passkey.member == member.id) & Passkey.removed_at.is_null()
        if not await Passkey.update({Passkey.removed_at: now}).where(mine).returning(Passkey.id):
            raise NotFound(noun="passkey", name=str(id))
        await check_removable(member.id, settings or current())
        await _record(PasskeyRemoved(), id, member.id, actor=actor, now=now)


async def begin_passkey_sign_in(*, step: str | None, settings: Settings, now: datetime) -> PasskeyRequest:
    """Ask for a passkey: any of this site, or one of the member whose password began this `step`.

    Raises:
        StepOver
    """
    challenge = make_challenge()
    allowed: list[bytes] = []
    async with transaction():
        if step is None:
            step = await open_step(ChallengeKind.PASSKEY_SIGN_IN, challenge=challenge, now=now)
        else:
            waiting = await ask_passkey(step, challenge, now=now)
            allowed = await _credentials(waiting.member) if waiting.member else []
    return PasskeyRequest(step=step, options=request_options(allowed=allowed, challenge=challenge, settings=settings))


async def finish_passkey_sign_in(
    *, step: str, answer: str, user_agent: str, settings: Settings, now: datetime
) -> SignedIn:
    """Open a session for whose passkey answered; it is both factors in one.

    Raises:
        StepOver, ProofRefused
    """
    kinds = (ChallengeKind.PASSKEY_SIGN_IN, ChallengeKind.SECOND_FACTOR)
    waiting, challenge = await take_step(step, *kinds, now=now)
    asserted = await check_answer(answer, challenge=challenge, member=waiting.member, settings=settings, now=now)
    async with transaction():
        token = await _sign_in(waiting, asserted, user_agent=user_agent, now=now)
    if token is None:
        await record_refused(asserted.member, reason="counter_fell", now=now)
        raise ProofRefused
    return await signed_in(token, now=now)


async def begin_step_up_passkey(*, session_id: UUID, actor: Actor, settings: Settings, now: datetime) -> PasskeyRequest:
    """Ask a signed-in member for one of their passkeys.

    Raises:
        NotSignedIn: it is not an open session of this member.
    """
    challenge = make_challenge()
    own = (Session.id == session_id) & (Session.member == actor.member) & Session.revoked_at.is_null()
    async with use_case(actor=actor, now=now):
        if actor.member is None or not await Session.exists().where(own):
            raise NotSignedIn
        allowed = await _credentials(actor.member)
        step = await open_step(
            ChallengeKind.STEP_UP, member=actor.member, session=session_id, challenge=challenge, now=now
        )
    return PasskeyRequest(step=step, options=request_options(allowed=allowed, challenge=challenge, settings=settings))


async def finish_step_up_passkey(
    *, step: str, answer: str, session_id: UUID, actor: Actor, settings: Settings, now: datetime
) -> SignedIn:
    """Make this session fresh by a passkey; its old cookie dies.

    Raises:
        StepOver, ProofRefused
    """
    waiting, challenge = await take_step(step, ChallengeKind.STEP_UP, now=now)
    if (waiting.member, waiting.session) != (actor.member, session_id):
        raise StepOver
    asserted = await check_answer(answer, challenge=challenge, member=waiting.member, settings=settings, now=now)
    token = None
    async with use_case(actor=actor, now=now):
        member = await lock_own(actor)
        if await use_passkey(asserted, now=now):
            token = await refresh_session(session_id, Factor.PASSKEY, member=member.id, actor=actor, now=now)
    if token is None:
        await record_refused(asserted.member, reason="counter_fell", now=now)
        raise ProofRefused
    return await signed_in(token, now=now)


async def _sign_in(waiting: Step, asserted: Asserted, *, user_agent: str, now: datetime) -> str | None:
    member = await lock_active(asserted.member)
    if member is None or not await use_passkey(asserted, now=now):
        return None
    factors = [Factor.PASSKEY.value]
    if waiting.kind is ChallengeKind.SECOND_FACTOR:
        await close_step(waiting, now=now)
        factors.insert(0, Factor.PASSWORD.value)
    return await open_session(member.id, member.name, factors=factors, user_agent=user_agent, now=now)


async def _credentials(member: UUID) -> list[bytes]:
    query = Passkey.select(Passkey.credential_id).where((Passkey.member == member) & Passkey.removed_at.is_null())
    return [row["credential_id"] for row in rows(await query)]


async def _record(
    what: PasskeyAdded | PasskeyRemoved, passkey: UUID, member: UUID, *, actor: Actor, now: datetime
) -> None:
    about = ObjectRef(kind="passkey", id=passkey)
    refs = (ObjectRef(kind="member", id=member),)
    await audit.record(what, actor=actor, now=now, object=about, refs=refs, scope=COMPANY)
