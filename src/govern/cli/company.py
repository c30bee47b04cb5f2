"""What commands need that read or change data: the database, the rules, and who acts."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import msgspec
import rich_click as click

from govern import database, log, settings
from govern.access import Access, load_bundle
from govern.domain.members import Actor, Via, member_actor
from govern.errors import N_, Invalid, Unavailable
from govern.services.grant_source import PostgresGrants
from govern.services.members import UnknownMember, find_by_email
from govern.services.policies import Policies, load_policies
from govern.settings import Settings, SettingsError

T = TypeVar("T")
NO_DATABASE = (
    "GOVERN_DATABASE_URL is not set, and no `govern up` runs with this data folder. "
    "Start it, run the command in its folder, or set the address."
)
acting = click.option(
    "--member", "--as", "email", envvar="GOVERN_MEMBER", metavar="EMAIL", help="The member who does it."
)


class DatabaseAway(Unavailable):
    code = "database.away"
    template = N_("The database does not answer ({reason}). Nothing was changed.")


class NobodyActs(Invalid):
    code = "member.nobody_acts"
    template = N_("Say who does it: {option} EMAIL, or GOVERN_MEMBER in the environment.")


@dataclass(frozen=True, kw_only=True)
class Company:
    """The data and the rules of one company, while a command runs."""

    settings: Settings
    access: Access
    policies: Policies

    async def actor(self, email: str | None, *, option: str = "--as") -> Actor:
        """Return the member a command acts for. Who runs commands here could do as much in the database itself.

        Raises:
            NobodyActs: no member was named.
            UnknownMember: nobody has that address.
        """
        if not email:
            raise NobodyActs(option=option)
        member = await find_by_email(email)
        if member is None:
            raise UnknownMember(name=email[:80])
        return member_actor(member.id, member.name, via=Via.CLI, factors=(), fresh=True)


def clock() -> datetime:
    """Return the time; a command is an entry point, so it may read the clock."""
    return datetime.now(UTC)


def run(work: Callable[[Company], Awaitable[T]], *, keys: bool = False) -> T:
    """Do the work of a command with the database open; with `keys`, as the worker, who reads sealed credentials.

    Raises:
        SettingsError: there is no database to work with.
        DatabaseAway: it does not answer.
    """
    current = settings.act_as_worker() if keys else settings.load()
    log.set_up(json=current.production, level="WARNING")
    if not current.database_url:
        raise SettingsError([NO_DATABASE])
    company = Company(
        settings=_with_secrets(current),
        access=Access(load_bundle(current.policies / "access"), PostgresGrants()),
        policies=load_policies(current.policies),
    )

    async def inside() -> T:
        async with database.pool(size=2):
            return await work(company)

    try:
        return asyncio.run(inside())
    except database.AWAY as error:
        raise DatabaseAway(reason=type(error).__name__) from error


def _with_secrets(current: Settings) -> Settings:
    """Take the keys that `govern up` tells its worker alone, where this command may read them in its data folder."""
    folder = current.data_dir / "secrets"
    missing = {
        name: (folder / name).read_text()
        for name in ("token_keys", "x_api_key", "x_api_secret", "x_client_id", "x_client_secret")
        if not getattr(current, name) and _readable(folder / name)
    }
    return msgspec.structs.replace(current, **missing)


def _readable(file: Path) -> bool:
    try:
        return file.is_file()
    except PermissionError:
        return False
