"""What happens to a person's membership: invited, joined, suspended, removed."""

from typing import Annotated, ClassVar

from govern.domain.audit.fields import Comment, Count, Moment, Personal, Recorded


class MemberInvited(Recorded, frozen=True, kw_only=True):
    """A one-time link was made for a person who has not joined yet. Object: the member; never the link."""

    NAME: ClassVar = "member.invited"
    EN: ClassVar = "{actor} made an invitation link for {object}"
    FR: ClassVar = "{actor} a créé un lien d’invitation pour {object}"
    expires_at: Moment


class MemberJoined(Recorded, frozen=True, kw_only=True):
    """A person used their invitation and chose a password. Object: the member."""

    NAME: ClassVar = "member.joined"
    EN: ClassVar = "{actor} accepted the invitation and chose a password"
    FR: ClassVar = "{actor} a accepté l’invitation et choisi un mot de passe"


class MemberSignInReset(Recorded, frozen=True, kw_only=True):
    """All ways to sign in ended, and a one-time link was made to choose new ones. Object: the member."""

    NAME: ClassVar = "member.sign_in_reset"
    EN: ClassVar = "{actor} reset the sign-in of {object}: all sessions, tokens and second factors ended"
    FR: ClassVar = "{actor} a réinitialisé la connexion de {object} : sessions, jetons et seconds facteurs ont pris fin"
    expires_at: Moment
    sessions: Count
    tokens: Count
    reason: Annotated[Comment, Personal("member")] | None = None


class MemberSuspended(Recorded, frozen=True, kw_only=True):
    """A member may do nothing until reinstated; their sessions ended. Object: the member."""

    NAME: ClassVar = "member.suspended"
    EN: ClassVar = "{actor} suspended {object}"
    FR: ClassVar = "{actor} a suspendu {object}"
    sessions: Count
    reason: Annotated[Comment, Personal("member")] | None = None


class MemberReinstated(Recorded, frozen=True, kw_only=True):
    """A suspended member may act again, with the roles that still hold. Object: the member."""

    NAME: ClassVar = "member.reinstated"
    EN: ClassVar = "{actor} reinstated {object}"
    FR: ClassVar = "{actor} a rétabli {object}"
    reason: Annotated[Comment, Personal("member")] | None = None


class MemberRemoved(Recorded, frozen=True, kw_only=True):
    """A member left: roles, sessions and tokens ended with it. Object: the member."""

    NAME: ClassVar = "member.removed"
    EN: ClassVar = "{actor} removed {object}: roles {roles}, sessions {sessions}, tokens {tokens} ended"
    FR: ClassVar = "{actor} a retiré {object} : fin de {roles} rôle(s), {sessions} session(s), {tokens} jeton(s)"
    roles: Count
    sessions: Count
    tokens: Count
    reason: Annotated[Comment, Personal("member")] | None = None


ACTIONS: tuple[type[Recorded], ...] = (
    MemberInvited,
    MemberJoined,
    MemberSignInReset,
    MemberSuspended,
    MemberReinstated,
    MemberRemoved,
)
