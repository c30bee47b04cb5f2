"""The gate between claims and those who stop them: who changes it waits for claims decided before; later ones see it."""

from govern.tables import Scope

_KEY = 0x67617465  # "gate": the advisory lock of this one purpose
_ENTER = "SELECT pg_advisory_xact_lock_shared({})"
_CLOSE = "SELECT pg_advisory_xact_lock({})"


async def enter_gate() -> None:
    """Decide about a claim: many at once, none while the gate is closed. Before any other lock of the transaction."""
    await Scope.raw(_ENTER, _KEY)


async def close_gate() -> None:
    """Take a right away or pause: no claim is half decided now. Before any other lock of the transaction."""
    await Scope.raw(_CLOSE, _KEY)
