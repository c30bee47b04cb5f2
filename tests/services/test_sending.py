"""Claiming: what goes out is decided again, in the transaction that hands it to the sender, once."""

import asyncio
from datetime import timedelta

import asyncpg
import msgspec
import pytest

from govern.access import Access
from govern.domain.messages import Kind
from govern.services.consent import record_opt_out
from govern.services.message_views import load_message
from govern.services.passing import HOLD_FOR, Passed
from govern.services.pauses import lift_pause, set_pause
from govern.services.policies import Policies
from govern.services.releasing import release_message
from govern.services.sending import Claim
from govern.settings import Settings
from govern.xapi.client import OutgoingDm, OutgoingPost
from govern.xapi.credentials import Credentials
from govern.xapi.vault import Vault
from tests.asserts import actions, assert_audited, assert_nothing_changed, entries
from tests.factories import NOW, make_message, receive_dm, receive_mention
from tests.sending import LATER, Desk, attempts, make_desk, publication_of, revoke


@pytest.fixture
async def desk(database: None, owner: asyncpg.Connection, access: Access, policies: Policies, config: Settings) -> Desk:
    return await make_desk(owner, access, policies, config)


async def test_claim_commits_to_sending_before_anything_leaves(desk: Desk, config: Settings) -> None:
    message = await desk.write()
    claim = await desk.take()
    assert claim.outgoing == OutgoingPost(text=message.revision.text)
    assert claim.write_before == LATER + config.send_write_window
    assert claim.tries == 1
    assert await desk.state(message) == "sending"
    (attempt,) = await attempts()
    assert (attempt["id"], attempt["outcome"]) == (claim.attempt, None)
    assert attempt["deadline_at"] == LATER + config.attempt_deadline
    entry = await assert_audited("publication.sending", attempt=1, digest=message.revision.digest.hex())
    assert len(entry["data"]["approvals"]) == 1


async def test_nothing_is_claimed_before_its_time(desk: Desk) -> None:
    await desk.write(scheduled_at=NOW + timedelta(hours=2))
    assert await desk.claim(now=NOW + timedelta(hours=2, seconds=-1)) is None
    assert isinstance(await desk.claim(now=NOW + timedelta(hours=2)), Claim)


async def test_approved_message_waits_while_the_approval_may_be_taken_back(desk: Desk) -> None:
    await desk.write()
    assert await desk.claim(now=NOW + timedelta(seconds=7)) is None
    assert isinstance(await desk.claim(now=NOW + timedelta(seconds=8)), Claim)


async def test_one_attempt_at_a_time_per_account(desk: Desk) -> None:
    await desk.write("First.")
    await desk.write("Second.")
    await desk.take()
    assert await desk.claim() is None


async def test_account_in_other_hands_is_left_alone(desk: Desk, owner: asyncpg.Connection) -> None:
    await desk.write()
    async with owner.transaction():
        await owner.execute("SELECT 1 FROM account WHERE handle = 'Help' FOR NO KEY UPDATE")
        assert await desk.claim() is None
    assert isinstance(await desk.claim(), Claim)


async def test_of_two_claims_at_once_one_wins(desk: Desk) -> None:
    await desk.write()
    claims = await asyncio.gather(*(desk.claim() for _ in range(6)))
    assert len([claim for claim in claims if isinstance(claim, Claim)]) == 1
    assert len(await attempts()) == 1
    assert (await actions()).count("publication.sending") == 1


async def test_database_keeps_a_second_attempt_out_whatever_the_code_does(
    desk: Desk, owner: asyncpg.Connection
) -> None:
    await desk.write()
    await desk.take()
    copy = """
    INSERT INTO attempt (id, publication, account, content_digest, started_at, write_before, deadline_at, worker)
    SELECT gen_random_uuid(), publication, account, content_digest, started_at, write_before, deadline_at, worker
      FROM attempt
    """
    with pytest.raises(asyncpg.UniqueViolationError):
        await owner.execute(copy)


async def test_answers_go_before_campaigns(desk: Desk) -> None:
    await desk.write("A campaign.")
    post = await receive_mention(desk.company.help)
    answer = await desk.write("Hello, where did you order?", author=desk.company.leo, kind=Kind.REPLY, in_reply_to=post)
    claim = await desk.take()
    assert claim.outgoing == OutgoingPost(text=answer.revision.text, in_reply_to=post)


async def test_quote_carries_its_post(desk: Desk) -> None:
    await desk.write(kind=Kind.QUOTE, in_reply_to="1234")
    claim = await desk.take()
    assert isinstance(claim.outgoing, OutgoingPost)
    assert (claim.outgoing.quote_of, claim.outgoing.in_reply_to) == ("1234", None)


async def test_dm_goes_to_the_person_who_wrote(desk: Desk) -> None:
    await receive_dm(desk.company.help)
    await desk.write_dm()
    claim = await desk.take()
    assert isinstance(claim.outgoing, OutgoingDm)
    assert claim.outgoing.recipient_id.isdigit()


