"""What happens to the ways a member proves who they are, besides the password."""

from typing import Annotated, ClassVar

from govern.domain.audit.fields import Code, Count, Label, Personal, Recorded


class SessionSteppedUp(Recorded, frozen=True, kw_only=True):
    """A signed-in member proved again who they are. Object: the session; refs: the member."""

    NAME: ClassVar = "session.stepped_up"
    EN: ClassVar = "{actor} confirmed who they are ({factor})"
    FR: ClassVar = "{actor} a confirmé son identité ({factor})"
    factor: Code


class TotpAdded(Recorded, frozen=True, kw_only=True):
    """An authenticator app is in use, in place of an earlier one if there was one. Object: the member."""

    NAME: ClassVar = "totp.added"
    EN: ClassVar = "{actor} set up an authenticator app"
    FR: ClassVar = "{actor} a configuré une application d’authentification"


class TotpRemoved(Recorded, frozen=True, kw_only=True):
    """An authenticator app counts no more. Object: the member."""

    NAME: ClassVar = "totp.removed"
    EN: ClassVar = "{actor} removed their authenticator app"
    FR: ClassVar = "{actor} a retiré son application d’authentification"


class RecoveryCodesMade(Recorded, frozen=True, kw_only=True):
    """A member has new recovery codes; the earlier ones count no more. Object: the member."""

    NAME: ClassVar = "recovery.codes_made"
    EN: ClassVar = "{actor} made {codes} new recovery codes"
    FR: ClassVar = "{actor} a créé {codes} nouveaux codes de secours"
    codes: Count


class RecoveryCodeUsed(Recorded, frozen=True, kw_only=True):
    """A recovery code stood in for a second factor: worth a look by its owner. Object: the member."""

    NAME: ClassVar = "recovery.code_used"
    EN: ClassVar = "{actor} used a recovery code; {left} are left"
    FR: ClassVar = "{actor} a utilisé un code de secours ; il en reste {left}"
    left: Count


class PasskeyAdded(Recorded, frozen=True, kw_only=True):
    """A member has a further passkey. Object: the passkey; refs: the member."""

    NAME: ClassVar = "passkey.added"
    EN: ClassVar = "{actor} added a passkey"
    FR: ClassVar = "{actor} a ajouté une clé d’accès"
    name: Annotated[Label, Personal("member")]


class PasskeyRemoved(Recorded, frozen=True, kw_only=True):
    """A passkey counts no more. Object: the passkey; refs: the member."""

    NAME: ClassVar = "passkey.removed"
    EN: ClassVar = "{actor} removed a passkey"
    FR: ClassVar = "{actor} a retiré une clé d’accès"


ACTIONS: tuple[type[Recorded], ...] = (
    SessionSteppedUp,
    TotpAdded,
    TotpRemoved,
    RecoveryCodesMade,
    RecoveryCodeUsed,
    PasskeyAdded,
    PasskeyRemoved,
)
