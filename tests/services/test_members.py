"""The people of the company."""

import pytest

from govern.domain.drafts import UnknownZone
from govern.domain.members import EmailTaken, Member, WeakPassword
from govern.errors import GovernError, Invalid
from govern.services.members import (
    BadEmail,
    UnknownMember,
    change_settings,
    create_member,
    find_by_email,
    find_by_id,
    get_member,
    list_members,
)
from govern.tables import Member as MemberTable
from tests.asserts import assert_audited, assert_denied, assert_one_winner, assert_refused, race
from tests.factories import NOW
from tests.services.conftest import Office

GOOD = "a long walk home"


async def create(office: Office, **changes: object) -> Member:
    values: dict[str, object] = {
        "email": " Zoe@Example.com ",
        "name": "Zoé",
        "password": GOOD,
        "actor": office.people.ada,
        "access": office.access,
        "now": NOW,
    }
    return await create_member(**(values | changes))  # type: ignore[arg-type]  # each value has its type above


async def test_new_member_has_no_rights_and_is_recorded(office: Office) -> None:
    member = await create(office)
    assert (member.email, member.name, member.roles) == ("zoe@example.com", "Zoé", ())
    entry = await assert_audited("member.created", actor=office.people.ada.id)
    assert sorted(entry["commit"]) == ["email", "name"]
    assert await find_by_email("ZOE@example.com ") == member
    assert await find_by_id(member.id) == member


async def test_name_address_and_password_never_stand_in_the_log(office: Office) -> None:
    await create(office)
    told = await office.owner.fetchval("SELECT string_agg(entry, '') FROM audit.entry")
    assert "zoe@example.com" not in told
    assert "Zoé" not in told
    assert GOOD not in told


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"email": "leo@example.com"}, EmailTaken),
        ({"email": "LEO@EXAMPLE.COM"}, EmailTaken),
        ({"email": "nobody"}, BadEmail),
        ({"email": "a@b"}, BadEmail),
        ({"email": "a b@example.com"}, BadEmail),
        ({"email": "a@b@example.com"}, BadEmail),
        ({"email": "a@example."}, BadEmail),
        ({"email": "a\0@example.com"}, BadEmail),
        ({"email": "x" * 250 + "@example.com"}, BadEmail),
        ({"name": " "}, Invalid),
        ({"name": "x" * 81}, Invalid),
        ({"zone": "Mars/Olympus"}, UnknownZone),
        ({"password": "short"}, WeakPassword),
        ({"password": "x" * 129}, WeakPassword),
        ({"password": "motdepasse123"}, WeakPassword),
        ({"password": "abababababab"}, WeakPassword),
    ],
)
async def test_bad_member_is_refused(office: Office, change: dict[str, object], kind: type[GovernError]) -> None:
    async with assert_refused(kind, office.owner):
        await create(office, **change)


async def test_only_who_invites_people_adds_them(office: Office) -> None:
    for actor in (office.people.mia, office.people.cleo, office.people.leo):
        async with assert_denied(office.owner, actor, "member.invite"):
            await create(office, actor=actor)


async def test_address_added_twice_at_once_is_added_once(office: Office) -> None:
    assert_one_winner(await race(create(office), create(office)))


async def test_people_are_listed_for_who_may_see_who_may_what(office: Office) -> None:
    found = await list_members(actor=office.people.mia, access=office.access, now=NOW)
    assert {member.name: member.roles for member in found}["Bo"] == ("author", "brand_manager")
    async with assert_denied(office.owner, office.people.leo, "access.read"):
        await list_members(actor=office.people.leo, access=office.access, now=NOW)


async def test_others_are_hidden_whether_they_exist_or_not(office: Office) -> None:
    leo = office.people.leo
    assert (await get_member("leo@example.com", actor=leo, access=office.access, now=NOW)).name == "Leo"
    for email in ("ana@example.com", "nobody@example.com"):
        with pytest.raises(UnknownMember) as hidden:
            await get_member(email, actor=leo, access=office.access, now=NOW)
        assert hidden.value.data == {"name": email}
    await assert_audited("access.denied", outcome="denied", actor=leo.id, action="access.read")
    async with assert_refused(UnknownMember, office.owner):
        await get_member("nobody@example.com", actor=office.people.ada, access=office.access, now=NOW)


async def test_settings_are_ones_own(office: Office) -> None:
    await change_settings(language="fr", zone="Asia/Tokyo", theme="dark", single_keys=False, actor=office.people.leo)
    rows = await MemberTable.select(MemberTable.email, MemberTable.language).order_by(MemberTable.email)
    assert [row["email"] for row in rows if row["language"] == "fr"] == ["leo@example.com"]


@pytest.mark.parametrize(
    ("change", "kind"), [({"language": "de"}, Invalid), ({"theme": "pink"}, Invalid), ({"zone": "x"}, UnknownZone)]
)
async def test_bad_settings_are_refused(office: Office, change: dict[str, str], kind: type[Invalid]) -> None:
    values: dict[str, object] = {"language": "en", "zone": "UTC", "theme": "light", "single_keys": True}
    async with assert_refused(kind, office.owner):
        await change_settings(**(values | change), actor=office.people.leo)  # type: ignore[arg-type]  # wrong on purpose
