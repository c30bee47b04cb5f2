"""How the log is, over the API."""

from datetime import UTC, datetime

from govern.domain.members import system_actor
from govern.services.audit.verifying import Question, record_verdict, verify_log
from tests.the_log import Log
from tests.web.conftest import Api


async def test_state_is_what_the_last_verification_found(api: Api, the_log: Log) -> None:
    state = (await api("cleo").get("/audit/log/state")).json()
    assert (state["state"], state["checked_at"], state["size"]) == ("being_checked", None, None)
    await the_log.grow()
    verdict = await verify_log(Question(), settings=the_log.settings)
    await record_verdict(verdict, actor=system_actor("verify"), now=datetime.now(UTC))
    state = (await api("cleo").get("/audit/log/state")).json()
    assert state["size"] == state["signed"] == verdict.size
    assert (state["state"], state["failed"]) == ("broken", ["replay"]), "grants made by hand are in no entry"
    assert (await api("leo").get("/audit/log/state")).status_code == 403
