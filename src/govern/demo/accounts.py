"""The brands of Maison Aldane and their six accounts on the sandbox."""

import msgspec

from govern.demo.people import NADIA
from govern.demo.sandbox import make_account
from govern.demo.stage import Stage, acting_as
from govern.domain.accounts import Account, AccountKind, AccountState, Objective
from govern.domain.members import Actor
from govern.services.accounts import create_account, edit_account, list_accounts
from govern.services.brands import create_brand, list_brands
from govern.services.connecting import connect_account
from govern.xapi.tweepy_client import TweepyClient

UNDO_SECONDS = 5
ZONE = "Europe/Paris"
BRANDS = {"aldane": "Maison Aldane", "maison": "Aldane Maison", "bijoux": "Aldane Bijoux"}


class Planned(msgspec.Struct, frozen=True):
    """An account of the demo; its colour is its place in the list."""

    handle: str
    name: str
    brand: str
    kind: AccountKind
    topic: str
    objectives: tuple[Objective, ...]
    language: str


_BRAND, _THEME = AccountKind.BRAND, AccountKind.THEMATIC
ACCOUNTS = (
    Planned(
        "AldaneCare", "Aldane Care", "aldane", _BRAND, "Customer care", (Objective.RELATE, Objective.DIALOGUE), "en"
    ),
    Planned("AldaneMaison", "Aldane Maison", "maison", _BRAND, "Furniture", (Objective.INFORM, Objective.RELATE), "en"),
    Planned(
        "AldaneBijoux", "Aldane Bijoux", "bijoux", _BRAND, "Jewellery", (Objective.INFORM, Objective.INFLUENCE), "fr"
    ),
    Planned(
        "AldaneAtelier",
        "Aldane, l’atelier",
        "bijoux",
        _THEME,
        "How our jewellery is made",
        (Objective.INFLUENCE, Objective.DIALOGUE),
        "fr",
    ),
    Planned(
        "AldaneBois", "Aldane, le bois", "maison", _THEME, "Wood and forests", (Objective.INFORM, Objective.ALERT), "en"
    ),
    Planned("AldaneRecrute", "Aldane recrute", "aldane", _THEME, "Jobs", (Objective.INFORM, Objective.DIALOGUE), "fr"),
)


async def add_brands(stage: Stage) -> None:
    """Let the admin add the brands still missing."""
    admin = await acting_as(NADIA.email)
    have = {brand.slug for brand in await list_brands(actor=admin, access=stage.access)}
    for slug, name in BRANDS.items():
        if slug not in have:
            await create_brand(slug=slug, name=name, actor=admin, access=stage.access, now=stage.clock())


async def add_accounts(stage: Stage) -> None:
    """Let the admin add, describe and connect the accounts, as far as that is still to do."""
    admin = await acting_as(NADIA.email)
    have = {account.handle: account for account in await list_accounts(actor=admin, access=stage.access)}
    for colour, planned in enumerate(ACCOUNTS, start=1):
        account = have.get(planned.handle) or await _add(planned, colour, admin, stage)
        if account.undo_window_seconds != UNDO_SECONDS:
            account = await _shorten_undo(account, admin, stage)
        if account.state is not AccountState.CONNECTED:
            await _connect(account, admin, stage)


async def _add(planned: Planned, colour: int, admin: Actor, stage: Stage) -> Account:
    return await create_account(
        handle=planned.handle,
        name=planned.name,
        brand=planned.brand,
        kind=planned.kind,
        topic=planned.topic,
        objectives=planned.objectives,
        zone=ZONE,
        language=planned.language,
        colour=colour,
        actor=admin,
        access=stage.access,
        now=stage.clock(),
    )


async def _shorten_undo(account: Account, admin: Actor, stage: Stage) -> Account:
    return await edit_account(
        account.handle,
        name=account.name,
        topic=account.topic,
        objectives=account.objectives,
        zone=account.zone,
        language=account.language,
        colour=account.colour,
        undo_window_seconds=UNDO_SECONDS,
        version=account.version,
        actor=admin,
        access=stage.access,
        now=stage.clock(),
    )


async def _connect(account: Account, admin: Actor, stage: Stage) -> None:
    credentials = await make_account(stage.settings, handle=account.handle, name=account.name)
    client = TweepyClient(credentials, base_url=stage.settings.x_base_url, timeout=stage.settings.send_timeout)
    await connect_account(
        account.handle,
        credentials=credentials,
        vault=stage.vault,
        x_user=await client.me(),
        actor=admin,
        access=stage.access,
        now=stage.clock(),
    )
