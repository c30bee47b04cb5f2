"""What happens to messages until they are due. The object of each is the message, with its revision as `rev`."""

from typing import Annotated, ClassVar
from uuid import UUID

from msgspec import Meta, field

from govern.domain.audit.fields import (
    Code,
    Codes,
    Comment,
    Count,
    Images,
    Moment,
    Named,
    Outcome,
    Personal,
    Recorded,
    Sha256,
)


class MessageDrafted(Recorded, frozen=True, kw_only=True):
    """Somebody wrote the first revision. Refs: the account, and the contact or inbound it answers."""

    NAME: ClassVar = "message.drafted"
    EN: ClassVar = "{actor} wrote {object} for {account} ({kind})"
    FR: ClassVar = "{actor} a écrit {object} pour {account} ({kind})"
    account: Annotated[UUID, Named("account")]
    kind: Code
    digest: Sha256
    images: Images | None = None
    reply_level: Code | None = None


class MessageRevised(Recorded, frozen=True, kw_only=True):
    """A new revision; the approvals of earlier ones do not count for it."""

    NAME: ClassVar = "message.revised"
    EN: ClassVar = "{actor} wrote revision {revision} of {object}"
    FR: ClassVar = "{actor} a écrit la révision {revision} de {object}"
    revision: Count
    digest: Sha256
    images: Images | None = None


class MessageSubmitted(Recorded, frozen=True, kw_only=True):
    """Handed in for screening and approval; `state` is where it led."""

    NAME: ClassVar = "message.submitted"
    EN: ClassVar = "{actor} submitted revision {revision} of {object}: {state}"
    FR: ClassVar = "{actor} a soumis la révision {revision} de {object} : {state}"
    revision: Count
    digest: Sha256
    state: Code
    rule: Code | None = None
    """The rule of `approval.toml`."""
    required: Count | None = None
    """Approvals it needs."""
    deadline: Moment | None = None


class RevisionScreened(Recorded, frozen=True, kw_only=True):
    """Screening decided about a revision. Rules are ids of findings, never their text."""

    NAME: ClassVar = "revision.screened"
    EN: ClassVar = "Screening of revision {revision} of {object}: {decision}"
    FR: ClassVar = "Contrôle de la révision {revision} de {object} : {decision}"
    revision: Count
    decision: Code
    klass: Code = field(name="class")
    rules: Codes = ()
    permission: Code | None = None
    """The right to write that was found, for a DM."""
    policy: Sha256
    stage: Code | None = None
    """Where in its life it was screened: at submit, at approval, at send."""


class WarningsAcknowledged(Recorded, frozen=True, kw_only=True):
    """The author has seen what screening warns of in a revision, and hands it in all the same.

    `warnings` are rules with where in the text, as `X-PRIVACY` or `PII-EMAIL:12-30`; never the text.
    """

    NAME: ClassVar = "message.warnings_acknowledged"
    EN: ClassVar = "{actor} acknowledged what screening warns of in revision {revision} of {object}"
    FR: ClassVar = "{actor} a pris acte des avertissements du contrôle sur la révision {revision} de {object}"
    revision: Count
    warnings: Codes


class MessageCopied(Recorded, frozen=True, kw_only=True):
    """A message became the model of a new draft. Object: the new one; refs: the old one."""

    NAME: ClassVar = "message.copied"
    EN: ClassVar = "{actor} copied {original} into a new draft, {object}"
    FR: ClassVar = "{actor} a copié {original} dans un nouveau brouillon, {object}"
    original: Annotated[UUID, Named("message")]


class MessageBlocked(Recorded, frozen=True, kw_only=True):
    """Screening forbids the revision, for every role."""

    NAME: ClassVar = "message.blocked"
    EN: ClassVar = "Revision {revision} of {object} was blocked by screening"
    FR: ClassVar = "La révision {revision} de {object} a été bloquée par le contrôle"
    OUTCOME: ClassVar = Outcome.DENIED
    revision: Count
    rules: Codes


