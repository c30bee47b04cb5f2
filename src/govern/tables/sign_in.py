"""How members prove who they are, besides a password. Secrets are sealed or hashed, never kept as they are."""

from piccolo.columns import UUID, BigInt, Bytea, ForeignKey, Integer, Timestamptz, Varchar
from piccolo.columns.base import OnDelete, OnUpdate
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from govern.domain.sign_in import ChallengeKind, LinkKind
from govern.tables.checks import length, one_of
from govern.tables.member import Member, Session


class Totp(Table, tablename="totp"):
    """A member's authenticator app. It counts once confirmed; `last_step` only rises, so that no code works twice."""

    id = UUID(primary_key=True, default=None, null=False)
    member = ForeignKey(
        Member, on_delete=OnDelete.restrict, on_update=OnUpdate.restrict, null=False, default=None, unique=True
    )
    sealed = Bytea(default=None, null=True, secret=True)
    pending = Bytea(default=None, null=True, secret=True)
    """What takes the place of `sealed` once a code of it was typed: the old one works until then."""
    last_step = BigInt(default=0, null=False)
    created_at = Timestamptz(default=None, null=False)
    confirmed_at = Timestamptz(default=None, null=True)


class RecoveryCode(Table, tablename="recovery_code"):
    """One of ten codes for a lost phone: the SHA-256 of 80 random bits, good once."""

    id = UUID(primary_key=True, default=None, null=False)
    member = ForeignKey(Member, on_delete=OnDelete.restrict, on_update=OnUpdate.restrict, null=False, default=None)
    code_hash = Bytea(default=None, null=False, secret=True)
    created_at = Timestamptz(default=None, null=False)
    used_at = Timestamptz(default=None, null=True)

    recovery_code_unique = Unique(["member", "code_hash"])


class Passkey(Table, tablename="passkey"):
    """A public key whose private half never leaves the member's device."""

    id = UUID(primary_key=True, default=None, null=False)
    member = ForeignKey(Member, on_delete=OnDelete.restrict, on_update=OnUpdate.restrict, null=False, default=None)
    credential_id = Bytea(default=None, null=False, unique=True)
    public_key = Bytea(default=None, null=False)
    sign_count = BigInt(default=0, null=False)
    name = Varchar(length=60, default=None, null=False)
    created_at = Timestamptz(default=None, null=False)
    used_at = Timestamptz(default=None, null=True)
    removed_at = Timestamptz(default=None, null=True)

    passkey_name_check = length("name", 1, 60)


class Challenge(Table, tablename="challenge"):
    """A step of a sign-in that waits for its answer: good for five minutes, once."""

    id = UUID(primary_key=True, default=None, null=False)
    kind = Varchar(length=16, default=None, null=False)
    token_hash = Bytea(default=None, null=False, unique=True, secret=True)
    member = ForeignKey(Member, on_delete=OnDelete.restrict, on_update=OnUpdate.restrict, null=True, default=None)
    session = ForeignKey(Session, on_delete=OnDelete.restrict, on_update=OnUpdate.restrict, null=True, default=None)
    challenge = Bytea(default=None, null=True)
    """What a passkey must sign."""
    tries = Integer(default=0, null=False)
    created_at = Timestamptz(default=None, null=False)
    expires_at = Timestamptz(default=None, null=False)
    used_at = Timestamptz(default=None, null=True)

    challenge_kind_check = one_of("kind", ChallengeKind)
    challenge_life_check = Check("expires_at > created_at")


class MemberLink(Table, tablename="member_link"):
    """A one-time link that lets a person choose how to sign in: an invitation, or a reset."""

    id = UUID(primary_key=True, default=None, null=False)
    kind = Varchar(length=8, default=None, null=False)
    token_hash = Bytea(default=None, null=False, unique=True, secret=True)
    member = ForeignKey(Member, on_delete=OnDelete.restrict, on_update=OnUpdate.restrict, null=False, default=None)
    created_by = ForeignKey(Member, on_delete=OnDelete.restrict, on_update=OnUpdate.restrict, null=True, default=None)
    created_at = Timestamptz(default=None, null=False)
    expires_at = Timestamptz(default=None, null=False)
    used_at = Timestamptz(default=None, null=True)
    revoked_at = Timestamptz(default=None, null=True)

    member_link_kind_check = one_of("kind", LinkKind)
    member_link_life_check = Check("expires_at > created_at")


class SignInFailure(Table, tablename="sign_in_failure"):
    """Failed sign-ins by what was typed or whence: a keyed hash, so that unknown addresses are counted alike."""

    key = Bytea(primary_key=True, default=None, null=False)
    failures = Integer(default=0, null=False)
    last_at = Timestamptz(default=None, null=False)
    locked_until = Timestamptz(default=None, null=True)
