"""Our accounts on X: `govern account …`."""

import sys

import msgspec
import rich_click as click

from govern.cli.company import Company, acting, clock, run
from govern.domain.accounts import Account
from govern.errors import N_, Invalid, Unavailable
from govern.services.accounts import get_account
from govern.services.connecting import connect_account
from govern.settings import Settings
from govern.xapi.client import XUser
from govern.xapi.credentials import Credentials
from govern.xapi.errors import XError
from govern.xapi.tweepy_client import TweepyClient
from govern.xapi.vault import Vault


class BadKeys(Invalid):
    """The reason never quotes what was read: it may hold a key."""

    code = "account.bad_keys"
    template = N_("Standard input must be JSON with access_token and access_token_secret: {reason}")


class OtherApp(Invalid):
    code = "account.other_app"
    template = N_("These keys belong to another X app than GOVERN_X_API_KEY names. Nothing was saved.")


class XRefused(Unavailable):
    code = "account.x_refused"
    template = N_("X did not confirm these keys ({reason}). Nothing was saved.")


class Keys(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What X's developer page shows for an account; the app's own two are needed where the settings lack them."""

    access_token: str
    access_token_secret: str
    api_key: str = ""
    api_secret: str = ""


@click.group()
def account() -> None:
    """Our accounts on X."""


@account.command()
@click.argument("handle")
@acting
def connect(*, handle: str, email: str | None) -> None:
    """Keep an account's OAuth 1.0a keys, read from standard input as JSON, after X confirmed whose they are."""
    keys = _read_keys()

    async def work(company: Company) -> Account:
        actor, now = await company.actor(email), clock()
        ours = await get_account(handle, actor=actor, access=company.access, now=now)
        credentials = _credentials(keys, company.settings)
        return await connect_account(
            ours.handle,
            credentials=credentials,
            vault=Vault.from_settings(company.settings),
            x_user=await ask_x(credentials, company.settings),
            actor=actor,
            access=company.access,
            now=clock(),
        )

    connected = run(work, keys=True)
    click.echo(f"@{connected.handle} is connected.")


async def ask_x(credentials: Credentials, current: Settings) -> XUser:
    """Ask X whose keys these are.

    Raises:
        XRefused: X does not know them, or does not answer.
    """
    try:
        client = TweepyClient(credentials, base_url=current.x_base_url, timeout=current.send_timeout)
        return await client.me()
    except (XError, ValueError) as error:
        raise XRefused(reason=str(error)) from error


def _read_keys() -> Keys:
    hidden = sys.stdin.isatty()
    text = click.prompt("Keys, as one line of JSON", hide_input=True) if hidden else sys.stdin.buffer.read(100_000)
    try:
        return msgspec.json.decode(text, type=Keys)
    except msgspec.ValidationError as error:
        raise BadKeys(reason=f"{error}.") from error
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise BadKeys(reason="this is not JSON.") from None


def _credentials(keys: Keys, current: Settings) -> Credentials:
    if keys.api_key and current.x_api_key and keys.api_key != current.x_api_key:
        raise OtherApp
    return Credentials(
        api_key=keys.api_key or current.x_api_key,
        api_secret=keys.api_secret or current.x_api_secret,
        access_token=keys.access_token,
        access_token_secret=keys.access_token_secret,
    )