class MessageApproved(Recorded, frozen=True, kw_only=True):
    """A member approved one revision; the verdict binds to its digest. Refs: the approval."""

    NAME: ClassVar = "message.approved"
    EN: ClassVar = "{actor} approved revision {revision} of {object} ({approvals} of {required})"
    FR: ClassVar = "{actor} a approuvé la révision {revision} de {object} ({approvals} sur {required})"
    revision: Count
    digest: Sha256
    approvals: Count
    required: Count
    edited: bool = False
    """The approver wrote this revision in the same step."""
    comment: Annotated[Comment, Personal("message")] | None = None


class MessageRejected(Recorded, frozen=True, kw_only=True):
    """A member refused one revision, for good. Refs: the approval row of the verdict."""

    NAME: ClassVar = "message.rejected"
    EN: ClassVar = "{actor} rejected revision {revision} of {object}"
    FR: ClassVar = "{actor} a rejeté la révision {revision} de {object}"
    revision: Count
    digest: Sha256
    comment: Annotated[Comment, Personal("message")] | None = None


class MessageChangesRequested(Recorded, frozen=True, kw_only=True):
    """A member asked the author for another text. Refs: the approval row of the verdict."""

    NAME: ClassVar = "message.changes_requested"
    EN: ClassVar = "{actor} asked for changes to revision {revision} of {object}"
    FR: ClassVar = "{actor} a demandé des modifications de la révision {revision} de {object}"
    revision: Count
    digest: Sha256
    comment: Annotated[Comment, Personal("message")] | None = None


class MessageApprovalWithdrawn(Recorded, frozen=True, kw_only=True):
    """The giver took an approval back before the message was handed to X. Refs: the approval."""

    NAME: ClassVar = "message.approval_withdrawn"
    EN: ClassVar = "{actor} took back the approval of revision {revision} of {object}"
    FR: ClassVar = "{actor} a retiré son approbation de la révision {revision} de {object}"
    revision: Count
    comment: Annotated[Comment, Personal("message")] | None = None


class MessageScheduled(Recorded, frozen=True, kw_only=True):
    """A time to send was chosen or changed."""

    NAME: ClassVar = "message.scheduled"
    EN: ClassVar = "{actor} scheduled {object} for {scheduled_at}"
    FR: ClassVar = "{actor} a programmé {object} pour le {scheduled_at}"
    revision: Count
    scheduled_at: Moment


class MessageWithdrawn(Recorded, frozen=True, kw_only=True):
    """Taken back before it went out."""

    NAME: ClassVar = "message.withdrawn"
    EN: ClassVar = "{actor} withdrew {object}"
    FR: ClassVar = "{actor} a retiré {object}"
    revision: Count | None = None
    reason: Code | None = None
    """Why the service took it back by itself, as `opted_out`."""
    comment: Annotated[Comment, Personal("message")] | None = None


class MessageExpired(Recorded, frozen=True, kw_only=True):
    """Its time passed before it could go out; nothing is sent late."""

    NAME: ClassVar = "message.expired"
    EN: ClassVar = "{object} expired: {reason}"
    FR: ClassVar = "{object} a expiré : {reason}"
    OUTCOME: ClassVar = Outcome.FAILED
    reason: Code
    deadline: Moment | None = None


class MessageImported(Recorded, frozen=True, kw_only=True):
    """A content calendar became drafts, all lines or none. Object: the import; each message has its own entry."""

    NAME: ClassVar = "message.imported"
    EN: ClassVar = "{actor} imported {count} messages from a file"
    FR: ClassVar = "{actor} a importé {count} messages d’un fichier"
    count: Count
    file: Sha256
    accounts: Annotated[tuple[UUID, ...], Meta(max_length=200)] = ()


ACTIONS: tuple[type[Recorded], ...] = (
    MessageDrafted,
    MessageRevised,
    MessageSubmitted,
    RevisionScreened,
    WarningsAcknowledged,
    MessageCopied,
    MessageBlocked,
    MessageApproved,
    MessageRejected,
    MessageChangesRequested,
    MessageApprovalWithdrawn,
    MessageScheduled,
    MessageWithdrawn,
    MessageExpired,
    MessageImported,
)
