"""The words of signing in: steps that wait for an answer, links that let a person in, factors."""

from enum import StrEnum


class ChallengeKind(StrEnum):
    """What a pending step of a sign-in waits for."""

    SECOND_FACTOR = "second_factor"
    """The password was right; a code or passkey is missing."""
    PASSKEY_SIGN_IN = "passkey_sign_in"
    """A passkey signs in by itself."""
    PASSKEY_ADD = "passkey_add"
    """A member adds a passkey."""
    STEP_UP = "step_up"
    """A signed-in member proves again who they are, with a passkey."""


class LinkKind(StrEnum):
    """What a one-time link is for."""

    INVITE = "invite"
    """A person's first sign-in."""
    RESET = "reset"
    """New ways to sign in, the old ones are gone."""


class Factor(StrEnum):
    """What a session's member proved. Values are stored in entries and never renamed."""

    PASSWORD = "password"  # noqa: S105 - the word, not a secret
    """Something known."""
    TOTP = "totp"
    """A code of an authenticator app."""
    RECOVERY = "recovery"
    """A recovery code."""
    PASSKEY = "passkey"
    """A passkey, with the device's own check of the person: two factors in one."""
