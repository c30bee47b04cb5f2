"""All tables. Queries live in services; tables never leave them."""

from govern.tables.access import AccessChange, AccessDenial, AccessState, PolicyActivation, PolicyBundle, ScopeParent
from govern.tables.account import Account, AccountCredential, Brand, PollCursor
from govern.tables.audit import AuditEntry, AuditOpening
from govern.tables.contact import ConsentEvent, Contact, Inbound
from govern.tables.grant import RoleGrant
from govern.tables.member import ApiToken, IdempotencyKey, Member, Session
from govern.tables.message import Approval, Message, Revision, Screening
from govern.tables.outbox import Outbox
from govern.tables.pause import Pause
from govern.tables.publication import Attempt, Publication
from govern.tables.scope import Scope
from govern.tables.sign_in import Challenge, MemberLink, Passkey, RecoveryCode, SignInFailure, Totp

TABLES = (
    Scope,
    Member,
    Session,
    ApiToken,
    IdempotencyKey,
    Totp,
    RecoveryCode,
    Passkey,
    Challenge,
    MemberLink,
    SignInFailure,
    Brand,
    Account,
    AccountCredential,
    PollCursor,
    RoleGrant,
    Contact,
    Inbound,
    ConsentEvent,
    Message,
    Revision,
    Screening,
    Approval,
    Publication,
    Attempt,
    Pause,
    Outbox,
    ScopeParent,
    PolicyBundle,
    PolicyActivation,
    AccessState,
    AccessChange,
    AccessDenial,
    AuditEntry,
    AuditOpening,
)

__all__ = [
    "TABLES",
    "AccessChange",
    "AccessDenial",
    "AccessState",
    "Account",
    "AccountCredential",
    "ApiToken",
    "Approval",
    "Attempt",
    "AuditEntry",
    "AuditOpening",
    "Brand",
    "Challenge",
    "ConsentEvent",
    "Contact",
    "IdempotencyKey",
    "Inbound",
    "Member",
    "MemberLink",
    "Message",
    "Outbox",
    "Passkey",
    "Pause",
    "PolicyActivation",
    "PolicyBundle",
    "PollCursor",
    "Publication",
    "RecoveryCode",
    "Revision",
    "RoleGrant",
    "Scope",
    "ScopeParent",
    "Screening",
    "Session",
    "SignInFailure",
    "Totp",
]
