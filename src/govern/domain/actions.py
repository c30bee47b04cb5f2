"""What can be asked of the access policy, who asks, and the answer: plain values, decided in `access`."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from enum import StrEnum

import msgspec

COMPANY = "company"
EVERYONE = "everyone"


class Action(StrEnum):
    """Everything that needs a right. Values are stored in the log and never renamed."""

    MESSAGE_READ = "message.read"
    """Read messages, their revisions and findings."""
    CONVERSATION_READ = "conversation.read"
    """Read public conversations."""
    REPORT_READ = "report.read"
    """Read figures and reports."""
    CONVERSATION_READ_DM = "conversation.read_dm"
    """Read a private thread; each reading is an entry in the log."""
    CONTACT_READ = "contact.read"
    """Read what is kept about a person outside."""
    MESSAGE_WRITE_POST = "message.write_post"
    """Draft, edit and submit a post."""
    MESSAGE_WRITE_QUOTE = "message.write_quote"
    """Draft, edit and submit a quote."""
    MESSAGE_WRITE_REPLY = "message.write_reply"
    """Draft, edit and submit a reply."""
    MESSAGE_WRITE_DM = "message.write_dm"
    """Draft, edit and submit a private message."""
    MESSAGE_DIRECT_REPLY = "message.direct_reply"
    """Send a reply without approval; if denied, it queues."""
    MESSAGE_DIRECT_DM = "message.direct_dm"
    """Send a private message without approval; if denied, it queues."""
    MESSAGE_DIRECT_POST = "message.direct_post"
    """Send a post without approval; if denied, it queues."""
    MESSAGE_DIRECT_QUOTE = "message.direct_quote"
    """Send a quote without approval; if denied, it queues."""
    MESSAGE_WITHDRAW = "message.withdraw"
    """Take back anything unsent."""
    MESSAGE_APPROVE = "message.approve"
    """Approve one revision."""
    MESSAGE_REJECT = "message.reject"
    """Refuse one revision."""
    MESSAGE_REQUEST_CHANGES = "message.request_changes"
    """Send one revision back to its author."""
    MESSAGE_SCHEDULE = "message.schedule"
    """Choose when an approved revision goes out."""
    MESSAGE_SETTLE = "message.settle"
    """Say what became of a message whose outcome is unknown."""
    MESSAGE_PUBLISH = "message.publish"
    """Hand an approved revision to X: the only way out."""
    CONVERSATION_ASSIGN = "conversation.assign"
    """Give a conversation to a member."""
    CONVERSATION_CLOSE = "conversation.close"
    """Close a conversation."""
    CONSENT_RECORD = "consent.record"
    """Record evidence that a contact agreed to be written to."""
    PAUSE_SET = "pause.set"
    """Stop publishing at a scope, at once and alone."""
    PAUSE_LIFT = "pause.lift"
    """Resume publishing at a scope."""
    ACCOUNT_CONNECT = "account.connect"
    """Give an account the credentials of X."""
    ACCOUNT_DISCONNECT = "account.disconnect"
    """Forget an account's credentials."""
    ACCOUNT_EDIT = "account.edit"
    """Add an account or change what is said about it."""
    BRAND_EDIT = "brand.edit"
    """Add a brand, or change it or its place in the tree."""
    MEMBER_INVITE = "member.invite"
    """Add a person of the company."""
    MEMBER_SUSPEND = "member.suspend"
    """Take a member's rights away for a time."""
    MEMBER_REMOVE = "member.remove"
    """End a member's rights, sessions and tokens."""
    MEMBER_RESET_SIGN_IN = "member.reset_sign_in"
    """Let a member choose new ways to sign in."""
    ROLE_ASSIGN = "role.assign"
    """Give a role at a scope."""
    ROLE_REVOKE = "role.revoke"
    """Take a role at a scope away."""
    TOKEN_ISSUE = "token.issue"  # noqa: S105 - the name of a right
    """Make an API token."""
    TOKEN_REVOKE = "token.revoke"  # noqa: S105 - the name of a right
    """End an API token."""
    ACCESS_READ = "access.read"
    """See who may do what, and why another was allowed or denied."""
    POLICY_READ = "policy.read"
    """Read the rules in force."""
    POLICY_SIMULATE = "policy.simulate"
    """Try a change of rules or grants before it is made."""
    POLICY_ACTIVATE = "policy.activate"
    """Put other rules in force."""
    AUDIT_READ = "audit.read"
    """Read the audit log."""
    AUDIT_VERIFY = "audit.verify"
    """Check the proofs of the audit log."""
    AUDIT_EXPORT = "audit.export"
    """Take the audit log out."""
    CONTACT_ERASE = "contact.erase"
    """Erase what is kept about a person outside."""


