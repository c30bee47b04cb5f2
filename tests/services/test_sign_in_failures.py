"""Failed sign-ins: growing delays by what was typed and whence, the same for addresses nobody has."""

from datetime import datetime

import pytest

from govern.domain.members import Actor, SignInDelayed, SignInFailed
from govern.domain.sign_in import FORGOTTEN_AFTER, FREE_TRIES, FREE_TRIES_OF_NETWORK, delay_after
from govern.services.sessions import SignedIn
from govern.services.sign_in_failures import take_try
from govern.tables import Session, SignInFailure
from tests.asserts import actions, assert_audited, assert_refused, race
from tests.factories import NOW
from tests.services.conftest import Office
from tests.services.signing_in import ADDRESS, EMAIL, SECOND, enter, fail, failures, try_to_enter

NOBODY = "nobody@example.com"


@pytest.mark.parametrize(
    ("count", "seconds"), [(0, 0), (4, 0), (5, 2), (6, 4), (7, 8), (13, 512), (14, 900), (15, 900), (10**6, 900)]
)
def test_delays_double_up_to_a_quarter_of_an_hour(count: int, seconds: int) -> None:
    assert delay_after(count) == seconds
    assert delay_after(count + FREE_TRIES_OF_NETWORK - FREE_TRIES, free=FREE_TRIES_OF_NETWORK) == seconds


async def test_after_five_failures_the_right_password_waits_too(zoe: Actor) -> None:
    await fail(5)
    await assert_audited("session.locked", outcome="denied", failures=5, seconds=2)
    with pytest.raises(SignInDelayed) as delayed:
        await enter(now=NOW + SECOND)
    assert delayed.value.data == {"seconds": 1}
    assert (await enter(now=NOW + 2 * SECOND)).session.member.id == zoe.member


async def test_success_forgets_the_failures_of_the_address(zoe: Actor) -> None:
    await fail(4)
    await enter()
    await fail(4)
    await enter()


async def test_try_during_a_delay_does_not_count(zoe: Actor, office: Office) -> None:
    await fail(5)
    before = len(await actions())
    async with assert_refused(SignInDelayed, office.owner):
        await try_to_enter("wrong", now=NOW + SECOND)
    assert len(await actions()) == before


async def test_addresses_nobody_has_are_delayed_alike_and_not_kept(zoe: Actor, office: Office) -> None:
    answers = []
    for email in (EMAIL, NOBODY):
        for _ in range(7):
            with pytest.raises(SignInFailed) as refused:
                await try_to_enter("wrong", email=email)
            answers.append((type(refused.value), refused.value.data))
    assert answers[:7] == answers[7:]
    entry = await assert_audited("session.locked", outcome="denied", failures=5, seconds=2)
    assert (entry["object"], entry["refs"]) == ({"kind": "scope", "id": "company"}, [])
    kept = await office.owner.fetchval("SELECT string_agg(t::text, '') FROM sign_in_failure t")
    log = await office.owner.fetchval("SELECT string_agg(entry, '') FROM audit.entry")
    assert "nobody" not in kept + log
    assert ADDRESS not in kept + log


async def test_capitals_and_spaces_are_no_new_address(zoe: Actor) -> None:
    for email in ("zoe@example.com", "ZOE@example.com", " zoe@example.com", "Zoe@Example.com ", "zoe\0@example.com"):
        with pytest.raises(SignInFailed):
            await try_to_enter("wrong", email=email)
    with pytest.raises(SignInDelayed):
        await enter()


async def test_failures_are_forgotten_a_day_after_the_last(zoe: Actor) -> None:
    await fail(4)
    await fail(1, now=NOW + FORGOTTEN_AFTER)
    assert await failures() == [1, 1]
    await take_try(NOBODY, None, now=NOW)
    assert await SignInFailure.count() == 3
    await enter(now=NOW + 3 * FORGOTTEN_AFTER)
    assert await failures() == [0]


async def test_network_has_fifty_tries_whatever_is_typed(zoe: Actor) -> None:
    for number in range(FREE_TRIES_OF_NETWORK):
        await take_try(f"person{number}@example.com", ADDRESS, now=NOW)
    with pytest.raises(SignInDelayed) as delayed:
        await enter()
    assert delayed.value.data == {"seconds": 2}
    assert isinstance(await try_to_enter(address="198.51.100.1"), SignedIn)


async def test_one_good_account_does_not_forgive_a_network(zoe: Actor) -> None:
    await take_try(NOBODY, ADDRESS, now=NOW)
    await enter()
    assert await failures() == [1, 1]
    await enter()
    assert await failures() == [1, 1]


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("fe80::1%eth0", "fe80::2", True),
        ("::ffff:203.0.113.7", "203.0.113.7", True),
        ("203.0.113.7", "203.0.113.8", False),
        ("", "", True),
        ("testclient", "testclient", True),
    ],
)
async def test_network_is_what_one_subscriber_has(zoe: Actor, first: str, second: str, same: bool) -> None:
    one = await take_try("a@example.com", first, now=NOW)
    other = await take_try("b@example.com", second, now=NOW)
    assert one.network is not None
    assert other.network is not None
    assert (one.network.key == other.network.key) is same


async def test_many_guesses_at_once_get_no_further_than_one_by_one(zoe: Actor) -> None:
    results = await race(*(try_to_enter("wrong") for _ in range(20)))
    assert all(isinstance(result, SignInFailed) for result in results), results
    assert sum(isinstance(result, SignInDelayed) for result in results) == 20 - FREE_TRIES
    assert (await failures())[0] == FREE_TRIES


async def test_right_guess_among_many_wrong_ones_at_once_is_not_verified_beyond_the_limit(zoe: Actor) -> None:
    await fail(5)
    await fail(1, now=NOW + 2 * SECOND)
    results = await race(*(enter(now=NOW + 3 * SECOND) for _ in range(5)))
    assert all(isinstance(result, SignInDelayed) for result in results), results
    assert await Session.count() == 0


async def test_ten_thousand_wrong_passwords_get_as_far_as_the_delays_allow(zoe: Actor) -> None:
    """One each second for almost three hours: 5 free ones, then one after 2, 4, … 512, 900, 900, … seconds."""
    allowed, at = [], 0
    while at < 10_000:
        allowed.append(at)
        at += max(1, delay_after(len(allowed)))

    async def guess(seconds: range) -> list[int]:
        return [second for second in seconds if await verified(NOW + second * SECOND)]

    let_through: list[int] = []
    for start, end in zip(allowed, [*allowed[1:], 10_000], strict=True):
        let_through += await guess(range(start, start + 1))
        for found in await race(*(guess(range(start + part, end, 8)) for part in range(1, 9))):
            assert isinstance(found, list), found
            let_through += found
    assert let_through == allowed
    assert len(allowed) == 23
    recorded = await actions()
    assert recorded.count("session.sign_in_failed") + recorded.count("session.locked") == len(allowed)


async def verified(now: datetime) -> bool:
    """Tell whether a wrong password was looked at, rather than told to wait."""
    with pytest.raises(SignInFailed) as refused:
        await try_to_enter("wrong", now=now)
    return not isinstance(refused.value, SignInDelayed)
