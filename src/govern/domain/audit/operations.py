"""What happens to the service itself: pauses, policies, starts."""

from typing import Annotated, ClassVar

from govern.domain.audit.fields import Code, Codes, Comment, Count, Personal, Recorded, Sha256


class PauseSet(Recorded, frozen=True, kw_only=True):
    """Publishing stopped at a scope. Object: the pause."""

    NAME: ClassVar = "pause.set"
    EN: ClassVar = "{actor} paused publishing for {scope}"
    FR: ClassVar = "{actor} a suspendu la publication pour {scope}"
    kinds: Codes
    """Kinds of message it stops."""
    reason: Annotated[Comment, Personal("pause")] | None = None


class PauseLifted(Recorded, frozen=True, kw_only=True):
    """Publishing goes on at a scope. Object: the pause."""

    NAME: ClassVar = "pause.lifted"
    EN: ClassVar = "{actor} lifted the pause for {scope}"
    FR: ClassVar = "{actor} a levé la suspension pour {scope}"
    reason: Annotated[Comment, Personal("pause")] | None = None


class PolicyLoaded(Recorded, frozen=True, kw_only=True):
    """A policy is in force from now on. Object: the policy (`ObjectRef("policy", "screening")`)."""

    NAME: ClassVar = "policy.loaded"
    EN: ClassVar = "{actor} loaded the policy {family}"
    FR: ClassVar = "{actor} a chargé la politique {family}"
    family: Code
    digest: Sha256
    previous: Sha256 | None = None


class PolicyActivated(Recorded, frozen=True, kw_only=True):
    """Another access policy decides from now on. Object: the policy (`ObjectRef("policy", "access")`)."""

    NAME: ClassVar = "policy.activated"
    EN: ClassVar = "{actor} put an access policy in force: {gains} gains, {losses} losses"
    FR: ClassVar = "{actor} a mis en vigueur une politique d’accès : {gains} droits gagnés, {losses} perdus"
    digest: Sha256
    previous: Sha256 | None = None
    gains: Count
    """Lines of the simulation: what a member may do that was denied before."""
    losses: Count
    reason: Annotated[Comment, Personal("policy")] | None = None


class SystemStarted(Recorded, frozen=True, kw_only=True):
    """A process started. Object: the system (`ObjectRef("system", "worker")`)."""

    NAME: ClassVar = "system.started"
    EN: ClassVar = "The process {process} started, version {version}"
    FR: ClassVar = "Le processus {process} a démarré, version {version}"
    process: Code
    version: Code


class DemoSeeded(Recorded, frozen=True, kw_only=True):
    """The demo company was made. Object: the system (`ObjectRef("system", "demo")`)."""

    NAME: ClassVar = "demo.seeded"
    EN: ClassVar = "{actor} made the demo company: {members} people, {accounts} accounts"
    FR: ClassVar = "{actor} a créé l’entreprise de démonstration : {members} personnes, {accounts} comptes"
    members: Count
    accounts: Count


ACTIONS: tuple[type[Recorded], ...] = (PauseSet, PauseLifted, PolicyLoaded, PolicyActivated, SystemStarted, DemoSeeded)
