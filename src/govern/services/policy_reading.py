"""Reading the access policy in force: its files, who put it in force, and what its tests say."""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from govern.access import Access, read_bundle
from govern.access.cases import Suite, read_suite
from govern.access.testing import Report, run_suite
from govern.database import rows
from govern.domain.actions import COMPANY, Action, Target
from govern.domain.members import Actor
from govern.services.use_case import use_case
from govern.tables import PolicyActivation, PolicyBundle

SLICE = 200
"""Questions answered at a stretch: others wait no longer for it than for a page."""

_HISTORY = """
SELECT a.digest, a.activated_at, m.name AS activated_by, a.reason, a.gains, a.losses
  FROM policy_activation a LEFT JOIN member m ON m.id = a.activated_by ORDER BY a.activated_at DESC, a.id DESC LIMIT 50
"""
_FILES = "SELECT files FROM policy_bundle WHERE digest = {}"


class PastActivation(msgspec.Struct, frozen=True, kw_only=True):
    """When a policy was put in force, by whom (None: the service itself), and how many rights came and went."""

    digest: str
    activated_at: datetime
    activated_by: str | None
    reason: str
    gains: int
    losses: int


class PolicyInForce(msgspec.Struct, frozen=True, kw_only=True):
    """The policy this process decides by: the text of its files, and the activations, newest first."""

    digest: str
    files: Mapping[str, str]
    history: tuple[PastActivation, ...]


class TrialRun(msgspec.Struct, frozen=True, kw_only=True):
    """What the policy's own tests said just now, and how long they took."""

    report: Report
    took: timedelta


async def read_policy(*, actor: Actor, access: Access, now: datetime) -> PolicyInForce:
    """Return the policy in force.

    Raises:
        Denied: the actor may read it nowhere.
    """
    async with use_case(actor=actor, now=now):
        if not await access.where_can(actor, Action.POLICY_READ):
            await access.require(actor, Action.POLICY_READ, Target(COMPANY))
        digest = (await access.snapshot(actor)).digest
        kept = rows(await PolicyBundle.raw(_FILES, digest))
        history = rows(await PolicyActivation.raw(_HISTORY))
        return PolicyInForce(
            digest=digest,
            files=msgspec.json.decode(kept[0]["files"], type=dict[str, str]) if kept else {},
            history=tuple(msgspec.convert(row, PastActivation) for row in history),
        )


async def try_policy(policy: PolicyInForce) -> TrialRun:
    """Run the tests that belong to a policy's files, a slice at a time.

    Raises:
        PolicyFault: its files cannot be read by this version.
    """
    started, files = time.perf_counter(), {name: text.encode() for name, text in policy.files.items()}
    bundle = read_bundle(files)
    suite = read_suite(files, bundle)
    reports = [run_suite(bundle, Suite(cases=(), invariants=(), asked=0))]
    for part in _slices(suite):
        reports.append(run_suite(bundle, part))
        await asyncio.sleep(0)
    return TrialRun(report=_whole(suite, reports), took=timedelta(seconds=time.perf_counter() - started))


def _slices(suite: Suite) -> Iterator[Suite]:
    for first in range(0, len(suite.cases), SLICE):
        yield Suite(cases=suite.cases[first : first + SLICE], invariants=(), asked=0)
    for first in range(0, len(suite.invariants), SLICE):
        yield Suite(cases=(), invariants=suite.invariants[first : first + SLICE], asked=0)


def _whole(suite: Suite, reports: Sequence[Report]) -> Report:
    """Put the slices together: untested is what no slice tested."""

    def by_none(names: Callable[[Report], tuple[str, ...]]) -> tuple[str, ...]:
        return tuple(sorted(set[str].intersection(*(set(names(each)) for each in reports))))

    return Report(
        digest=reports[0].digest,
        rules=reports[0].rules,
        cases=suite.asked,
        decisions=sum(each.decisions for each in reports),
        failures=tuple(failure for each in reports for failure in each.failures),
        undecided=by_none(lambda report: report.undecided),
        never_true=by_none(lambda report: report.never_true),
        never_false=by_none(lambda report: report.never_false),
    )
