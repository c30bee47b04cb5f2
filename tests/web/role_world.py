"""A company of two brands with an account each, a person per role and place, and what requests can be about.

Whatever belongs to the second brand has `quagga` in its name, so that it is recognised wherever it is shown.
"""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import uuid4

import msgspec
from litestar import Litestar

from govern.database import rows, transaction
from govern.domain.actions import Action, Target
from govern.domain.ids import uuid7
from govern.domain.media import Attachment
from govern.domain.members import Actor
from govern.domain.messages import Kind
from govern.services.policies import Policies
from govern.services.sessions import find_session, hash_token, open_session
from govern.settings import Settings
from govern.tables import Account as AccountTable
from govern.tables import ApiToken, AuditEntry, AuditExport, Member, Passkey, Pause, SavedView
from govern.web.auth import cookie_name, csrf_token
from tests.factories import make_account, make_grant, make_image, make_member, make_message
from tests.hand import by_hand
from tests.pictures import png
from tests.the_log import Log
from tests.web.conftest import program
from tests.web.role_contacts import NOBODY, make_closed, make_contact
from tests.web.role_outcomes import late, lose
from tests.web.role_people import HELD, INSIDE, NOWHERE, OUTSIDE, Listening, Person

Thing = dict[str, Any]
"""What a request is about: the values of its path, and what its body needs."""


