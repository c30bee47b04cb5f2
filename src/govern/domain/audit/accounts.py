"""What happens to brands, accounts, and the contacts outside."""

from typing import Annotated, ClassVar
from uuid import UUID

from msgspec import Meta

from govern.domain.audit.fields import (
    Code,
    Codes,
    Comment,
    Handle,
    Label,
    Moment,
    Named,
    Outcome,
    Personal,
    Recorded,
    Sha256,
    XId,
)


class BrandCreated(Recorded, frozen=True, kw_only=True):
    """Object: the brand."""

    NAME: ClassVar = "brand.created"
    EN: ClassVar = "{actor} created the brand {name}"
    FR: ClassVar = "{actor} a créé la marque {name}"
    slug: Code
    name: Label


class AccountCreated(Recorded, frozen=True, kw_only=True):
    """An account of ours is known, not yet connected. Object: the account; refs: the brand."""

    NAME: ClassVar = "account.created"
    EN: ClassVar = "{actor} added the account {object} to {brand}"
    FR: ClassVar = "{actor} a ajouté le compte {object} à {brand}"
    brand: Annotated[UUID, Named("brand")]
    handle: Handle
    kind: Code
    topic: Label | None = None
    objectives: Annotated[tuple[Code, ...], Meta(max_length=10)] = ()


class AccountConnected(Recorded, frozen=True, kw_only=True):
    """The account's credentials work and belong to it. Object: the account."""

    NAME: ClassVar = "account.connected"
    EN: ClassVar = "{actor} connected {object} to X"
    FR: ClassVar = "{actor} a connecté {object} à X"
    x_user_id: XId
    """Our own account's id on X, not a person's."""
    method: Code | None = None
    """How requests are signed: `oauth1`, `oauth2`."""
    scopes: Codes = ()
    """What X granted."""


class AccountConnectBegun(Recorded, frozen=True, kw_only=True):
    """Somebody goes to X to let us act as an account. Object: the account."""

    NAME: ClassVar = "account.connect_begun"
    EN: ClassVar = "{actor} began to connect {object} to X"
    FR: ClassVar = "{actor} a commencé à connecter {object} à X"
    scopes: Codes = ()
    """What is asked for."""


class AccountConnectFailed(Recorded, frozen=True, kw_only=True):
    """They came back from X, and it came to nothing: no keys were kept. Object: the account."""

    NAME: ClassVar = "account.connect_failed"
    EN: ClassVar = "{actor} could not connect {object} to X: {reason}"
    FR: ClassVar = "{actor} n’a pas pu connecter {object} à X : {reason}"
    OUTCOME: ClassVar = Outcome.FAILED
    reason: Code


class CredentialResealed(Recorded, frozen=True, kw_only=True):
    """An account's keys were sealed anew; the keys themselves are the same. Object: the account."""

    NAME: ClassVar = "account.keys_resealed"
    EN: ClassVar = "{actor} sealed the keys of {object} anew, with the sealing key {key}"
    FR: ClassVar = "{actor} a scellé à nouveau les clés de {object}, avec la clé de scellement {key}"
    key: Code
    previous: Code | None = None


class AccountEdited(Recorded, frozen=True, kw_only=True):
    """Fields of an account changed: see `change`. Object: the account."""

    NAME: ClassVar = "account.edited"
    EN: ClassVar = "{actor} changed the account {object}"
    FR: ClassVar = "{actor} a modifié le compte {object}"


class AccountDisconnected(Recorded, frozen=True, kw_only=True):
    """The account has no credentials any more, or X refuses them. Object: the account."""

    NAME: ClassVar = "account.disconnected"
    EN: ClassVar = "{object} is no longer connected to X: {reason}"
    FR: ClassVar = "{object} n’est plus connecté à X : {reason}"
    reason: Code


class ContactCreated(Recorded, frozen=True, kw_only=True):
    """An X user outside is known from now on. Object: the contact."""

    NAME: ClassVar = "contact.created"
    EN: ClassVar = "{actor} added the contact {object}"
    FR: ClassVar = "{actor} a ajouté le contact {object}"
    handle: Annotated[Handle, Personal("contact")]
    name: Annotated[Label, Personal("contact")] | None = None
    x_user_id: Annotated[XId, Personal("contact")] | None = None


class ContactRenamed(Recorded, frozen=True, kw_only=True):
    """X calls a person outside otherwise than we did. Object: the contact. The new names are sealed here."""

    NAME: ClassVar = "contact.renamed"
    EN: ClassVar = "{actor} learnt the present name of {object} from X"
    FR: ClassVar = "{actor} a appris de X le nom actuel de {object}"
    handle: Annotated[Handle, Personal("contact")]
    name: Annotated[Label, Personal("contact")] | None = None
    x_user_id: Annotated[XId, Personal("contact")] | None = None


class InboundReceived(Recorded, frozen=True, kw_only=True):
    """A contact wrote to an account. Object: the inbound; refs: the contact, the account."""

    NAME: ClassVar = "inbound.received"
    EN: ClassVar = "{contact} wrote to {account} ({kind})"
    FR: ClassVar = "{contact} a écrit à {account} ({kind})"
    contact: Annotated[UUID, Named("contact")]
    account: Annotated[UUID, Named("account")]
    kind: Code
    x_id: XId


class ConsentRecorded(Recorded, frozen=True, kw_only=True):
    """A fact about the right to write to a contact. Object: the consent event; refs: the contact."""

    NAME: ClassVar = "consent.recorded"
    EN: ClassVar = "{actor} recorded for {contact}: {kind}"
    FR: ClassVar = "{actor} a enregistré pour {contact} : {kind}"
    contact: Annotated[UUID, Named("contact")]
    kind: Code
    source: Code
    purpose: Code | None = None
    occurred_at: Moment | None = None
    evidence: Annotated[Comment, Personal("contact")] | None = None


class ConfirmationQueued(Recorded, frozen=True, kw_only=True):
    """A person who said stop is told once that it was heard. Object: the message; refs: contact and consent event."""

    NAME: ClassVar = "consent.confirmation_queued"
    EN: ClassVar = "{actor} queued {object}, which tells {contact} that their opt-out was heard"
    FR: ClassVar = "{actor} a mis en attente {object}, qui confirme à {contact} que son refus est pris en compte"
    contact: Annotated[UUID, Named("contact")]
    digest: Sha256
    language: Code


ACTIONS: tuple[type[Recorded], ...] = (
    BrandCreated,
    AccountCreated,
    AccountConnected,
    AccountConnectBegun,
    AccountConnectFailed,
    CredentialResealed,
    AccountEdited,
    AccountDisconnected,
    ContactCreated,
    ContactRenamed,
    InboundReceived,
    ConsentRecorded,
    ConfirmationQueued,
)
