"""One-time links: how a person joins, and how one who lost the way in gets a new one."""

from datetime import timedelta
from typing import Any

import pytest

from govern.database import transaction
from govern.domain.drafts import UnknownZone
from govern.domain.ids import uuid7
from govern.domain.members import Actor, EmailTaken, MemberState, WeakPassword
from govern.domain.sign_in import ChallengeKind, LinkKind
from govern.errors import GovernError, Invalid
from govern.services.grant_writing import BadReason
from govern.services.member_life import NotActive, remove_member, suspend_member
from govern.services.member_links import (
    Invitation,
    LinkEnded,
    accept_link,
    find_link,
    invite_member,
    link_address,
    reset_sign_in,
)
from govern.services.members import BadEmail, UnknownMember, find_by_email
from govern.services.sessions import find_session, open_session
from govern.services.tokens import find_token, issue_token
from govern.tables import Challenge, Member, MemberLink, Passkey, RecoveryCode, Totp
from tests.asserts import actions, assert_audited, assert_denied, assert_refused, race
from tests.factories import NOW
from tests.services.conftest import LATER, Office

GOOD = "a long walk home"
SOON_AFTER = LATER + timedelta(minutes=1)


async def invite(office: Office, **changes: object) -> Invitation:
    values: dict[str, object] = {
        "email": "Zoe@example.com",
        "name": "Zoé",
        "actor": office.people.ada,
        "access": office.access,
        "now": NOW,
    }
    return await invite_member(**(values | changes))  # type: ignore[arg-type]  # each value has its type above


async def reset(office: Office, who: str = "leo", **changes: object) -> Invitation:
    values: dict[str, object] = {
        "email": f"{who}@example.com",
        "reason": "Lost the phone",
        "actor": office.people.ada,
        "access": office.access,
        "now": LATER,
    }
    return await reset_sign_in(**(values | changes))  # type: ignore[arg-type]  # each value has its type above


async def sign_in(who: Actor) -> str:
    assert who.member is not None
    async with transaction():
        return await open_session(who.member, who.name, factors=("password",), user_agent="", now=NOW)


async def give_factors(who: Actor) -> None:
    """Give a member an authenticator app, a recovery code, a passkey and a half-done sign-in."""
    about: dict[str, Any] = {"id": uuid7(NOW), "member": who.member, "created_at": NOW}
    await Totp.insert(Totp(**about, sealed=b"sealed", confirmed_at=NOW))
    await RecoveryCode.insert(RecoveryCode(**about, code_hash=b"hash"))
    await Passkey.insert(Passkey(**about, credential_id=b"id", public_key=b"key", name="Laptop"))
    await Challenge.insert(
        Challenge(**about, kind=ChallengeKind.SECOND_FACTOR.value, token_hash=b"t", expires_at=LATER)
    )


async def factors_left(who: Actor) -> int:
    left: int = 0
    for table in (Totp, RecoveryCode, Challenge):
        left += await table.count().where(table.member == who.member)
    left += await Passkey.count().where((Passkey.member == who.member) & Passkey.removed_at.is_null())
    return left


async def test_invited_person_joins_by_their_link_once(office: Office) -> None:
    made = await invite(office)
    assert (made.member.email, made.member.waiting, made.expires_at) == (
        "zoe@example.com",
        True,
        NOW + timedelta(hours=72),
    )
    await assert_audited("member.created", actor=office.people.ada.id)
    await assert_audited("member.invited", actor=office.people.ada.id, expires_at="2026-11-25T13:00:00Z")
    link = await find_link(made.link_token, now=LATER)
    assert link is not None
    assert (link.kind, link.name, link.email) == (LinkKind.INVITE, "Zoé", "zoe@example.com")
    joined = await accept_link(made.link_token, password=GOOD, now=LATER)
    assert (joined.id, joined.waiting) == (made.member.id, False)
    await assert_audited("member.joined", actor=f"member:{joined.id}")
    assert await find_link(made.link_token, now=LATER) is None
    async with assert_refused(LinkEnded, office.owner):
        await accept_link(made.link_token, password="another long walk", now=LATER)


