"""What happens when a message is sent. The object of each is the message; refs: the account and the publication."""

from typing import Annotated, ClassVar
from uuid import UUID

from govern.domain.audit.fields import (
    Code,
    Codes,
    Comment,
    Count,
    Ids,
    Named,
    Outcome,
    Personal,
    Recorded,
    Sha256,
    XId,
)


class PublicationSending(Recorded, frozen=True, kw_only=True):
    """The publisher is about to hand a revision to X: recorded, and committed, before the call."""

    NAME: ClassVar = "publication.sending"
    EN: ClassVar = "{actor} hands {object} to X (attempt {attempt})"
    FR: ClassVar = "{actor} remet {object} à X (tentative {attempt})"
    attempt: Count
    digest: Sha256
    approvals: Ids = ()
    """The approvals that count for this digest."""
    decisions: Codes = ()
    """What was decided again now, as `access:publisher.message.publish`, `consent:service_window`."""


class PublicationSent(Recorded, frozen=True, kw_only=True):
    """X answered with the id of the post or DM."""

    NAME: ClassVar = "publication.sent"
    EN: ClassVar = "{object} is on X (attempt {attempt})"
    FR: ClassVar = "{object} est sur X (tentative {attempt})"
    attempt: Count
    x_id: XId
    digest: Sha256 | None = None


class PublicationRefused(Recorded, frozen=True, kw_only=True):
    """X said no; nothing is out."""

    NAME: ClassVar = "publication.refused"
    EN: ClassVar = "X refused {object} (attempt {attempt}): {reason}"
    FR: ClassVar = "X a refusé {object} (tentative {attempt}) : {reason}"
    OUTCOME: ClassVar = Outcome.FAILED
    attempt: Count
    reason: Code
    status: Count | None = None


class PublicationFailed(Recorded, frozen=True, kw_only=True):
    """Proof that nothing left for X; it may go again."""

    NAME: ClassVar = "publication.failed"
    EN: ClassVar = "{object} did not leave for X (attempt {attempt}): {cause}"
    FR: ClassVar = "{object} n’est pas parti vers X (tentative {attempt}) : {cause}"
    OUTCOME: ClassVar = Outcome.FAILED
    attempt: Count
    cause: Code


class PublicationUnknown(Recorded, frozen=True, kw_only=True):
    """Nobody knows whether it is out; a person settles it, nothing is sent again before."""

    NAME: ClassVar = "publication.unknown"
    EN: ClassVar = "It is not known whether {object} is on X (attempt {attempt}): {cause}"
    FR: ClassVar = "On ne sait pas si {object} est sur X (tentative {attempt}) : {cause}"
    OUTCOME: ClassVar = Outcome.FAILED
    attempt: Count
    cause: Code
    status: Count | None = None


class PublicationHeld(Recorded, frozen=True, kw_only=True):
    """It was due, and a rule said not now."""

    NAME: ClassVar = "publication.held"
    EN: ClassVar = "{object} is due and was held: {hold}"
    FR: ClassVar = "{object} est dû et a été retenu : {hold}"
    OUTCOME: ClassVar = Outcome.DENIED
    hold: Code
    rule: Code | None = None


class PublicationSettled(Recorded, frozen=True, kw_only=True):
    """A person or a reading of X found out what became of it."""

    NAME: ClassVar = "publication.settled"
    EN: ClassVar = "{actor} settled the outcome of {object}: {settlement}"
    FR: ClassVar = "{actor} a tranché le sort de {object} : {settlement}"
    attempt: Count
    settlement: Code
    x_id: XId | None = None
    comment: Annotated[Comment, Personal("message")] | None = None
    reading: Count | None = None
    """Which reading of X showed it; None where a person said so."""


class PublicationUndecided(Recorded, frozen=True, kw_only=True):
    """What X shows does not settle it: it waits at the desk for a person."""

    NAME: ClassVar = "publication.undecided"
    EN: ClassVar = "Reading X did not settle whether {object} is out ({found}): a person does"
    FR: ClassVar = "La lecture de X n’a pas tranché si {object} est sorti ({found}) : une personne tranche"
    OUTCOME: ClassVar = Outcome.FAILED
    attempt: Count
    found: Code
    reading: Count


class PublicationSentLate(Recorded, frozen=True, kw_only=True):
    """An incident: X says that it is out, after it had been settled otherwise. It may be out twice."""

    NAME: ClassVar = "publication.late_success"
    EN: ClassVar = "X says late that {object} is out (attempt {attempt}), which had been settled as: {settled}"
    FR: ClassVar = (
        "X dit tardivement que {object} est sorti (tentative {attempt}), ce qui avait été tranché : {settled}"
    )
    OUTCOME: ClassVar = Outcome.FAILED
    attempt: Count
    x_id: XId
    settled: Code


class PublicationLateClosed(Recorded, frozen=True, kw_only=True):
    """Somebody looked at such an incident and did what was to be done."""

    NAME: ClassVar = "publication.late_closed"
    EN: ClassVar = "{actor} closed the late answer of X about {object} (attempt {attempt})"
    FR: ClassVar = "{actor} a clos la réponse tardive de X sur {object} (tentative {attempt})"
    attempt: Count
    comment: Annotated[Comment, Personal("message")] | None = None


class PublicationDuplicate(Recorded, frozen=True, kw_only=True):
    """X refused it as a duplicate: what was found when its text was looked for. `x_id`: where it stands."""

    NAME: ClassVar = "publication.duplicate"
    EN: ClassVar = "X has the text of {object} already: {twin}"
    FR: ClassVar = "X a déjà le texte de {object} : {twin}"
    attempt: Count
    twin: Code
    x_id: XId | None = None
    other: Annotated[UUID, Named("message")] | None = None
    """The message of ours that it is."""


ACTIONS: tuple[type[Recorded], ...] = (
    PublicationSending,
    PublicationSent,
    PublicationRefused,
    PublicationFailed,
    PublicationUnknown,
    PublicationHeld,
    PublicationSettled,
    PublicationUndecided,
    PublicationSentLate,
    PublicationLateClosed,
    PublicationDuplicate,
)
