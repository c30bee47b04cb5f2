"""Composition root: the demo company Maison Aldane, made by the ordinary services, on the X sandbox only."""

from collections.abc import Callable
from datetime import datetime

import msgspec

from govern.access import Access
from govern.database import transaction
from govern.demo.accounts import ACCOUNTS, add_accounts, add_brands
from govern.demo.life import let_customers_write, write_messages
from govern.demo.people import NADIA, PEOPLE, add_people, give_roles, give_tokens
from govern.demo.stage import FILE, Kept, Stage
from govern.domain.audit import DemoSeeded, ObjectRef
from govern.domain.members import system_actor
from govern.errors import N_, Conflict
from govern.services import audit
from govern.services.first_admin import has_admin
from govern.services.members import find_by_email
from govern.services.policies import Policies
from govern.settings import Settings, SettingsError
from govern.xapi.vault import Vault

DEMO = system_actor("demo")


class NotEmpty(Conflict):
    code = "demo.not_empty"
    template = N_("This company has people of its own, so it gets no demo. Start with --no-demo, or over with --fresh.")


class SignInsLost(Conflict):
    code = "demo.sign_ins_lost"
    template = N_("The demo company is here, but its sign-ins ({file}) are not. Start over with --fresh.")


class SignIn(msgspec.Struct, frozen=True, kw_only=True):
    """How a person of the demo signs in, and the names of their roles."""

    email: str
    password: str
    roles: tuple[str, ...]
    token: str

    def __repr__(self) -> str:
        return f"SignIn(email={self.email!r}, secrets='***')"


async def seed(
    settings: Settings, *, access: Access, policies: Policies, clock: Callable[[], datetime]
) -> list[SignIn]:
    """Make the demo company, or find it as people left it; a run that was cut short is taken up where it stopped.

    Raises:
        SettingsError: this is production, or X is the real one.
        NotEmpty, SignInsLost: the database has other people, or their passwords are gone.
        SandboxAway: the sandbox does not answer.
    """
    _refuse_real(settings)
    kept = await _find(settings, clock())
    if not kept.finished:
        vault = Vault.from_settings(settings)
        stage = Stage(settings=settings, access=access, policies=policies, vault=vault, clock=clock, kept=kept)
        for step in (
            add_people,
            add_brands,
            add_accounts,
            give_roles,
            give_tokens,
            let_customers_write,
            write_messages,
            _finish,
        ):
            await step(stage)
    return [_sign_in(person.email, [role for role, _ in person.roles], kept) for person in PEOPLE]


def _refuse_real(settings: Settings) -> None:
    faults = []
    if settings.production:
        faults.append("GOVERN_ENV is production: the demo company is refused there.")
    if not settings.x_base_url or not settings.sandboxed:
        faults.append("GOVERN_X_BASE_URL does not name an X sandbox, which the demo company needs.")
    if faults:
        raise SettingsError(faults)


async def _find(settings: Settings, now: datetime) -> Kept:
    """Return what an earlier run kept; of a database that is empty (again) nothing is."""
    admin = await find_by_email(NADIA.email)
    kept = Kept.load(settings.data_dir)
    if admin is None:
        if await has_admin(now=now):
            raise NotEmpty
        return Kept()
    if admin.email not in kept.people:
        raise SignInsLost(file=FILE)
    return kept


async def _finish(stage: Stage) -> None:
    async with transaction():
        await audit.record(
            DemoSeeded(members=len(PEOPLE), accounts=len(ACCOUNTS)),
            actor=DEMO,
            now=stage.clock(),
            object=ObjectRef("system", "demo"),
            scope="company",
        )
    stage.kept.finished = True
    stage.keep()


def _sign_in(email: str, roles: list[str], kept: Kept) -> SignIn:
    known = kept.people[email]
    return SignIn(email=email, password=known.password, roles=tuple(roles), token=known.token)