async def test_link_stands_nowhere_but_in_the_answer(office: Office) -> None:
    made = await invite(office)
    assert made.link_token not in repr(made)
    assert made.link_token not in await office.owner.fetchval("SELECT string_agg(l::text, '') FROM member_link l")
    assert made.link_token not in await office.owner.fetchval("SELECT string_agg(entry, '') FROM audit.entry")
    assert link_address("abc", "https://x.example/") == "https://x.example/admin/welcome/abc"


async def test_invited_person_has_no_password_that_fits(office: Office) -> None:
    await invite(office)
    kept = await office.owner.fetchval("SELECT password_hash FROM member WHERE email = 'zoe@example.com'")
    assert kept is None


async def test_second_invitation_replaces_the_first(office: Office) -> None:
    first = await invite(office)
    second = await invite(office, now=LATER)
    assert second.member.id == first.member.id
    assert await find_link(first.link_token, now=LATER) is None
    assert await find_link(second.link_token, now=LATER) is not None
    assert await Member.count().where(Member.email == "zoe@example.com") == 1


async def test_who_has_joined_is_not_invited_again(office: Office) -> None:
    async with assert_refused(EmailTaken, office.owner):
        await invite(office, email="LEO@example.com")
    await reset(office)
    async with assert_refused(EmailTaken, office.owner):
        await invite(office, email="leo@example.com")


@pytest.mark.parametrize(
    ("change", "kind"),
    [({"email": "nobody"}, BadEmail), ({"name": " "}, Invalid), ({"zone": "Mars/Olympus"}, UnknownZone)],
)
async def test_bad_invitation_is_refused(office: Office, change: dict[str, object], kind: type[GovernError]) -> None:
    async with assert_refused(kind, office.owner):
        await invite(office, **change)


async def test_only_who_invites_people_makes_invitations(office: Office) -> None:
    for actor in (office.people.mia, office.people.cleo, office.people.leo):
        async with assert_denied(office.owner, actor, "member.invite"):
            await invite(office, actor=actor)


async def test_same_person_invited_twice_at_once_is_added_once(office: Office) -> None:
    results = await race(invite(office), invite(office))
    made = [each for each in results if isinstance(each, Invitation)]
    assert await Member.count().where(Member.email == "zoe@example.com") == 1
    works = [each for each in made if await find_link(each.link_token, now=LATER)]
    assert len(works) == 1, results


async def test_link_ends_after_72_hours(office: Office) -> None:
    made = await invite(office)
    assert await find_link(made.link_token, now=made.expires_at - timedelta(seconds=1)) is not None
    assert await find_link(made.link_token, now=made.expires_at) is None
    async with assert_refused(LinkEnded, office.owner):
        await accept_link(made.link_token, password=GOOD, now=made.expires_at)


@pytest.mark.parametrize("token", ["", "x" * 43, "é", "\0", "x" * 10_000])
async def test_forged_link_is_answered_like_an_ended_one(office: Office, token: str) -> None:
    await invite(office)
    assert await find_link(token, now=LATER) is None
    async with assert_refused(LinkEnded, office.owner):
        await accept_link(token, password=GOOD, now=LATER)


async def test_weak_password_leaves_the_link_usable(office: Office) -> None:
    made = await invite(office)
    async with assert_refused(WeakPassword, office.owner):
        await accept_link(made.link_token, password="short", now=LATER)
    assert (await accept_link(made.link_token, password=GOOD, now=LATER)).waiting is False


async def test_link_used_twice_at_once_counts_once(office: Office) -> None:
    made = await invite(office)
    results = await race(*(accept_link(made.link_token, password=f"a long walk {n} home", now=LATER) for n in range(2)))
    assert sorted(type(each).__name__ for each in results) == ["LinkEnded", "Member"]
    assert (await actions()).count("member.joined") == 1


