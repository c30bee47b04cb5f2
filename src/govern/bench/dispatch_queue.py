"""A long queue of scheduled messages, and what it costs those who look for the few that are due."""

import time
from collections.abc import Awaitable, Callable
from statistics import median

import msgspec

from govern.bench.dispatch_sending import claim_as, finish
from govern.bench.sending_company import Company
from govern.bench.sending_stage import Stage
from govern.domain.schedules import time_data_version
from govern.embedded.postgres import DATABASE
from govern.services import outbox
from govern.worker_jobs import Jobs

ROUNDS = 20
# Copies of a message that was sent, due in an hour and later; half of them as one account. Written by the owner, past
# the services: as only a bench may, the check for entries is put aside.
_FILL = """
SET session_replication_role = replica;
CREATE TEMPORARY TABLE made AS
SELECT n, gen_random_uuid() AS message, gen_random_uuid() AS revision, gen_random_uuid() AS screening,
       date_trunc('second', now()) + interval '1 hour' + n * interval '7 seconds' AS due_at, acc.id AS account
  FROM generate_series(1, {count}) n
  JOIN (SELECT id, row_number() OVER (ORDER BY handle) - 1 AS place, count(*) OVER () AS all_of FROM account) acc
    ON acc.place = CASE WHEN n % 2 = 0 THEN 0 ELSE n % acc.all_of END;
CREATE TEMPORARY TABLE pattern AS
SELECT m AS a_message, r AS a_revision, s AS a_screening, p AS a_publication
  FROM message m JOIN revision r ON r.message = m.id JOIN screening s ON s.revision = r.id
  JOIN publication p ON p.revision = r.id
 WHERE m.kind = 'post' AND m.state = 'sent' LIMIT 1;
INSERT INTO message SELECT (jsonb_populate_record(a_message, jsonb_build_object(
  'id', made.message, 'number', 10000000 + n, 'account', account, 'state', 'scheduled', 'scheduled_at', due_at,
  'zone', 'UTC', 'wall_time', to_char(due_at, 'YYYY-MM-DD"T"HH24:MI:SS'), 'fold', 0, 'tz_version', '{tz}', 'form_key', null, 'created_at', now(), 'updated_at', now()))).* FROM made, pattern;
INSERT INTO revision SELECT (jsonb_populate_record(a_revision, jsonb_build_object(
  'id', made.revision, 'message', made.message))).* FROM made, pattern;
INSERT INTO screening SELECT (jsonb_populate_record(a_screening, jsonb_build_object(
  'id', made.screening, 'revision', made.revision))).* FROM made, pattern;
INSERT INTO publication SELECT (jsonb_populate_record(a_publication, jsonb_build_object(
  'id', gen_random_uuid(), 'message', made.message, 'revision', made.revision, 'account', account, 'lane', 1,
  'due_at', due_at, 'wake_at', due_at, 'not_after', due_at + interval '15 minutes', 'next_attempt', gen_random_uuid(),
  'x_id', null, 'closed_at', null, 'created_at', now(), 'tries', 0))).* FROM made, pattern;
INSERT INTO outbox (id, job, args, due_at, created_at)
SELECT gen_random_uuid(), 'publish', jsonb_build_object('account', account), due_at, now() FROM made;
ANALYZE;
"""


class Costs(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds, medians: a sweep with nothing to do, a claim with nothing due, a claim of the one that is due."""

    sweep: float
    claim: float
    claim_due: float


def fill_queue(stage: Stage, count: int) -> None:
    """Schedule so many messages for later."""
    stage.engines.postgres.sql(_FILL.format(count=count, tz=time_data_version()), DATABASE)


async def measure_costs(company: Company, write: Callable[[str], Awaitable[object]]) -> Costs:
    """Measure as the busiest account; what is claimed is sent, so that the next one can be."""
    jobs, redis = Jobs(company.settings), outbox.client(company.settings.redis_url)
    handle, due = next(iter(company.accounts)), list[float]()
    sweep = await _median(lambda: jobs.sweep(redis))
    idle = await _median(lambda: claim_as(company, handle))
    for _ in range(ROUNDS):
        await write(handle)
        begun = time.perf_counter()
        claim = await claim_as(company, handle)
        due.append(time.perf_counter() - begun)
        await finish(company, handle, claim)
    await redis.aclose()
    return Costs(sweep=sweep, claim=idle, claim_due=median(due))


async def _median(work: Callable[[], Awaitable[object]]) -> float:
    taken = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        await work()
        taken.append(time.perf_counter() - begun)
    return median(taken)
