"""`govern bench access`: how fast the access policy decides, against what else one could use, all in one run."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

import msgspec

from govern.access import Bundle
from govern.access.engine import Engine
from govern.bench.access_changes import measure_changes
from govern.bench.access_company import Company, Question, ask, make_company, make_questions
from govern.bench.access_database import measure_staleness, measure_throughput, running_engines
from govern.bench.access_report import Costs, Report, Timing, read_measures
from govern.bench.access_rivals import cedar, dict_walk, has_cedar, stock_casbin
from govern.bench.measuring import Work, interleave
from govern.domain.actions import Action

SEED = 20_260_503
Decider = Callable[[Question], bool]
Key = tuple[int, str, str]
"""Grants, kind of actions, engine."""


class AnswersDiffer(Exception):
    """A rival answers otherwise than we do: its time would be that of something else."""


class Effort(msgspec.Struct, frozen=True, kw_only=True):
    """How much is measured.

    `many` questions are put to what is fast, the first `few` of them to everybody; each is decided once a round.
    `transacting`: rounds, and seconds of each way in a round. `deciding`: seconds.
    """

    many: int = 1_000
    few: int = 160
    rounds: int = 25
    changes: int = 15
    transacting: tuple[int, float] = (15, 0.5)
    deciding: float = 10.0


FULL = Effort()
QUICK = Effort(many=60, few=20, rounds=3, changes=2, transacting=(1, 0.2), deciding=1.5)


def run_access_bench(bundle: Bundle, sizes: Sequence[int], *, effort: Effort, say: Callable[[str], None]) -> Report:
    """Measure everything with one policy, for companies of these numbers of grants.

    Raises:
        AnswersDiffer: a rival does not decide as we do.
    """
    engine = Engine(bundle)
    works: dict[Key, tuple[Work, int]] = {}
    allowed: dict[str, float] = {}
    for grants in sizes:
        say(f"A company with {grants:,} grants …")
        company = make_company(grants, seed=SEED)
        for kind, actions in _kinds(bundle).items():
            questions = make_questions(company, engine, actions, effort.many, seed=SEED)
            ours = partial(ask, company.snapshot(engine))
            allowed[kind] = sum(map(ours, questions)) / len(questions)
            for name, decide, put in _contest(company, engine, ours, questions, effort.few):
                works[grants, kind, name] = (partial(_put, decide, put), len(put))
    say(f"{len(works)} ways to decide, in turn …")
    taken = interleave({key: work for key, (work, _) in works.items()}, rounds=effort.rounds)
    timings = [
        Timing(grants=key[0], actions=key[1], engine=key[2], microseconds=seconds / works[key][1] * 1e6)
        for key, seconds in taken.items()
    ]
    return Report(
        policy=bundle.digest,
        cedarpy=has_cedar(),
        allowed=allowed,
        timings=tuple(timings),
        measures=read_measures(timings, sizes, _measure_costs(bundle, max(sizes), effort, say)),
    )


def _kinds(bundle: Bundle) -> Mapping[str, list[Action]]:
    """Part the actions: those with an effect are decided by both evaluators, the others by one."""
    return {
        kind: [action for action in Action if bundle.actions[action].effect is effect]
        for kind, effect in (("once", False), ("twice", True))
    }


def _contest(
    company: Company, engine: Engine, ours: Decider, questions: Sequence[Question], few: int
) -> Iterator[tuple[str, Decider, Sequence[Question]]]:
    """Give who decides which questions: `ours` as fast things are measured, `ours_few` beside the slow rivals."""
    yield "dict_walk", dict_walk(company, engine.bundle), questions
    yield "ours", ours, questions
    rivals = {"stock_casbin": stock_casbin(company, engine)}
    if has_cedar():
        rivals["cedarpy"] = cedar(company, engine)
    yield "ours_few", ours, questions[:few]
    for name, rival in rivals.items():
        check_answers(name, rival, ours, questions[:few])
        yield name, rival, questions[:few]


def check_answers(name: str, rival: Decider, ours: Decider, questions: Sequence[Question]) -> None:
    """Let a rival decide all questions once, as we do.

    Raises:
        AnswersDiffer: it does not.
    """
    for question in questions:
        if rival(question) is not ours(question):
            raise AnswersDiffer(f"{name}: {question}")


def _put(decide: Decider, questions: Sequence[Question]) -> None:
    for question in questions:
        decide(question)


def _measure_costs(bundle: Bundle, grants: int, effort: Effort, say: Callable[[str], None]) -> Costs:
    say("Changes of grants …")
    changing = asyncio.run(measure_changes(make_company(grants, seed=SEED), bundle, rounds=effort.changes))
    say("Transactions and processes on PostgreSQL …")
    with running_engines() as engines:
        rounds, seconds = effort.transacting
        return Costs(
            changing=changing,
            throughput=measure_throughput(engines, rounds=rounds, seconds=seconds),
            staleness=measure_staleness(engines, seconds=effort.deciding, seed=SEED),
        )
