"""Every function that changes something says who and when, and is recorded."""

from collections.abc import Mapping
from types import MappingProxyType

import pytest

from tests.architecture.sources import Source, python_files
from tests.architecture.writers import check_readers, check_writers, read_services

HEAD = """
from govern.database import transaction
from govern.services import audit
from govern.services.use_case import use_case
from govern.tables import Message as MessageTable
_CLOSE = "UPDATE message SET state = 'x'"
_LOCK = "SELECT id FROM message FOR NO KEY UPDATE"
_DM = "SELECT i.id, i.text FROM inbound i"
_ALL_DMS = _DM + " LIMIT 3"
"""
GOOD = """
async def close(*, actor, now):
    async with use_case(actor=actor, now=now):
        await _close()
        await audit.record(1, actor=actor)

async def _close():
    await MessageTable.update({}).where(1)

async def look():
    return await MessageTable.raw(_LOCK)
"""
EXEMPT = {
    "govern.services.challenges.count_step": "a try of a step, counted before it is verified; what comes of it is recorded",
    "govern.services.credentials.confirm_credential": "X took a token; what is forgotten with it nobody decided",
    "govern.services.deliveries.accept_delivery": "a delivery as it came, from nobody signed in; what it brings is recorded",
    "govern.services.deliveries.finish_delivery": "that a delivery was read; what it brought is recorded",
    "govern.services.deliveries.forget_old_deliveries": "what X sent a month ago; what it brought is recorded",
    "govern.services.denials.sum_denials": "each summary's actor is who was refused",
    "govern.services.export_runs.drop_expired_files": "the bytes of a file; who took it out, and why, is recorded and stays",
    "govern.services.export_runs.fail_export": "the entry's actor is whoever asked for the export",
    "govern.services.export_runs.run_export": "the actor is whoever asked; it takes minutes, so it reads the clock twice",
    "govern.services.idempotency.claim_key": "keeps an answer; the use case it answers for is recorded",
    "govern.services.idempotency.finish_key": "keeps an answer",
    "govern.services.idempotency.release_key": "forgets a claim",
    "govern.services.member_links.accept_link": "nobody is signed in yet: the entry's actor is the link's member",
    "govern.services.members.change_settings": "how the panel looks to oneself",
    "govern.services.oauth.forget_old_pending": "what is over; what came of it is recorded",
    "govern.services.oauth.store_code": "a code that counts for nothing until it was exchanged, which is recorded",
    "govern.services.oauth_codes.fail_connect": "the entry's actor is the member who began",
    "govern.services.oauth_codes.finish_connect": "the entry's actor is the member who began",
    "govern.services.oauth_codes.take_code": "a code in hand; what comes of it is recorded",
    "govern.services.outcomes.ask_reading": "a wish that X be read; what the reading settles is recorded",
    "govern.services.outbox.Waker.wake_due": "wakes workers; what they do is recorded",
    "govern.services.outbox.forget_old": "wake-ups that were delivered",
    "govern.services.outbox.push_due": "wakes workers",
    "govern.services.passkeys.begin_add_passkey": "a question; the answer is recorded",
    "govern.services.passkeys.begin_passkey_sign_in": "a question; the answer is recorded",
    "govern.services.passkeys.begin_step_up_passkey": "a question; the answer is recorded",
    "govern.services.polling.want_poll": "when to look at X next; what is found is recorded",
    "govern.services.reconciling.keep_failed_reading": "X could not be read: nothing follows from it",
    "govern.services.revoking.confirm_revoked": "X's answer; who ended the connection, and why, is recorded",
    "govern.services.saved_views.forget_view": "a query a member kept for themselves",
    "govern.services.saved_views.save_view": "a query a member kept for themselves",
    "govern.services.sessions.find_session": "when a session was last seen",
    "govern.services.sign_in_failures.take_try": "a try, counted before it is verified; what comes of it is recorded",
    "govern.services.spending.record_reads": "what X bills for reading; nobody decided anything",
    "govern.services.subscriptions.keep_subscriptions": "what X said it sends; nobody of ours decided it",
    "govern.services.totp.begin_totp": "a secret that counts for nothing until it is confirmed, which is recorded",
}

READERS = {
    "govern.services.conversation_lists.newest_posts": "public posts only: the query says so",
    "govern.services.outcomes.ask_reading": "shows nothing",
    "govern.services.readings.find_question": "for the job that reads X: it shows nobody anything",
    "govern.services.reconciling.keep_failed_reading": "shows nothing",
    "govern.services.unknown.list_outcomes_unknown": "DMs of others come without their text",
    "govern.services.conversations.find_inbound": "a public post, by its id on X",
    "govern.services.conversations.list_inbound": "DMs come without their text",
    "govern.services.ledgers.newest_post": "public posts only: the query says so",
    "govern.services.ledgers.open_ledgers": "public posts only: the query says so; DMs come without their text",
    "govern.services.media_uploads.read_missing": "what the publisher hands to X; each image is an entry",
    "govern.services.message_views.list_revisions": "of a message the caller has read, which is recorded",
    "govern.services.releasing.list_missed": "DMs of others come without their text",
    "govern.services.releasing.list_waiting": "DMs of others come without their text",
    "govern.services.alarms.list_alarms": "messages are counted, and not shown",
    "govern.services.limits.read_limits": "texts are searched for links, and not shown",
    "govern.services.screening.preview": "what went out before is compared with a text, and not shown",
    "govern.services.outcomes.list_unknown": "DMs of others come without their text",
}


