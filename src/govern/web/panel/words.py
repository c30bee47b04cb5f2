"""The words for states, kinds, roles and decisions: one table each, translated where they are shown."""

from collections.abc import Mapping

import msgspec

from govern.domain.accounts import AccountKind, AccountState, Objective
from govern.domain.actions import Role
from govern.domain.consent import PermissionState
from govern.domain.conversations import CloseReason, ConversationState
from govern.domain.messages import Kind, ReplyLevel, State, WithdrawnFor
from govern.domain.publications import Hold, Outcome
from govern.errors import N_
from govern.web.panel.i18n import gettext as _


class Badge(msgspec.Struct, frozen=True):
    """A word with a tone and an icon: never colour alone."""

    words: str
    tone: str = ""
    icon: str = ""


STATES: Mapping[State, Badge] = {
    State.DRAFT: Badge(N_("Draft"), "", "pencil"),
    State.BLOCKED: Badge(N_("Blocked"), "bad", "ban"),
    State.PENDING_APPROVAL: Badge(N_("Waiting for approval"), "warn", "clock"),
    State.CHANGES_REQUESTED: Badge(N_("Changes requested"), "warn", "message-2"),
    State.REJECTED: Badge(N_("Rejected"), "bad", "x"),
    State.EXPIRED: Badge(N_("Expired"), "bad", "clock"),
    State.APPROVED: Badge(N_("Approved"), "ok", "check"),
    State.SCHEDULED: Badge(N_("Scheduled"), "info", "calendar-event"),
    State.SENDING: Badge(N_("Being sent"), "info", "send"),
    State.SENT: Badge(N_("Sent"), "ok", "circle-check"),
    State.FAILED: Badge(N_("Refused by X"), "bad", "circle-x"),
    State.OUTCOME_UNKNOWN: Badge(N_("Unknown outcome"), "bad", "help-circle"),
    State.WITHDRAWN: Badge(N_("Withdrawn"), "", "ban"),
}
KINDS: Mapping[Kind, str] = {
    Kind.POST: N_("Post"),
    Kind.REPLY: N_("Reply"),
    Kind.QUOTE: N_("Quote"),
    Kind.DM: N_("DM"),
}
LEVELS: Mapping[ReplyLevel, str] = {
    ReplyLevel.PRIVATE: N_("Invite to write privately"),
    ReplyLevel.OPEN: N_("Open reply"),
    ReplyLevel.EVERYONE: N_("To everyone"),
}
ROLES: Mapping[Role, str] = {
    Role.VIEWER: N_("Viewer"),
    Role.AUTHOR: N_("Author"),
    Role.AGENT: N_("Agent"),
    Role.BRAND_MANAGER: N_("Brand manager"),
    Role.COMPLIANCE: N_("Compliance officer"),
    Role.ADMIN: N_("Admin"),
    Role.PUBLISHER: N_("Publisher"),
    Role.SUSPENDED: N_("Suspended"),
    Role.OFFICE_HOURS_ONLY: N_("Office hours only"),
}
ACCOUNT_STATES: Mapping[AccountState, Badge] = {
    AccountState.CONNECTED: Badge(N_("Connected"), "ok", "circle-check"),
    AccountState.NEEDS_REAUTH: Badge(N_("Connect again: X refuses its keys"), "bad", "ban"),
    AccountState.DISCONNECTED: Badge(N_("Not connected"), "warn", "plug"),
}
ACCOUNT_KINDS: Mapping[AccountKind, str] = {
    AccountKind.BRAND: N_("Brand"),
    AccountKind.THEMATIC: N_("Thematic"),
}
OBJECTIVES: Mapping[Objective, str] = {
    Objective.RELATE: N_("Relate"),
    Objective.INFLUENCE: N_("Influence"),
    Objective.INFORM: N_("Inform"),
    Objective.ALERT: N_("Alert"),
    Objective.DIALOGUE: N_("Dialogue"),
}
DECISIONS: Mapping[str, Badge] = {
    "block": Badge(N_("Blocks"), "bad", "ban"),
    "needs_approval": Badge(N_("Needs approval"), "warn", "alert-triangle"),
    "warn": Badge(N_("Warning"), "info", "info-circle"),
    "allow": Badge(N_("Allowed"), "ok", "circle-check"),
    "advise": Badge(N_("Please act"), "warn", "alert-triangle"),
}
OPT_OUTS: Mapping[str, Badge] = {
    "yes": Badge(N_("Says stop"), "bad", "ban"),
    "doubtful": Badge(N_("May say stop"), "warn", "help-circle"),
}
RULES: Mapping[str, str] = {
    "DM-UNSOLICITED": N_("Nobody asked for it"),
    "DM-OPTED-OUT": N_("The person opted out"),
    "PRO-CLASS": N_("Promotional"),
    "X-LENGTH": N_("Too long"),
    "LIM-CONTROL": N_("Characters that cannot be sent"),
    "LIM-LONG": N_("Too long"),
}
OUTCOMES: Mapping[str, Badge] = {
    "done": Badge(N_("Done"), "ok", "check"),
    "denied": Badge(N_("Refused"), "bad", "ban"),
    "failed": Badge(N_("Failed"), "bad", "alert-triangle"),
}
_NOT_KNOWN = frozenset({"publication.unknown", "publication.undecided"})
"""Entries of which nobody can say that something failed."""
ATTEMPTS: Mapping[Outcome, Badge] = {
    Outcome.SENT: Badge(N_("Sent"), "ok", "check"),
    Outcome.REFUSED: Badge(N_("Refused by X"), "bad", "circle-x"),
    Outcome.NOT_SENT: Badge(N_("Did not leave; goes again"), "warn", "refresh"),
    Outcome.UNKNOWN: Badge(N_("No answer from X"), "bad", "help-circle"),
}
HOLDS: Mapping[Hold, str] = {
    Hold.UNDO: N_("Waits a few seconds, so that the approval can be taken back"),
    Hold.ACCESS: N_("Held: the access policy says no at this moment"),
    Hold.PAUSE: N_("Held: publishing is paused here"),
    Hold.AUTH: N_("Held: the account must be connected again"),
    Hold.CREDITS: N_("Held: the X app has no credits left"),
    Hold.DIGEST: N_("Held: the text is not what was approved; an admin must look"),
    Hold.SCREENING: N_("Held: screening could not judge the text; an admin must look"),
    Hold.RELEASE: N_("It came due while it could not go out: a person decides whether it still does."),
    Hold.ZONE: N_("New time zone data moved its time: a person decides which one is meant."),
    Hold.LIMIT: N_("Held: X takes no more until its limit opens again, or the rest is kept for answers"),
    Hold.BUDGET: N_("Held: the monthly ceiling is reached"),
    Hold.RULE: N_("Held: X would refuse it, by its rules as we know them"),
    Hold.SCOPE: N_("Held: the account is connected without a permission this needs"),
    Hold.MEDIA: N_("Held: X could not be given its images yet; nothing was sent"),
}
PERMISSIONS: Mapping[str, str] = {
    "unsolicited": N_("This person has not written to you: a DM is not allowed."),
    "service_window": N_("This person wrote to you; you may answer until the window closes."),
    "opted_in": N_("This person agreed to be written to."),
    "opted_out": N_("This person asked not to be written to: a DM is not allowed."),
    "opted_out_then_wrote": N_("This person had opted out, then wrote again: only a service answer is allowed."),
}
# In a list: what an account may write to a person.
STANDINGS: Mapping[PermissionState, Badge] = {
    PermissionState.UNSOLICITED: Badge(N_("May not write"), "", "lock"),
    PermissionState.SERVICE_WINDOW: Badge(N_("May answer"), "ok", "message-check"),
    PermissionState.OPTED_IN: Badge(N_("Agreed to promotion"), "ok", "circle-check"),
    PermissionState.OPTED_OUT: Badge(N_("Said stop"), "bad", "ban"),
    PermissionState.OPTED_OUT_THEN_WROTE: Badge(N_("Plain answer only"), "warn", "message-2"),
}
CONVERSATIONS: Mapping[ConversationState, Badge] = {
    ConversationState.OPEN: Badge(N_("Waits for an answer"), "warn", "clock"),
    ConversationState.ANSWERED: Badge(N_("Answered"), "ok", "circle-check"),
    ConversationState.CLOSED: Badge(N_("Closed without an answer"), "", "x"),
}
CLOSE_REASONS: Mapping[CloseReason, str] = {
    CloseReason.NO_ANSWER_NEEDED: N_("No answer is needed"),
    CloseReason.ELSEWHERE: N_("Answered elsewhere"),
    CloseReason.SPAM: N_("Spam"),
    CloseReason.OTHER: N_("Another reason: say it in the note"),
    CloseReason.OLD: N_("We learnt of it too late"),
    CloseReason.ERASED: N_("The person was erased"),
}
PLACES: Mapping[str, Badge] = {
    "post": Badge(N_("Public"), "", "at"),
    "dm": Badge(N_("Private"), "info", "lock"),
}
SOURCES: Mapping[str, str] = {"mentions": N_("mentions"), "dms": N_("private messages")}
EVIDENCE: Mapping[str, str] = {
    "channel": N_("Channel"),
    "wording_id": N_("Wording"),
    "wording_version": N_("Version of the wording"),
    "captured_at": N_("Agreed on"),
    "proof_ref": N_("Proof"),
    "x_id": N_("Post on X"),
}
TAKEN_BACK: Mapping[WithdrawnFor, str] = {
    WithdrawnFor.PERMISSION_LOST: N_("It was not sent: the right to write to this person ended first."),
    WithdrawnFor.OPTED_OUT: N_("It was not sent: this person said stop first."),
    WithdrawnFor.SCREENING_CHANGED: N_("It was not sent: screening is stricter now than when it was approved."),
}