class Role(StrEnum):
    """What a grant gives. Values are stored and never renamed; roles do not inherit."""

    VIEWER = "viewer"
    """Reads public content and figures."""
    AUTHOR = "author"
    """Writes."""
    AGENT = "agent"
    """Writes and cares for customers."""
    BRAND_MANAGER = "brand_manager"
    """Writes, approves, schedules, gives rights in the brand."""
    COMPLIANCE = "compliance"
    """Approves, stops, resumes and reads the log; never writes."""
    ADMIN = "admin"
    """Accounts, people and rights; never writes or approves."""
    PUBLISHER = "publisher"
    """The sending worker's own role; no member can have it."""
    SUSPENDED = "suspended"
    """Restriction: nothing with an effect, no writing."""
    OFFICE_HOURS_ONLY = "office_hours_only"
    """Restriction: nothing is sent without approval outside the account's hours."""


class Reason(StrEnum):
    """Why the answer is what it is."""

    ALLOWED = "allowed"
    """A rule allows it and none denies it."""
    DENIED_BY_RULE = "denied_by_rule"
    """A rule denies it."""
    NO_RULE = "no_rule"
    """No rule allows it."""
    UNKNOWN_ACTION = "unknown_action"
    """There is no such action."""
    UNKNOWN_SCOPE = "unknown_scope"
    """There is no such scope."""
    CONDITION_ERROR = "condition_error"
    """A fact was missing or a condition failed: doubt is a denial."""
    TOKEN_LIMIT = "token_limit"  # noqa: S105 - a reason
    """The API token may do less than its owner."""
    EVALUATORS_DISAGREE = "evaluators_disagree"
    """The two evaluators gave different answers."""
    UNAVAILABLE = "unavailable"
    """The grants could not be read."""


class ChangeKind(StrEnum):
    """What a new version of the access state changed."""

    GRANT = "grant"
    """The grants or the state of one member."""
    SCOPE = "scope"
    """The scope tree."""
    POLICY = "policy"
    """The rules."""
    ALL = "all"
    """Too much to name: everything is read anew."""


class Grant(msgspec.Struct, frozen=True, gc=False):
    """A role given to a member at a scope; it holds there and below."""

    id: str
    role: str
    scope: str


class Requester(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks: grants in force now by scope, and the scope tree (`parents`: scope to the one above, without `company`)."""

    id: str
    grants: Mapping[str, tuple[Grant, ...]]
    parents: Mapping[str, str]
    member: str | None = None

    def knows(self, scope: str) -> bool:
        """Tell whether the scope exists."""
        return scope == COMPANY or scope in self.parents

    def above(self, scope: str) -> Iterator[str]:
        """Give the scope itself, then each scope above it; ends even in a broken tree."""
        found: str | None = scope
        for _ in range(len(self.parents) + 1):
            if found is None:
                return
            yield found
            found = self.parents.get(found)

    def grant_of(self, role: str, scope: str) -> Grant | None:
        """Return the nearest grant of a role that holds at a scope."""
        place: str | None = scope
        for _ in range(len(self.parents) + 1):  # not by `above`: this is asked for each rule of each decision
            if place is None:
                break
            for grant in self.grants.get(place, ()):
                if grant.role == role:
                    return grant
            place = self.parents.get(place)
        return None


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What the request's first query said of the access state: nothing older may decide in this request."""

    version: int
    digest: str
    at: datetime
    """The database's clock."""


class TokenLimit(msgspec.Struct, frozen=True, kw_only=True):
    """What an API token may do at most; what it does also needs its owner's right. Critical actions are never in it."""

    actions: frozenset[str] | None = None
    """None: all but critical ones."""
    scope: str = COMPANY


class Target(msgspec.Struct, frozen=True):
    """What is asked about: its scope, and the facts the service read under its lock (`None` = not known)."""

    scope: str
    facts: Mapping[str, object] = {}


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """The answer of the access policy, as it is kept in the log. Use `.allowed`; it has no truth value of its own."""

    allowed: bool
    reason: Reason
    action: str
    scope: str
    digest: str
    version: int | None = None
    """Of the access state that decided."""
    at: datetime | None = None
    """The database's time of that state."""
    rule: str | None = None
    via_role: str | None = None
    via_scope: str | None = None
    via_grant: str | None = None
    sentence: str = ""
    sentence_fr: str = ""

    def __bool__(self) -> bool:
        raise TypeError("a Decision is not a bool: read .allowed")