async def test_late_publication_expires_instead_of_going_out(desk: Desk) -> None:
    message = await desk.write(scheduled_at=NOW + timedelta(hours=2))
    assert await desk.claim(now=NOW + timedelta(hours=2, minutes=16)) == Passed(reason="expired")
    assert await desk.state(message) == "expired"
    await assert_audited("message.expired", outcome="failed", reason="window_passed")
    assert await attempts() == []


async def test_content_that_is_not_what_was_approved_is_held(desk: Desk, owner: asyncpg.Connection) -> None:
    message = await desk.write()
    await owner.execute("UPDATE publication SET content_digest = sha256('another text')")
    assert await desk.claim() == Passed(reason="digest")
    assert await desk.state(message) == "approved"
    await assert_audited("publication.held", outcome="denied", hold="digest")
    assert await attempts() == []


@pytest.mark.parametrize("who", ["ana", "mia"])
async def test_author_or_approver_who_lost_the_right_holds_the_message(desk: Desk, who: str) -> None:
    message = await desk.write()
    await revoke(desk, who)
    assert await desk.claim() == Passed(reason="access")
    assert (await load_message(message.id)).hold == "access"
    await assert_audited("publication.held", outcome="denied", hold="access")
    assert await attempts() == []


async def test_hold_is_recorded_once_asked_again_and_cleared(desk: Desk) -> None:
    message = await desk.write()
    pause = await set_pause(
        scope="brand:care",
        kinds=[Kind.POST],
        reason="Crisis",
        actor=desk.company.mia,
        access=desk.access,
        now=LATER,
    )
    assert await desk.claim() == Passed(reason="pause")
    assert await desk.claim() is None, "it is not asked again at once"
    since = (await publication_of(message))["hold_since"]
    assert await desk.claim(now=LATER + HOLD_FOR) == Passed(reason="pause")
    assert (await publication_of(message))["hold_since"] == since
    assert (await actions()).count("publication.held") == 1
    await lift_pause(pause.pause.id, actor=desk.company.cleo, access=desk.access, now=LATER + HOLD_FOR)
    released = LATER + 2 * HOLD_FOR
    assert await desk.claim(now=released) == Passed(reason="release_needed")
    await release_message(message.id, revision=1, actor=desk.company.mia, access=desk.access, now=released)
    assert isinstance(await desk.claim(now=released), Claim)
    row = await publication_of(message)
    assert (row["hold"], row["hold_reason"], row["hold_since"]) == (None, None, None)


async def test_pause_of_other_kinds_stops_nothing(desk: Desk) -> None:
    await desk.write()
    await set_pause(
        scope="company", kinds=[Kind.DM], reason="Crisis", actor=desk.company.ada, access=desk.access, now=LATER
    )
    assert isinstance(await desk.claim(), Claim)


async def test_account_without_working_keys_holds_and_is_not_screened_over_and_over(
    desk: Desk, owner: asyncpg.Connection
) -> None:
    await desk.write()
    await owner.execute("UPDATE account SET state = 'needs_reauth' WHERE handle = 'Help'")
    for turn in range(3):
        assert await desk.claim(now=LATER + turn * HOLD_FOR) == Passed(reason="auth")
    assert (await actions()).count("publication.held") == 1
    assert await owner.fetchval("SELECT count(*) FROM screening WHERE moment = 'send'") == 0


async def test_keys_sealed_with_a_key_that_is_not_here_hold_and_name_it(desk: Desk) -> None:
    message = await desk.write()
    desk.vault = Vault.from_setting("other:" + "A" * 43 + "=")
    assert await desk.claim() == Passed(reason="auth")
    assert "dev" in str((await publication_of(message))["hold_reason"])


async def test_opt_out_after_the_approval_withdraws_the_dm(desk: Desk) -> None:
    await receive_dm(desk.company.help)
    message = await desk.write_dm()
    await record_opt_out(
        account="Help",
        contact="marion",
        actor=desk.company.leo,
        access=desk.access,
        policies=desk.policies,
        now=NOW + timedelta(seconds=1),
    )
    assert await desk.state(message) == "withdrawn"
    assert "said stop" in str((await publication_of(message))["failure"])
    await assert_audited("message.withdrawn", reason="opted_out")


async def test_end_of_the_service_window_withdraws_the_dm(desk: Desk) -> None:
    await receive_dm(desk.company.help, at=NOW - timedelta(hours=23))
    message = await desk.write_dm()
    assert await desk.claim(now=NOW + timedelta(minutes=90)) == Passed(reason="withdrawn")
    assert await desk.state(message) == "withdrawn"


async def test_nothing_is_sent_that_still_waits_for_approval(desk: Desk, owner: asyncpg.Connection) -> None:
    await make_message(desk.company.ana, access=desk.access, policies=desk.policies)
    async with assert_nothing_changed(owner):
        assert await desk.claim() is None


async def test_a_claim_says_no_secret_in_the_log_of_entries(desk: Desk) -> None:
    await desk.write()
    claim = await desk.take()
    text = msgspec.json.encode(await entries()).decode()
    assert isinstance(claim.credentials, Credentials)
    assert claim.credentials.access_token_secret not in text
    assert claim.credentials.access_token not in text
