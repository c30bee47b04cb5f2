"""Questions about access: who can, where can, what can, and why; now or as of a date. They answer and allow nothing."""

from govern.services.access_questions.asked import (
    OPERATOR,
    BadAction,
    BadFact,
    BadMoment,
    BadScope,
    NothingInForce,
    read_moment,
)
from govern.services.access_questions.entries import explain_entry
from govern.services.access_questions.views import (
    AblePerson,
    ActionRow,
    EntryWhy,
    GrantStory,
    PersonName,
    Place,
    WhatCan,
    WhereCan,
    WhoCan,
    Why,
)
from govern.services.access_questions.who import what_can, where_can, who_can
from govern.services.access_questions.why import explain_access

__all__ = [
    "OPERATOR",
    "AblePerson",
    "ActionRow",
    "BadAction",
    "BadFact",
    "BadMoment",
    "BadScope",
    "EntryWhy",
    "GrantStory",
    "NothingInForce",
    "PersonName",
    "Place",
    "WhatCan",
    "WhereCan",
    "WhoCan",
    "Why",
    "explain_access",
    "explain_entry",
    "read_moment",
    "what_can",
    "where_can",
    "who_can",
]
