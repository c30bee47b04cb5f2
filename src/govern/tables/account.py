from piccolo.columns import UUID, Array, BigInt, Bytea, ForeignKey, Integer, SmallInt, Text, Timestamptz, Varchar
from piccolo.columns.base import OnDelete, OnUpdate
from piccolo.constraints import Check
from piccolo.table import Table

from govern.domain.accounts import AccountKind, AccountState, Objective
from govern.tables.checks import length, one_of, subset_of
from govern.tables.scope import Scope


class Brand(Table, tablename="brand"):
    """A group of accounts."""

    id = UUID(primary_key=True, default=None, null=False)
    slug = Varchar(length=39, default=None, null=False, unique=True)
    name = Varchar(length=80, default=None, null=False)
    scope = ForeignKey(
        Scope, on_delete=OnDelete.restrict, on_update=OnUpdate.restrict, null=False, default=None, unique=True
    )
    created_at = Timestamptz(default=None, null=False)

    brand_name_check = length("name", 1, 80)


class Account(Table, tablename="account"):
    """An X account we run."""

    id = UUID(primary_key=True, default=None, null=False)
    handle = Varchar(length=15, default=None, null=False)
    name = Varchar(length=80, default=None, null=False)
    brand = ForeignKey(Brand, on_delete=OnDelete.restrict, on_update=OnUpdate.restrict, null=False, default=None)
    scope = ForeignKey(
        Scope, on_delete=OnDelete.restrict, on_update=OnUpdate.restrict, null=False, default=None, unique=True
    )
    kind = Varchar(length=10, default=None, null=False)
    topic = Varchar(length=120, default="", null=False)
    objectives = Array(base_column=Varchar(length=12), default=list, null=False)
    zone = Varchar(length=64, default="Europe/Paris", null=False)
    language = Varchar(length=2, default="en", null=False)
    colour = SmallInt(default=1, null=False)
    state = Varchar(length=14, default=AccountState.DISCONNECTED.value, null=False)
    x_user_id = BigInt(default=None, null=True, unique=True)
    length_limit = Integer(default=280, null=False)
    undo_window_seconds = Integer(default=8, null=False)
    monthly_ceiling = Integer(default=None, null=True)
    """In whole US dollars; without it that of `x.toml` holds."""
    created_at = Timestamptz(default=None, null=False)
    version = Integer(default=1, null=False)

    account_kind_check = one_of("kind", AccountKind)
    account_state_check = one_of("state", AccountState)
    account_language_check = one_of("language", ("en", "fr"))
    account_objectives_check = subset_of("objectives", Objective)
    account_colour_check = Check("colour BETWEEN 1 AND 6")
    account_length_limit_check = Check("length_limit BETWEEN 280 AND 25000")
    account_undo_window_check = Check("undo_window_seconds BETWEEN 0 AND 60")
    account_ceiling_check = Check("monthly_ceiling BETWEEN 0 AND 1000000")


class AccountCredential(Table, tablename="account_credential"):
    """The keys of an account, sealed; rows are never deleted. Only the worker's login reads the sealed columns."""

    account = ForeignKey(
        Account, on_delete=OnDelete.restrict, on_update=OnUpdate.restrict, primary_key=True, null=False, default=None
    )
    kind = Varchar(length=8, default="oauth1", null=False)
    state = Varchar(length=14, default="active", null=False)
    reason = Text(default=None, null=True)
    access_sealed = Bytea(default=None, null=False, secret=True)
    secret_sealed = Bytea(default=None, null=True, secret=True)
    refresh_sealed = Bytea(default=None, null=True, secret=True)
    previous_refresh_sealed = Bytea(default=None, null=True, secret=True)
    """The refresh token before, until X accepted the access token that came with the new one."""
    key_id = Varchar(length=40, default=None, null=False)
    version = Integer(default=1, null=False)
    scopes = Array(base_column=Varchar(length=40), default=list, null=False)
    expires_at = Timestamptz(default=None, null=True)
    refresh_at = Timestamptz(default=None, null=True)
    """When it is renewed though nobody needs it yet."""
    renewed_at = Timestamptz(default=None, null=True)
    refused_version = Integer(default=None, null=True)
    """The version X answered 401 to: it is renewed once; if the next is refused too, a person must connect again."""
    revoked_at = Timestamptz(default=None, null=True)
    """When X confirmed that it forgot the tokens."""

    account_credential_kind_check = one_of("kind", ("oauth1", "oauth2"))
    account_credential_state_check = one_of("state", ("active", "needs_reauth", "revoked"))


class PollCursor(Table, tablename="poll_cursor"):
    """Up to where an account's mentions or DMs were read; moves with the stored rows."""

    id = UUID(primary_key=True, default=None, null=False)
    account = ForeignKey(Account, on_delete=OnDelete.restrict, on_update=OnUpdate.restrict, null=False, default=None)
    source = Varchar(length=10, default=None, null=False)
    newest = BigInt(default=None, null=True)
    polled_at = Timestamptz(default=None, null=False)
    wanted_at = Timestamptz(default=None, null=True)
    """Since when a poll is wanted before its time."""
    gap_at = Timestamptz(default=None, null=True)
    """When a poll last found that X no longer had everything since the one before."""
    gap_since = Timestamptz(default=None, null=True)

    poll_cursor_source_check = one_of("source", ("mentions", "dms"))
