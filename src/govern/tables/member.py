from piccolo.columns import UUID, Array, Boolean, Bytea, ForeignKey, Integer, Text, Timestamptz, Varchar
from piccolo.columns.base import OnDelete, OnUpdate
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from govern.domain.members import MemberState
from govern.tables.checks import length, one_of
from govern.tables.scope import Scope


class Member(Table, tablename="member"):
    """A person of the company. `email` is kept in lower case."""

    id = UUID(primary_key=True, default=None, null=False)
    email = Varchar(length=254, default=None, null=False, unique=True)
    name = Varchar(length=80, default=None, null=False)
    password_hash = Text(default=None, null=True, secret=True)
    state = Varchar(length=12, default=MemberState.ACTIVE.value, null=False)
    suspended_at = Timestamptz(default=None, null=True)
    """Set by a trigger while the state is `suspended`: access as of a date asks for it."""
    language = Varchar(length=2, default="en", null=False)
    zone = Varchar(length=64, default="Europe/Paris", null=False)
    theme = Varchar(length=8, default="system", null=False)
    single_keys = Boolean(default=True, null=False)
    created_at = Timestamptz(default=None, null=False)

    member_state_check = one_of("state", MemberState)
    member_language_check = one_of("language", ("en", "fr"))
    member_theme_check = one_of("theme", ("system", "light", "dark"))
    member_email_check = Check("email = lower(email)")
    member_name_check = length("name", 1, 80)


class Session(Table, tablename="session"):
    """A sign-in on one browser; the cookie holds 256 random bits, the row their SHA-256."""

    id = UUID(primary_key=True, default=None, null=False)
    token_hash = Bytea(default=None, null=False, unique=True, secret=True)
    member = ForeignKey(Member, on_delete=OnDelete.restrict, on_update=OnUpdate.restrict, null=False, default=None)
    factors = Varchar(length=40, default="password", null=False)
    user_agent = Varchar(length=200, default="", null=False)
    created_at = Timestamptz(default=None, null=False)
    seen_at = Timestamptz(default=None, null=False)
    fresh_at = Timestamptz(default=None, null=True)
    """When the member last proved who they are: at sign-in, then at each step-up; null: not fresh."""
    expires_at = Timestamptz(default=None, null=False)
    revoked_at = Timestamptz(default=None, null=True)

    session_life_check = Check("expires_at > created_at")


class ApiToken(Table, tablename="api_token"):
    """A bearer token; its text is shown once, the row keeps its SHA-256."""

    id = UUID(primary_key=True, default=None, null=False)
    token_hash = Bytea(default=None, null=False, unique=True, secret=True)
    member = ForeignKey(Member, on_delete=OnDelete.restrict, on_update=OnUpdate.restrict, null=False, default=None)
    name = Varchar(length=60, default=None, null=False)
    actions: Array = Array(Varchar(length=40), default=None, null=True)
    """What it may do; null: all its owner may, but for critical actions."""
    scope = ForeignKey(Scope, on_delete=OnDelete.restrict, on_update=OnUpdate.restrict, null=True, default=None)
    """Where it may; null: wherever its owner may."""
    created_at = Timestamptz(default=None, null=False)
    expires_at = Timestamptz(default=None, null=False)
    revoked_at = Timestamptz(default=None, null=True)

    api_token_name_check = length("name", 1, 60)
    api_token_life_check = Check("expires_at > created_at")


class IdempotencyKey(Table, tablename="idempotency_key"):
    """The first answer to a request that carried an `Idempotency-Key`, so that its repetition changes nothing."""

    id = UUID(primary_key=True, default=None, null=False)
    member = ForeignKey(Member, on_delete=OnDelete.restrict, on_update=OnUpdate.restrict, null=False, default=None)
    key = Varchar(length=128, default=None, null=False)
    request_digest = Bytea(default=None, null=False)
    status = Integer(default=None, null=True)
    body = Text(default=None, null=True)
    created_at = Timestamptz(default=None, null=False)

    idempotency_key_unique = Unique(["member", "key"])
