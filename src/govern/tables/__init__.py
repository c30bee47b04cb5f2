"""All tables. Queries live in services; tables never leave them."""

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

TABLES = (
    Scope,
    Member,
    Session,
    ApiToken,
    IdempotencyKey,
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
    AuditEntry,
    AuditOpening,
)

__all__ = [
    "TABLES",
    "Account",
    "AccountCredential",
    "ApiToken",
    "Approval",
    "Attempt",
    "AuditEntry",
    "AuditOpening",
    "Brand",
    "ConsentEvent",
    "Contact",
    "IdempotencyKey",
    "Inbound",
    "Member",
    "Message",
    "Outbox",
    "Pause",
    "PollCursor",
    "Publication",
    "Revision",
    "RoleGrant",
    "Scope",
    "Screening",
    "Session",
]
