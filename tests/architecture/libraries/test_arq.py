"""arq 0.28: why settings are read by hand, jobs are packed by us, and rows, not arq, are the truth."""

import pickle
from datetime import UTC, datetime
from uuid import uuid4

import msgpack
import pytest
from arq.connections import RedisSettings
from arq.constants import expires_extra_ms, result_key_prefix
from arq.jobs import SerializationError, deserialize_job, serialize_job, serialize_result
from arq.worker import Worker, func

from govern.embedded import Engines
from govern.services.outbox import client, pack, unpack

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def pack_strictly(job: dict[str, object]) -> bytes:
    packed: bytes = msgpack.packb(job)
    return packed


def result_of(error: Exception, packer: object) -> bytes | None:
    return serialize_result(
        function="publish",
        args=(),
        kwargs={},
        job_try=1,
        enqueue_time_ms=1,
        success=False,
        result=error,
        start_ms=1,
        finished_ms=2,
        ref="publish",
        queue_name="arq:queue",
        job_id="1",
        serializer=packer,  # type: ignore[arg-type]
    )


def test_by_default_jobs_are_pickled() -> None:
    packed = serialize_job("publish", (), {"message": "1"}, None, 1)
    assert packed is not None
    assert pickle.loads(packed)["f"] == "publish"


def test_our_jobs_are_not_pickled_and_come_back() -> None:
    packed = serialize_job("publish", (), {"message": "1"}, None, 1, serializer=pack)
    assert packed is not None
    with pytest.raises((pickle.UnpicklingError, KeyError, ValueError, IndexError, EOFError)):
        pickle.loads(packed)
    back = deserialize_job(packed, deserializer=unpack)
    assert (back.function, tuple(back.args), back.kwargs) == ("publish", (), {"message": "1"})


def test_an_id_that_is_no_text_arrives_as_another_value() -> None:
    message = uuid4()
    packed = serialize_job("publish", (), {"message": message}, None, 1, serializer=pack)
    assert packed is not None
    assert deserialize_job(packed, deserializer=unpack).kwargs == {"message": repr(message)}
    with pytest.raises(SerializationError):
        serialize_job("publish", (), {"message": message}, None, 1, serializer=pack_strictly)


def test_without_a_hook_a_failure_is_lost() -> None:
    kept, lost = result_of(ValueError("why"), pack), result_of(ValueError("why"), pack_strictly)
    assert kept is not None
    assert "why" in str(unpack(kept))
    assert lost is None or "why" not in str(unpack(lost))


def test_addresses_are_not_read_as_we_need_them() -> None:
    with pytest.raises(RuntimeError, match="invalid DSN scheme"):
        RedisSettings.from_dsn("valkey://127.0.0.1:6379")
    assert RedisSettings.from_dsn("redis://u:p%40ss@127.0.0.1:6379").password == "p%40ss"
    assert not RedisSettings.from_dsn("rediss://127.0.0.1:6379?ssl_ca_certs=/ca.pem").ssl_ca_certs
    assert "hunter2" in repr(RedisSettings(password="hunter2"))


async def test_a_kept_result_blocks_its_job_id(engines: Engines) -> None:
    redis = client(engines.redis_url)
    try:
        await redis.set(f"{result_key_prefix}one", b"kept", ex=10)
        assert await redis.enqueue_job("publish", _job_id="one", _queue_name="pins") is None
        await redis.delete(f"{result_key_prefix}one")
        assert await redis.enqueue_job("publish", _job_id="one", _queue_name="pins") is not None
    finally:
        await redis.delete("pins", "arq:job:one")
        await redis.aclose()


def test_a_job_is_forgotten_after_a_day() -> None:
    assert expires_extra_ms == 86_400_000


async def job(ctx: dict[object, object]) -> None: ...


async def test_a_worker_by_default_keeps_results_retries_and_does_not_wait() -> None:
    worker = Worker(functions=[func(job, name="publish")], redis_settings=RedisSettings(), handle_signals=False)
    assert worker.keep_result_s == 3600
    assert worker.retry_jobs is True
    assert worker.max_tries == 5
    assert worker.job_timeout_s == 300
    assert worker._job_completion_wait == 0