def badge(found: Badge | None, otherwise: str) -> Badge:
    """Translate a badge; a value without one is shown as it is, so that nothing new goes unseen."""
    return Badge(_(found.words), found.tone, found.icon) if found else Badge(otherwise.replace("_", " "))


def outcome_badge(action: str, outcome: str) -> Badge:
    """Say how what an entry records ended; "failed" is never said of what nobody knows."""
    if action in _NOT_KNOWN:
        return Badge(_("Not known"), "warn", "help-circle")
    return badge(OUTCOMES.get(outcome), outcome)


def role_name(role: str) -> str:
    """Return the role's name; roles of a policy without a name of ours are shown as they are."""
    return _(ROLES[Role(role)]) if role in set(Role) else role.replace("_", " ")


def scope_name(scope: str) -> str:
    """`account:AldaneCare` as people say it: `@AldaneCare`."""
    kind, _colon, name = scope.partition(":")
    return {"account": f"@{name}", "brand": name}.get(kind) or _("the whole company")


def scope_label(kind: str, label: str) -> str:
    """Say a scope of a list: its kind, then its name."""
    return {
        "company": _("The whole company"),
        "brand": _("Brand: %(name)s") % {"name": label},
        "account": _("Account: %(name)s") % {"name": label if label.startswith("@") else f"@{label}"},
    }[kind]


def initials(name: str) -> str:
    parts = [part for part in name.replace("@", "").split() if part[:1].isalnum()]
    return "".join(part[0] for part in (parts if len(parts) < 3 else [parts[0], parts[-1]])).upper()[:2] or "?"


def colour_of(name: str) -> int:
    """Return 1 to 6, always the same for a name."""
    return sum(name.encode()) % 6 + 1