class World:
    """Everybody, and what is there; what a request used up is made anew."""

    def __init__(self, app: Litestar, access: Listening, policies: Policies, settings: Settings, log: Log) -> None:
        self.app, self.access, self.policies, self.settings, self.log = app, access, policies, settings, log
        self.people: list[Person] = []
        self._numbers = count(1)
        self._things: dict[tuple[str, str, str], Thing] = {}

    async def build(self) -> None:
        for place in (INSIDE, OUTSIDE):
            await make_account(place, brand=f"{place.lower()}s")
        self.writer = await make_member("writer", ("author", "company"))
        for name, held in HELD.items():
            self.people.append(await self._sign_in(await make_member(name.replace("_", "-"), *held), name, held))

    async def _sign_in(self, actor: Actor, name: str, held: tuple[tuple[str, str], ...]) -> Person:
        assert actor.member is not None
        now = datetime.now(UTC)
        async with transaction():
            token = await open_session(
                actor.member, actor.name, factors=("password", "totp"), user_agent="test", now=now
            )
        session = await find_session(token, now=now)
        assert session is not None
        client = program(self.app, cookies={cookie_name(self.settings): token})
        csrf = csrf_token(session.id, self.settings)
        return Person(name=name, actor=actor, held=held, client=client, csrf=csrf)

    async def close(self) -> None:
        for person in self.people:
            await person.client.aclose()
        await self.app.state.waker.close()

    async def thing(self, kind: str, place: str, person: Person) -> Thing:
        """Return something of this kind at a place; at `NOWHERE` there is none."""
        number = next(self._numbers)
        always = {
            "place": place,
            "fresh": f"New{number}",
            "handle": place,
            "scope": f"account:{place}",
            "slug": f"{place.lower()}s",
            "brand_scope": f"brand:{place.lower()}s",
            "me": f"{person.name.replace('_', '-')}@example.com",
            "soon": datetime.now(UTC) + timedelta(hours=2),
        }
        key = self._key(kind, place, person)
        if place == NOWHERE and key[1]:
            return {**always, **nothing(kind)}
        if key not in self._things:
            self._things[key] = await _MAKERS[kind](self, place, person)
        return {**always, **self._things[key]}

    def use_up(self, kind: str, place: str, person: Person) -> None:
        self._things.pop(self._key(kind, place, person), None)

    @staticmethod
    def _key(kind: str, place: str, person: Person) -> tuple[str, str, str]:
        """Tell things apart by place, one's own also by person; a colleague is the same one everywhere."""
        return (kind, "" if kind == "colleague" else place, person.name if kind in _PERSONAL else "")

    async def _message(self, place: str, author: Actor, *images: Attachment) -> Thing:
        made = await make_message(
            author,
            access=self.access,
            policies=self.policies,
            account=place,
            kind=Kind.POST,
            text=f"The {place} opens at ten on day {next(self._numbers)}.",
            images=images,
            now=datetime.now(UTC),
        )
        called = f"M-{made.number}"
        return {"which": called, "number": called, "revision": 1, "own": author is not self.writer}

    async def message(self, place: str, _person: Person) -> Thing:
        return await self._message(place, self.writer)

    async def image(self, place: str, _person: Person) -> Thing:
        """In a message of the writer's."""
        colour = (next(self._numbers) % 0xFFFFFF).to_bytes(3)
        made = await make_image(self.writer, png(colour=colour), access=self.access, now=datetime.now(UTC))
        await self._message(place, self.writer, made)
        return {"media_id": made.id}

    async def own_message(self, place: str, person: Person) -> Thing:
        """Written by the person, where they may write."""
        writes = await self.access.allows(person.actor, Action.MESSAGE_WRITE_POST, Target(f"account:{place}"))
        return await self._message(place, person.actor if writes else self.writer)

    async def unknown(self, place: str, person: Person) -> Thing:
        made = await self.message(place, person)
        await lose(int(made["number"].removeprefix("M-")))
        return made

    async def late(self, place: str, person: Person) -> Thing:
        made = await self.message(place, person)
        return {**made, "attempt": await lose(int(made["number"].removeprefix("M-")), **late())}

    async def account(self, place: str, _person: Person) -> Thing:
        row = rows(await AccountTable.select(AccountTable.version).where(AccountTable.handle == place))[0]
        return {"version": row["version"]}

    async def company(self, _place: str, _person: Person) -> Thing:
        return {}

    async def member(self, place: str, _person: Person) -> Thing:
        name = f"colleague-{next(self._numbers)}"
        actor = await make_member(name)
        return {"email": f"{name}@example.com", "member": actor.member}

    async def colleague(self, place: str, person: Person) -> Thing:
        """Somebody who exists wherever is asked."""
        return await self.member(place, person)

    async def suspended(self, place: str, person: Person) -> Thing:
        made = await self.member(place, person)
        await by_hand(Member.update({Member.state: "suspended"}).where(Member.id == made["member"]))
        return made

    async def invited(self, place: str, person: Person) -> Thing:
        made = await self.member(place, person)
        await by_hand(Member.update({Member.password_hash: None}).where(Member.id == made["member"]))
        return made

    async def grant(self, place: str, person: Person) -> Thing:
        made = await self.member(place, person)
        grant = await make_grant(made["member"], "viewer", f"account:{place}")
        return {**made, "grant": grant, "grant_id": grant}

    async def pause(self, place: str, _person: Person) -> Thing:
        pause = uuid7(datetime.now(UTC))
        await by_hand(
            Pause.insert(
                Pause(
                    id=pause,
                    scope=f"account:{place}",
                    kinds=["quote"],
                    reason=f"{place} must wait",
                    set_by=self.writer.member,
                    set_at=datetime.now(UTC),
                )
            )
        )
        return {"pause": pause, "pause_id": pause}

    async def entry(self, place: str, _person: Person) -> Thing:
        """The newest entry about the account, of what its writer did."""
        await self._message(place, self.writer)
        found = rows(await AuditEntry.select(AuditEntry.arrival, AuditEntry.entry).order_by(AuditEntry.arrival))
        entries = [(row["arrival"], msgspec.json.decode(row["entry"])) for row in found]
        arrival, entry = [each for each in entries if each[1].get("scope") == f"account:{place}"][-1]
        return {"which": arrival, "arrival": arrival, "entry": entry["id"]}

    async def proven(self, place: str, person: Person) -> Thing:
        """An entry that a checkpoint covers."""
        found = await self.entry(place, person)
        await self.log.grow()
        return found

    async def tile(self, _place: str, _person: Person) -> Thing:
        await self.log.grow()
        return {"tile_path": "0/000.p/1"}

    async def export(self, _place: str, person: Person) -> Thing:
        """A file of the log that the person asked for when they might."""
        export, now = uuid7(datetime.now(UTC)), datetime.now(UTC)
        await AuditExport.insert(
            AuditExport(
                id=export,
                requested_by=person.actor.member,
                filter="{}",
                format="csv",
                reason="for a test",
                state="done",
                sha256=bytes(32),
                created_at=now,
                finished_at=now,
            )
        )
        return {"export_id": export, "export": export}

    async def token(self, _place: str, person: Person) -> Thing:
        return await self._token_of(person.actor)

    async def others_token(self, _place: str, _person: Person) -> Thing:
        return await self._token_of(self.writer)

    async def others_session(self, _place: str, _person: Person) -> Thing:
        assert self.writer.member is not None
        async with transaction():
            token = await open_session(
                self.writer.member, "Writer", factors=("password",), user_agent="test", now=datetime.now(UTC)
            )
        session = await find_session(token, now=datetime.now(UTC))
        assert session is not None
        return {"session_id": session.id}

    async def others_passkey(self, _place: str, _person: Person) -> Thing:
        passkey = uuid4()
        await Passkey.insert(
            Passkey(
                id=passkey,
                member=self.writer.member,
                credential_id=passkey.bytes,
                public_key=b"key",
                name="test",
                created_at=datetime.now(UTC),
            )
        )
        return {"passkey": passkey}

    async def others_view(self, _place: str, _person: Person) -> Thing:
        view = uuid4()
        await SavedView.insert(SavedView(id=view, member=self.writer.member, page="audit", name=str(view), query="q"))
        return {"view": view}

    async def _token_of(self, actor: Actor) -> Thing:
        token, now = uuid7(datetime.now(UTC)), datetime.now(UTC)
        await by_hand(
            ApiToken.insert(
                ApiToken(
                    id=token,
                    token_hash=hash_token(str(token)),
                    member=actor.member,
                    name="test",
                    created_at=now,
                    expires_at=now + timedelta(days=1),
                )
            )
        )
        return {"token": token, "token_id": token}


_LIFE = frozenset({"build", "close", "thing", "use_up"})
_PERSONAL = frozenset({"export", "own_message", "token"})
_MAKERS: dict[str, Callable[[World, str, Person], Awaitable[Thing]]] = {
    name: maker for name, maker in vars(World).items() if not name.startswith("_") and name not in _LIFE
}
_MAKERS |= {"contact": make_contact, "closed": make_closed}


def nothing(kind: str) -> Thing:
    """Return ids that nothing has."""
    some = uuid4()
    people = ("attempt", "grant", "grant_id", "passkey", "pause", "pause_id", "session_id", "token", "token_id")
    log = ("contact", "contact_id", "conversation", "entry", "export", "export_id", "media_id", "view")
    return {
        **dict.fromkeys((*people, *log), some),
        "which": 987654321 if kind in {"entry", "proven"} else "M-987654",
        "number": "M-987654",
        **NOBODY,
        "tile_path": "0/000.p/1",
        "arrival": 987654321,
        "email": "nobody-at-all@example.com",
        "revision": 1,
        "version": 1,
        "own": False,
    }
