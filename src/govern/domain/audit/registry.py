"""Every action the log can record: the plain list of all govern can say about itself."""

from collections.abc import Mapping

from govern.domain.audit import (
    accounts,
    conversations,
    decisions,
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
    x_app,
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
    *decisions.ACTIONS,
    *operations.ACTIONS,
    *log.ACTIONS,
    *verification.ACTIONS,
    *reading.ACTIONS,
    *conversations.ACTIONS,
    *erasure.ACTIONS,
    *exports.ACTIONS,
    *x_app.ACTIONS,
)
BY_NAME: Mapping[str, type[Recorded]] = {action.NAME: action for action in ACTIONS}
