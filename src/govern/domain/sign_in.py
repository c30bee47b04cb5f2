"""The words of signing in: steps that wait for an answer, links that let a person in, factors, and what goes wrong."""

from collections.abc import Iterable
from datetime import timedelta
from enum import StrEnum

from govern.domain.members import SignInFailed
from govern.errors import N_, Conflict, Denied, Invalid

FRESH = timedelta(minutes=15)
"""For so long a proof lets a member do what is critical."""
STEP_LIFE = timedelta(minutes=5)
STEP_TRIES = 5
FREE_TRIES = 5
"""Wrong passwords or codes for one e-mail address before each further try has to wait."""
FREE_TRIES_OF_NETWORK = 50
"""The same for one network address: an office shares one."""
LONGEST_DELAY = 900
FORGOTTEN_AFTER = timedelta(hours=24)
CHANGE_SIGN_IN = "second_factor.change"
"""What a denial names where a member must be fresh to change how they sign in; no right: it is one's own."""


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


class StepOver(SignInFailed):
    """Unknown, answered, tried too often or older than five minutes: one answer for all."""

    code = "session.step_over"
    template = N_("This sign-in took too long or was tried too often. Please start again.")


class ProofRefused(SignInFailed):
    """A code that is wrong or was used already, a wrong password, a passkey that does not answer as it must."""

    code = "session.proof_refused"
    template = N_("This did not work: the code, password or passkey is wrong, or the code was used already.")


class NoSecondFactor(Conflict):
    code = "second_factor.none"
    template = N_("Add an authenticator app or a passkey first.")


class LastSecondFactor(Conflict):
    code = "second_factor.last"
    template = N_("This is your last second factor. Add another one before you remove it.")


class WrongCode(Invalid):
    code = "second_factor.wrong_code"
    template = N_("This code does not fit. Check that the clock of your phone is right, and type the next code.")


class PasskeyRefused(Invalid):
    code = "passkey.refused"
    template = N_("This passkey could not be added. Please try again.")


class NotFresh(Denied):
    """To change how one signs in, one proves again who one is: a stolen session must not be able to."""

    template = N_("Please prove again who you are: a change of how you sign in needs a fresh sign-in.")

    def __init__(self) -> None:
        super().__init__(
            reason="denied_by_rule",
            rule=f"fresh.{CHANGE_SIGN_IN}",
            action=CHANGE_SIGN_IN,
            scope="company",
            sentence=self.template,
            sentence_fr="Prouvez à nouveau votre identité : changer vos moyens de connexion demande une connexion récente.",
        )


def normal_email(email: str) -> str:
    """Return an address as it is kept, however it was typed."""
    return email.replace("\0", "").strip().lower()


def delay_after(failures: int, *, free: int = FREE_TRIES) -> int:
    """Return how many seconds the next try must wait: none below the free ones, then 2, 4, … 900."""
    over = failures - free + 1
    return 0 if over <= 0 else min(2 ** min(over, 10), LONGEST_DELAY)


def is_second(factors: Iterable[str]) -> bool:
    """Tell whether more than a password was proved."""
    return any(factor != Factor.PASSWORD for factor in factors)
