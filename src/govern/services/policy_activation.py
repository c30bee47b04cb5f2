"""Putting an access policy in force: simulated first, kept with its files, and in the log."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import msgspec

from govern.access import Access, Bundle, PolicyFault, read_bundle
from govern.access.engine import Engine
from govern.access.simulate import Difference, compare_bundles
from govern.access.snapshot import Snapshot
from govern.database import rows
from govern.domain.actions import COMPANY, Action, Decision, Target
from govern.domain.audit import ObjectRef, PolicyActivated
from govern.domain.drafts import check_reason
from govern.domain.ids import uuid7
from govern.domain.members import Actor, Via, system_actor
from govern.errors import N_, Conflict, Invalid, Unavailable
from govern.services import audit
from govern.services.grant_source import PostgresGrants
from govern.services.use_case import use_case
from govern.tables import AccessState, PolicyActivation, PolicyBundle

MIN_REASON = 3
SYSTEM = system_actor("policy-loader", via=Via.JOB)
FIRST = "first policy of this company"
SHIPPED = "the policy files of this version"


class PolicyAlreadyActive(Conflict):
    code = "policy.already_active"
    template = N_("This policy is in force already.")


class SimulationOutdated(Conflict):
    code = "policy.simulation_outdated"
    template = N_("Rules or grants changed since the simulation: look at the new one before you activate.")


class PolicyReasonRequired(Invalid):
    code = "policy.reason_required"
    template = N_("Please give a reason of 3 to 500 characters.")


class Activation(msgspec.Struct, frozen=True, kw_only=True):
    """A policy that was put in force; `previous` is the one before it."""

    id: UUID
    digest: str
    previous: str | None
    activated_at: datetime
    reason: str
    difference: Difference


_ACTIVE = "SELECT policy_digest FROM access_state WHERE id = 1"
_KEEP = "INSERT INTO policy_bundle (digest, files) VALUES ({}, {}) ON CONFLICT (digest) DO NOTHING"


async def activate_policy(
    files: Mapping[str, bytes],
    *,
    reason: str,
    shown: Difference | None = None,
    actor: Actor,
    access: Access,
    now: datetime,
) -> Activation:
    """Put a policy in force for the next decision in every process. Who gains and who loses is counted under the lock.

    `shown` is the simulation the actor agreed to, if it must still be right.

    Raises:
        PolicyFault: a file is not fit to decide by; the active policy stays.
        PolicyAlreadyActive, PolicyReasonRequired
        SimulationOutdated: the simulation says something else by now.
    """
    bundle, texts = _read(files)
    reason = check_reason(reason) or ""
    if len(reason) < MIN_REASON:
        raise PolicyReasonRequired(field="reason")
    async with use_case(actor=actor, now=now):
        await access.lock()
        decision = await access.require(actor, Action.POLICY_ACTIVATE, Target(COMPANY))
        previous = await find_active()
        if previous == bundle.digest:
            raise PolicyAlreadyActive
        activation = Activation(
            id=uuid7(now),
            digest=bundle.digest,
            previous=previous,
            activated_at=now,
            reason=reason,
            difference=_simulated(await access.snapshot(actor), bundle),
        )
        if shown is not None and shown != activation.difference:
            raise SimulationOutdated
        await _activate(activation, texts, actor=actor, now=now, decision=decision)
        return activation


async def activate_shipped(files: Mapping[str, bytes], *, renew: bool = False, now: datetime) -> Activation | None:
    """Put the policy files of this installation in force where no member could: None if nothing is to do.

    Done if no policy was ever active, if this version cannot read the active one (nobody could be allowed to replace
    it), and, with `renew`, if the files differ.

    Raises:
        PolicyFault: a file is not fit to decide by; what is active stays.
    """
    bundle, texts = _read(files)
    access = Access(bundle, PostgresGrants())
    async with use_case(actor=SYSTEM, now=now):
        await access.lock()
        previous = await find_active()
        snapshot = await _readable(access) if previous else None
        if previous == bundle.digest or (snapshot is not None and not renew):
            return None
        activation = Activation(
            id=uuid7(now),
            digest=bundle.digest,
            previous=previous,
            activated_at=now,
            reason=SHIPPED if previous else FIRST,
            difference=Difference() if snapshot is None else _simulated(snapshot, bundle),
        )
        await _activate(activation, texts, actor=SYSTEM, now=now)
        return activation


async def find_active() -> str | None:
    """Return the digest of the policy in force, if any was ever put in force."""
    return next((row["policy_digest"] for row in rows(await AccessState.raw(_ACTIVE))), None)


def _read(files: Mapping[str, bytes]) -> tuple[Bundle, dict[str, str]]:
    """Check the files, and return them as the texts they are kept as."""
    bundle, texts = read_bundle(files), {}
    for name, content in files.items():
        try:
            texts[name] = content.decode()
        except UnicodeDecodeError as error:
            raise _no_text(name, content, error.start) from error
        if "\0" in texts[name]:
            raise _no_text(name, content, content.index(b"\0"))
    return bundle, texts


def _no_text(name: str, content: bytes, at: int) -> PolicyFault:
    return PolicyFault(file=name, line=content.count(b"\n", 0, at) + 1, expected="UTF-8 without U+0000")


def _simulated(snapshot: Snapshot, bundle: Bundle) -> Difference:
    return compare_bundles(snapshot.engine, Engine(bundle), snapshot.requesters())


async def _readable(access: Access) -> Snapshot | None:
    try:
        return await access.snapshot()
    except Unavailable:
        return None


async def _activate(
    activation: Activation, texts: Mapping[str, str], *, actor: Actor, now: datetime, decision: Decision | None = None
) -> None:
    gains, losses = len(activation.difference.gains), len(activation.difference.losses)
    await PolicyBundle.raw(_KEEP, activation.digest, msgspec.json.encode(texts).decode())
    await PolicyActivation.insert(
        PolicyActivation(
            id=activation.id,
            digest=activation.digest,
            activated_by=actor.member,
            activated_at=now,
            reason=activation.reason,
            gains=gains,
            losses=losses,
        )
    )
    await audit.record(
        PolicyActivated(
            digest=activation.digest,
            previous=activation.previous,
            gains=gains,
            losses=losses,
            reason=activation.reason,
        ),
        actor=actor,
        now=now,
        object=ObjectRef(kind="policy", id="access"),
        scope=COMPANY,
        decision=decision,
    )