def faults(text: str, *, handler: str = "", exempt: Mapping[str, str] = MappingProxyType({})) -> list[str]:
    graph = read_services([Source("src/govern/services/x.py", HEAD + text)])
    return check_writers(graph, [Source("src/govern/web/x.py", handler)], exempt)


def test_a_recorded_use_case_with_actor_and_now_is_right() -> None:
    assert faults(GOOD) == []


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (GOOD.replace("*, actor, now", "*, actor"), "no keyword `now`"),
        (GOOD.replace("*, actor, now", "*, now"), "no keyword `actor`"),
        (GOOD.replace("*, actor, now", "actor, now"), "no keyword `now`"),
        (GOOD.replace("await audit.record(1, actor=actor)", "pass"), "records nothing"),
        ("async def close(*, actor, now):\n    await MessageTable.insert(1)", "opens no transaction"),
        ("async def close(*, actor, now):\n    await MessageTable.insert(1)", "records nothing"),
        ("async def close(*, actor, now):\n    await MessageTable.delete().where(1)", "records nothing"),
        ("async def close(*, actor, now):\n    await MessageTable.raw(_CLOSE)", "records nothing"),
        (
            "class Closer:\n    async def close(self, *, actor, now):\n        await MessageTable.insert(1)",
            "records nothing",
        ),
    ],
)
def test_a_use_case_that_hides_something_is_refused(text: str, fault: str) -> None:
    assert any(fault in said for said in faults(text))


def test_a_use_case_of_the_system_names_a_constant_as_its_actor() -> None:
    assert faults(GOOD.replace("*, actor, now", "*, now").replace("actor=actor", "actor=SWEEP")) == []


def test_a_part_that_writes_is_called_by_use_cases_only() -> None:
    text = GOOD.replace("_close()", "change()") + "async def change():\n    await MessageTable.insert(1)\n"
    assert faults(text, handler="from govern.services.x import close\nclose()") == []
    assert faults(text, handler="from govern.services.x import change\nchange()")
    assert faults(text, handler="from govern.services import x\nx.change()")


def test_an_exemption_that_nothing_needs_is_refused() -> None:
    for name in ("close", "look", "gone"):
        assert faults(GOOD, exempt={f"govern.services.x.{name}": "there was a reason"})


def test_every_use_case_says_who_and_when_and_is_recorded() -> None:
    services = [each for each in python_files("src/govern/services") if not each.within("services/audit")]
    callers = [each for each in python_files("src/govern") if not each.within("services")]
    broken = check_writers(read_services(services), callers, EXEMPT)
    assert not broken, "\n" + "\n".join(broken)


@pytest.mark.parametrize("sql", ["_DM", "_ALL_DMS", "'SELECT number, text FROM revision WHERE id = 1'"])
def test_showing_private_messages_unrecorded_is_refused(sql: str) -> None:
    text = f"async def show(*, actor, now):\n    await MessageTable.raw({sql})\n"
    callers = [Source("src/govern/web/x.py", "from govern.services.x import show\nshow()")]
    assert check_readers(read_services([Source("src/govern/services/x.py", HEAD + text)]), callers, {})
    recorded = text + "    await audit.record(1, actor=actor)\n"
    assert not check_readers(read_services([Source("src/govern/services/x.py", HEAD + recorded)]), callers, {})


def test_private_messages_read_by_sql_of_another_service_count_too() -> None:
    base = Source("src/govern/services/y.py", "VIEW = 'SELECT r.text FROM revision r'")
    text = (
        "from govern.services.y import VIEW\n_ONE = VIEW + ' WHERE 1'\nasync def show():\n    await Table.raw(_ONE)\n"
    )
    callers = [Source("src/govern/web/x.py", "from govern.services.x import show\nshow()")]
    graph = read_services([Source("src/govern/services/x.py", text), base])
    assert check_readers(graph, callers, {}) == ["govern.services.x.show shows private messages and records nothing"]
    assert check_readers(graph, callers, {"govern.services.x.show": "a reason"}) == []
    assert check_readers(graph, [], {"govern.services.x.show": "a reason"})


def test_every_showing_of_private_messages_is_recorded() -> None:
    services = python_files("src/govern/services")
    callers = [each for each in python_files("src/govern") if not each.within("services")]
    broken = check_readers(read_services(services), callers, READERS)
    assert not broken, "\n" + "\n".join(broken)
