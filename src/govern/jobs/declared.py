"""What each job may do: the action it asks the policy for, or why it asks nobody."""

from collections.abc import Iterable, Mapping
from types import ModuleType

from govern.domain.actions import Action
from govern.jobs import (
    connect,
    deliver,
    export,
    ingest,
    publish,
    recheck,
    reconcile,
    renew,
    rescreen,
    revoke,
    sequence,
    subscribe,
    sweep,
    tidy,
    verify,
)

MODULES: Mapping[str, ModuleType] = {
    "connect": connect,
    "deliver": deliver,
    "export": export,
    "ingest": ingest,
    "publish": publish,
    "recheck": recheck,
    "reconcile": reconcile,
    "renew": renew,
    "rescreen": rescreen,
    "revoke": revoke,
    "sequence": sequence,
    "subscribe": subscribe,
    "sweep": sweep,
    "tidy": tidy,
    "verify": verify,
}
"""By the names that worker and sequencer run them under. Each says `ACTION: Action`, or `WHY: str` if it acts for nobody."""


class UndeclaredJobError(Exception):
    """A job says neither which action it is nor why it needs none: the worker does not start."""


def check_declared(names: Iterable[str], modules: Mapping[str, ModuleType] = MODULES) -> None:
    """Refuse to start with a job that declares nothing.

    Raises:
        UndeclaredJobError: with all of them.
    """
    missing = sorted(name for name in names if not _declared(modules.get(name)))
    if missing:
        raise UndeclaredJobError(", ".join(missing))


def _declared(module: ModuleType | None) -> bool:
    action, why = getattr(module, "ACTION", None), getattr(module, "WHY", None)
    if action is None:
        return isinstance(why, str) and bool(why)
    return isinstance(action, Action) and why is None
