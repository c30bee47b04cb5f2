"""The people of Maison Aldane, and what each may do."""

import msgspec

from govern.demo.stage import Secrets, Stage, acting_as, make_password
from govern.domain.members import system_actor
from govern.services.first_admin import create_first_admin
from govern.services.grants import assign_role, list_grants
from govern.services.members import create_member, find_by_email
from govern.services.tokens import MAX_DAYS, issue_token

BOOTSTRAP = system_actor("bootstrap")


class Person(msgspec.Struct, frozen=True):
    """A person of the demo, with roles as `(role, scope)`."""

    name: str
    email: str
    roles: tuple[tuple[str, str], ...]


NADIA = Person("Nadia Ferrand", "nadia.ferrand@aldane.example", (("admin", "company"),))
SARAH = Person("Sarah Nguyen", "sarah.nguyen@aldane.example", (("compliance", "company"),))
CLAIRE = Person("Claire Renaud", "claire.renaud@aldane.example", (("brand_manager", "company"),))
TOM = Person("Tom Le Bris", "tom.lebris@aldane.example", (("author", "brand:maison"),))
INES = Person(
    "Inès Kaplan", "ines.kaplan@aldane.example", (("author", "brand:bijoux"), ("brand_manager", "brand:bijoux"))
)
HUGO = Person("Hugo Marchetti", "hugo.marchetti@aldane.example", (("agent", "account:AldaneCare"),))
LEA = Person("Léa Fontaine", "lea.fontaine@aldane.example", (("viewer", "company"),))
PEOPLE = (NADIA, CLAIRE, HUGO, TOM, INES, SARAH, LEA)
"""Nadia first: she appoints the others. Inès has two roles, and still cannot approve what she wrote."""


async def add_people(stage: Stage) -> None:
    """Add who is missing: the admin on the command line's word, everybody else by the admin."""
    for person in PEOPLE:
        if person.email not in stage.kept.people:
            stage.kept.people[person.email] = Secrets(password=make_password())
            stage.keep()  # before the member, so that no sign-in is ever lost
        if await find_by_email(person.email) is None:
            await _add(person, stage)


async def _add(person: Person, stage: Stage) -> None:
    password = stage.kept.people[person.email].password
    if person is NADIA:
        await create_first_admin(
            email=person.email, name=person.name, password=password, actor=BOOTSTRAP, now=stage.clock()
        )
        return
    await create_member(
        email=person.email,
        name=person.name,
        password=password,
        actor=await acting_as(NADIA.email),
        access=stage.access,
        now=stage.clock(),
    )


async def give_roles(stage: Stage) -> None:
    """Let the admin give each person the roles still missing."""
    admin = await acting_as(NADIA.email)
    for person in PEOPLE:
        held = await list_grants(email=person.email, actor=admin, access=stage.access, now=stage.clock())
        have = {(grant.role, grant.scope) for grant in held}
        for role, scope in person.roles:
            if (role, scope) not in have:
                await assign_role(
                    email=person.email,
                    role=role,
                    scope=scope,
                    reason="demo company",
                    actor=admin,
                    access=stage.access,
                    now=stage.clock(),
                )


async def give_tokens(stage: Stage) -> None:
    """Let each person make an API token of their own."""
    for person in PEOPLE:
        if not stage.kept.people[person.email].token:
            issued = await issue_token(
                email=person.email,
                name="demo",
                days=MAX_DAYS,
                actor=await acting_as(person.email),
                access=stage.access,
                now=stage.clock(),
            )
            stage.kept.people[person.email].token = issued.text
            stage.keep()
