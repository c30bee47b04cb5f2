"""Every action the log can record: the plain list of all govern can say about itself."""

from collections.abc import Mapping

from govern.domain.audit import (
    accounts,
    erasure,
    exports,
    factors,
    log,
    media,
    membership,
    messages,
    operations,
    people,
    publications,
    reading,
    verification,
)
from govern.domain.audit.fields import Recorded

ACTIONS: tuple[type[Recorded], ...] = (
    *people.ACTIONS,
    *factors.ACTIONS,
    *membership.ACTIONS,
    *accounts.ACTIONS,
    *messages.ACTIONS,
    *media.ACTIONS,
    *publications.ACTIONS,
    *operations.ACTIONS,
    *log.ACTIONS,
    *verification.ACTIONS,
    *reading.ACTIONS,
    *erasure.ACTIONS,
    *exports.ACTIONS,
)
BY_NAME: Mapping[str, type[Recorded]] = {action.NAME: action for action in ACTIONS}