async def test_link_of_a_suspended_or_removed_person_does_not_work(office: Office) -> None:
    made = await invite(office)
    who = {"email": "zoe@example.com", "reason": "A mistake", "actor": office.people.ada, "access": office.access}
    await suspend_member(**who, now=LATER)  # type: ignore[arg-type]  # each value has its type above
    async with assert_refused(LinkEnded, office.owner):
        await accept_link(made.link_token, password=GOOD, now=LATER)
    await remove_member(**who, now=LATER)  # type: ignore[arg-type]  # each value has its type above
    async with assert_refused(LinkEnded, office.owner):
        await accept_link(made.link_token, password=GOOD, now=LATER)


async def test_reset_ends_every_way_in(office: Office) -> None:
    leo = office.people.leo
    cookie = await sign_in(leo)
    token = await issue_token(email="leo@example.com", name="CI", actor=leo, access=office.access, now=NOW)
    await give_factors(leo)
    made = await reset(office)
    assert await find_session(cookie, now=LATER) is None
    assert await find_token(token.text, now=LATER) is None
    assert await factors_left(leo) == 0
    member = await find_by_email("leo@example.com")
    assert member is not None
    assert (member.waiting, member.state, member.roles) == (True, MemberState.ACTIVE, ("agent",))
    await assert_audited("member.sign_in_reset", actor=office.people.ada.id, sessions=1, tokens=1)
    await assert_audited("token.revoked", actor=office.people.ada.id, member=str(leo.member))
    link = await find_link(made.link_token, now=LATER)
    assert link is not None
    assert link.kind is LinkKind.RESET


async def test_reset_ends_with_a_new_password_and_no_session_from_before(office: Office) -> None:
    leo = office.people.leo
    made = await reset(office)
    begun_before = await sign_in(leo)
    member = await accept_link(made.link_token, password=GOOD, now=SOON_AFTER)
    assert (member.email, member.waiting) == ("leo@example.com", False)
    assert await find_session(begun_before, now=SOON_AFTER) is None
    await assert_audited("member.password_set", actor=leo.id)


async def test_second_reset_replaces_the_first(office: Office) -> None:
    first, second = await reset(office), await reset(office)
    assert await find_link(first.link_token, now=LATER) is None
    assert await find_link(second.link_token, now=LATER) is not None
    open_links = MemberLink.used_at.is_null() & MemberLink.revoked_at.is_null()
    assert await MemberLink.count().where(open_links) == 1


async def test_only_admins_reset_and_only_after_a_fresh_sign_in(office: Office) -> None:
    for actor in (office.people.mia, office.people.cleo, office.people.leo):
        async with assert_denied(office.owner, actor, "member.reset_sign_in"):
            await reset(office, "ana", actor=actor)
    stale = Actor(**{name: getattr(office.people.ada, name) for name in ("kind", "id", "name", "via", "member")})
    async with assert_denied(office.owner, stale, "member.reset_sign_in", rule="fresh.member.reset_sign_in"):
        await reset(office, actor=stale)


async def test_bad_reset_is_refused(office: Office) -> None:
    async with assert_refused(UnknownMember, office.owner):
        await reset(office, "nobody")
    async with assert_refused(BadReason, office.owner):
        await reset(office, reason=" x ")
    await suspend_member(
        email="leo@example.com", reason="On leave", actor=office.people.ada, access=office.access, now=NOW
    )
    async with assert_refused(NotActive, office.owner):
        await reset(office)


async def test_two_resets_at_once_leave_one_link(office: Office) -> None:
    results = await race(reset(office), reset(office))
    works = [each for each in results if isinstance(each, Invitation) and await find_link(each.link_token, now=LATER)]
    assert len(works) == 1
    assert not any(isinstance(each, BaseException) for each in results), results
