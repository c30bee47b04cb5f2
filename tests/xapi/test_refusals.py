"""What X refuses: each answer of the table of errors, and what it means for the message."""

from datetime import UTC, datetime, timedelta

import pytest

from govern.xapi.client import OutgoingDm
from govern.xapi.errors import (
    AuthLost,
    DuplicateClaimed,
    NoCredits,
    OutcomeUnknown,
    RateLimited,
    Refused,
)
from govern.xapi.reasons import REASONS
from tests.xapi.conftest import client_of, http, odd_server, outcome_of, problem, soon

RESET = int(datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    ("status", "detail", "reason"),
    [
        (403, "Reply to this conversation is not allowed because you have not been mentioned.", "reply_not_allowed"),
        (403, "Quoting this post is not allowed because you have not been mentioned.", "quote_not_allowed"),
        (403, "You do not have permission to DM one or more participants.", "dm_not_allowed"),
        (403, "You attempted to reply to a Tweet that is deleted or not visible to you.", "target_gone"),
        (403, "Your Tweet text is too long.", "too_long"),
        (403, "Your account is temporarily locked.", "account_locked"),
        (403, "Forbidden", "forbidden"),
        (403, "Something new at X.", "forbidden"),
        (400, "One or more parameters to your request was invalid.", "invalid"),
        (404, "Not Found", "not_found"),
    ],
)
async def test_refusal_of_a_known_form_has_its_reason(status: int, detail: str, reason: str) -> None:
    refused = await outcome_of(problem(status, detail))
    assert isinstance(refused, Refused)
    assert (refused.reason, refused.detail) == (reason, detail)
    assert refused.sentence == REASONS[reason]


async def test_refusal_with_a_list_of_errors_tells_all_of_them() -> None:
    errors = [{"message": "The text is missing."}, {"message": "So is the rest."}]
    refused = await outcome_of(http(400, {"errors": errors, "title": "Invalid Request", "detail": "Invalid."}))
    assert isinstance(refused, Refused)
    assert refused.detail == "Invalid.; The text is missing.; So is the rest."


async def test_duplicate_is_a_claim_and_not_a_refusal() -> None:
    claimed = await outcome_of(problem(403, "You are not allowed to create a Tweet with duplicate content."))
    assert isinstance(claimed, DuplicateClaimed)


async def test_401_means_the_credentials_are_lost() -> None:
    assert isinstance(await outcome_of(problem(401, "Unauthorized")), AuthLost)


@pytest.mark.parametrize(
    "answer",
    [
        http(402, {"title": "CreditsDepleted", "detail": "Your enrolled account does not have any credits."}),
        http(402, ""),
        problem(429, "Usage cap exceeded: Monthly product cap", x_rate_limit_remaining="90"),
    ],
)
async def test_spent_credits_stop_the_whole_app(answer: bytes) -> None:
    assert isinstance(await outcome_of(answer), NoCredits)


@pytest.mark.parametrize(
    ("headers", "bucket"),
    [
        ({"x_rate_limit_remaining": "0", "x_rate_limit_reset": str(RESET)}, "send_post/window"),
        (
            {
                "x_rate_limit_remaining": "7",
                "x_rate_limit_reset": str(RESET - 900),
                "x_user_limit_24hour_remaining": "0",
                "x_user_limit_24hour_reset": str(RESET),
            },
            "send_post/user_day",
        ),
        (
            {
                "x_user_limit_24hour_remaining": "0",
                "x_user_limit_24hour_reset": str(RESET - 1),
                "x_app_limit_24hour_remaining": "0",
                "x_app_limit_24hour_reset": str(RESET),
            },
            "send_post/app_day",
        ),
    ],
)
async def test_rate_limit_names_the_spent_window_and_when_it_opens(headers: dict[str, str], bucket: str) -> None:
    limited = await outcome_of(problem(429, "Too Many Requests", **headers))
    assert isinstance(limited, RateLimited)
    assert (limited.bucket, limited.reset_at) == (bucket, datetime.fromtimestamp(RESET, UTC))


@pytest.mark.parametrize("reset", ["", "soon", "-1", "٣", "9" * 40])
async def test_rate_limit_without_a_readable_time_waits_for_one_window(reset: str) -> None:
    limited = await outcome_of(problem(429, "Too Many Requests", x_rate_limit_reset=reset))
    assert isinstance(limited, RateLimited)
    assert timedelta(minutes=14) < limited.reset_at - datetime.now(UTC) <= timedelta(minutes=15)


async def test_delete_is_not_repeated_when_the_connection_drops() -> None:
    async with odd_server(b"") as x:
        with pytest.raises(OutcomeUnknown):
            await client_of(x).delete_post("5")
        assert x.connections == 1


async def test_deleting_what_is_gone_is_fine() -> None:
    async with odd_server(problem(404, "Not Found")) as x:
        await client_of(x).delete_post("5")
        assert x.requests[0].startswith(b"DELETE /2/tweets/5")


async def test_only_digits_go_into_a_path() -> None:
    async with odd_server(http(200, {})) as x:
        with pytest.raises(ValueError, match="digits only"):
            await client_of(x).delete_post("5/../6")
        with pytest.raises(ValueError, match="digits only"):
            await client_of(x).send_dm(OutgoingDm(text="hi", recipient_id="22/x"), write_before=soon())
        assert x.connections == 0


def test_every_reason_is_told_in_both_languages() -> None:
    assert all(reason.en and reason.fr for reason in REASONS.values())


async def test_reads_fail_with_the_same_errors() -> None:
    async with odd_server(problem(401, "Unauthorized")) as x:
        with pytest.raises(AuthLost):
            await client_of(x).me()
