"""What happens to members, their sign-ins, tokens and roles."""

from typing import Annotated, ClassVar
from uuid import UUID

from govern.domain.audit.fields import (
    Code,
    Codes,
    Comment,
    Count,
    Email,
    Label,
    Moment,
    Named,
    Outcome,
    Personal,
    Recorded,
    Scope,
)


class SessionSignedIn(Recorded, frozen=True, kw_only=True):
    """A member signed in. Object: the session; refs: the member."""

    NAME: ClassVar = "session.signed_in"
    EN: ClassVar = "{actor} signed in"
    FR: ClassVar = "{actor} s’est connecté"


class SessionSignedOut(Recorded, frozen=True, kw_only=True):
    """A member signed out, or a session was ended (`reason`). Object: the session; refs: the member."""

    NAME: ClassVar = "session.signed_out"
    EN: ClassVar = "{actor} signed out"
    FR: ClassVar = "{actor} s’est déconnecté"
    reason: Code | None = None


class SessionSignInFailed(Recorded, frozen=True, kw_only=True):
    """Somebody tried to sign in as a member and failed. Object: the member; never the password or address typed."""

    NAME: ClassVar = "session.sign_in_failed"
    EN: ClassVar = "A sign-in as {object} failed: {reason}"
    FR: ClassVar = "Une connexion en tant que {object} a échoué : {reason}"
    OUTCOME: ClassVar = Outcome.DENIED
    reason: Code
    failures: Count | None = None


class SessionLocked(Recorded, frozen=True, kw_only=True):
    """Too many failures: further sign-ins wait. Object: the member."""

    NAME: ClassVar = "session.locked"
    EN: ClassVar = "Sign-in as {object} is locked for {seconds} s after {failures} failures"
    FR: ClassVar = "La connexion en tant que {object} est bloquée {seconds} s après {failures} échecs"
    OUTCOME: ClassVar = Outcome.DENIED
    failures: Count
    seconds: Count


class MemberCreated(Recorded, frozen=True, kw_only=True):
    """A person was added. Object: the member. The name of that time is sealed here."""

    NAME: ClassVar = "member.created"
    EN: ClassVar = "{actor} added {object} to the company’s people"
    FR: ClassVar = "{actor} a ajouté {object} aux personnes de l’entreprise"
    name: Annotated[Label, Personal("member")]
    email: Annotated[Email, Personal("member")]


class MemberRenamed(Recorded, frozen=True, kw_only=True):
    """A person's name changed. Object: the member. The new name is sealed here."""

    NAME: ClassVar = "member.renamed"
    EN: ClassVar = "{actor} changed the name of {object}"
    FR: ClassVar = "{actor} a changé le nom de {object}"
    name: Annotated[Label, Personal("member")]


class MemberPasswordSet(Recorded, frozen=True, kw_only=True):
    """A member has a new password; sessions and tokens may have ended. Object: the member."""

    NAME: ClassVar = "member.password_set"
    EN: ClassVar = "{actor} set a new password for {object}"
    FR: ClassVar = "{actor} a défini un nouveau mot de passe pour {object}"


class MemberPasswordRehashed(Recorded, frozen=True, kw_only=True):
    """A password that was just proved is kept under a stronger hash; it is the same password. Object: the member."""

    NAME: ClassVar = "member.password_rehashed"
    EN: ClassVar = "The password of {object} is kept under a stronger hash"
    FR: ClassVar = "Le mot de passe de {object} est conservé sous une empreinte plus forte"


class TokenIssued(Recorded, frozen=True, kw_only=True):
    """An API token was made; it acts with its owner's rights. Object: the token; refs: the member."""

    NAME: ClassVar = "token.issued"
    EN: ClassVar = "{actor} issued an API token for {member}"
    FR: ClassVar = "{actor} a créé un jeton d’API pour {member}"
    member: Annotated[UUID, Named("member")]
    label: Annotated[Label, Personal("member")] | None = None
    expires_at: Moment | None = None
    actions: Codes | None = None
    where: Scope | None = None


class TokenRevoked(Recorded, frozen=True, kw_only=True):
    """An API token stopped working. Object: the token; refs: the member."""

    NAME: ClassVar = "token.revoked"
    EN: ClassVar = "{actor} revoked an API token of {member}"
    FR: ClassVar = "{actor} a révoqué un jeton d’API de {member}"
    member: Annotated[UUID, Named("member")]


class RoleAssigned(Recorded, frozen=True, kw_only=True):
    """A member got a role at a scope. Object: the grant; refs: the member."""

    NAME: ClassVar = "role.assigned"
    EN: ClassVar = "{actor} gave {member} the role {role} for {scope}"
    FR: ClassVar = "{actor} a donné à {member} le rôle {role} pour {scope}"
    member: Annotated[UUID, Named("member")]
    role: Code
    starts_at: Moment | None = None
    expires_at: Moment | None = None
    reason: Annotated[Comment, Personal("member")] | None = None


class RoleRevoked(Recorded, frozen=True, kw_only=True):
    """A member lost a role at a scope. Object: the grant; refs: the member."""

    NAME: ClassVar = "role.revoked"
    EN: ClassVar = "{actor} took the role {role} for {scope} from {member}"
    FR: ClassVar = "{actor} a retiré à {member} le rôle {role} pour {scope}"
    member: Annotated[UUID, Named("member")]
    role: Code
    reason: Annotated[Comment, Personal("member")] | None = None


class AccessDenied(Recorded, frozen=True, kw_only=True):
    """The access policy said no. Object: what was asked about; `action` is the imperative name, `message.approve`."""

    NAME: ClassVar = "access.denied"
    EN: ClassVar = "{actor} was refused {action} on {object}: {reason}"
    FR: ClassVar = "{actor} s’est vu refuser {action} sur {object} : {reason}"
    OUTCOME: ClassVar = Outcome.DENIED
    action: Code
    scope: Scope
    reason: Code
    rule: Code | None = None


class AccessDeniedAgain(Recorded, frozen=True, kw_only=True):
    """The same refusal as `first`, so many times more within ten minutes. Object: the scope; actor: who was refused."""

    NAME: ClassVar = "access.denied_again"
    EN: ClassVar = "{actor} was refused {action} {times} more times: {rule}"
    FR: ClassVar = "{actor} s’est vu refuser {action} encore {times} fois : {rule}"
    OUTCOME: ClassVar = Outcome.DENIED
    action: Code
    scope: Scope
    rule: Code
    times: Count
    first: UUID


ACTIONS: tuple[type[Recorded], ...] = (
    SessionSignedIn,
    SessionSignedOut,
    SessionSignInFailed,
    SessionLocked,
    MemberCreated,
    MemberRenamed,
    MemberPasswordSet,
    MemberPasswordRehashed,
    TokenIssued,
    TokenRevoked,
    RoleAssigned,
    RoleRevoked,
    AccessDenied,
    AccessDeniedAgain,
)
