"""What X says of the whole X app, and what admins do about it. The object of each is the system (`ObjectRef("system", "x")`)."""

from typing import ClassVar

from govern.domain.audit.fields import Code, Outcome, Recorded, Sha256


class XCreditsSpent(Recorded, frozen=True, kw_only=True):
    """X has no credits for the app any more: no account sends. Told once, until they are back."""

    NAME: ClassVar = "x.credits_spent"
    EN: ClassVar = "X says that the app’s credits are spent: all accounts wait"
    FR: ClassVar = "X indique que les crédits de l’application sont épuisés : tous les comptes sont en attente"
    OUTCOME: ClassVar = Outcome.FAILED


class XCreditsBack(Recorded, frozen=True, kw_only=True):
    """X took a message again: who waited for credits goes on."""

    NAME: ClassVar = "x.credits_back"
    EN: ClassVar = "X takes messages again: the app’s credits are back"
    FR: ClassVar = "X accepte à nouveau les messages : les crédits de l’application sont rétablis"


class XCreditsTried(Recorded, frozen=True, kw_only=True):
    """An admin says that there are credits again: the next message tries."""

    NAME: ClassVar = "x.credits_tried"
    EN: ClassVar = "{actor} had it tried whether X has credits again"
    FR: ClassVar = "{actor} a fait vérifier si X a de nouveau des crédits"


class XRulesOutdated(Recorded, frozen=True, kw_only=True):
    """X refused what a rule of `x.toml` let pass a moment before. Refs: the message. Told once for a policy and a rule."""

    NAME: ClassVar = "x.rules_outdated"
    EN: ClassVar = "X refused what the rule {rule} allows ({reason}): the rules of X are outdated"
    FR: ClassVar = "X a refusé ce que la règle {rule} autorise ({reason}) : les règles de X sont périmées"
    OUTCOME: ClassVar = Outcome.FAILED
    rule: Code
    reason: Code
    policy: Sha256


ACTIONS: tuple[type[Recorded], ...] = (XCreditsSpent, XCreditsBack, XCreditsTried, XRulesOutdated)
