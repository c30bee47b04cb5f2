from piccolo.columns import UUID, Array, Bytea, ForeignKey, Text, Timestamptz, Varchar
from piccolo.columns.base import OnDelete, OnUpdate
from piccolo.constraints import Check
from piccolo.table import Table

from govern.domain.credentials import ConnectFault
from govern.tables.account import Account
from govern.tables.checks import one_of
from govern.tables.member import Member


class OauthPending(Table, tablename="oauth_pending"):
    """A member on the way to X and back, to connect an account: ten minutes, once, in one browser session."""

    state_hash = Bytea(primary_key=True, default=None, null=False)
    """SHA-256 of the state, which is made from `id` and a secret of the web: the row alone does not tell it."""
    id = UUID(default=None, null=False, unique=True)
    verifier = Varchar(length=128, default=None, null=True, secret=True)
    code = Text(default=None, null=True, secret=True)
    """For seconds, until the worker takes it. Without the client secret it is worth nothing."""
    member = ForeignKey(Member, on_delete=OnDelete.restrict, on_update=OnUpdate.restrict, null=False, default=None)
    session_hash = Bytea(default=None, null=False)
    account = ForeignKey(Account, on_delete=OnDelete.restrict, on_update=OnUpdate.restrict, null=False, default=None)
    scopes = Array(base_column=Varchar(length=40), default=list, null=False)
    created_at = Timestamptz(default=None, null=False)
    expires_at = Timestamptz(default=None, null=False)
    used_at = Timestamptz(default=None, null=True)
    """When the browser came back with a code."""
    taken_at = Timestamptz(default=None, null=True)
    finished_at = Timestamptz(default=None, null=True)
    fault = Varchar(length=12, default=None, null=True)
    other_handle = Varchar(length=15, default=None, null=True)

    oauth_pending_state_hash_check = Check("octet_length(state_hash) = 32 AND octet_length(session_hash) = 32")
    oauth_pending_code_check = Check("octet_length(code) <= 2000")
    oauth_pending_fault_check = one_of("fault", ConnectFault)
