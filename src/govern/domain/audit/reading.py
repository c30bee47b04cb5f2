"""Looks at what is private: threads with people outside, personal fields of the log itself."""

from typing import ClassVar

from govern.domain.audit.fields import Codes, Count, Recorded


class ConversationDmRead(Recorded, frozen=True, kw_only=True):
    """Private messages were shown to somebody who did not write them. Object: the account; refs: messages, contacts."""

    NAME: ClassVar = "conversation.dm_read"
    EN: ClassVar = "{actor} read private messages of {object} ({messages})"
    FR: ClassVar = "{actor} a lu des messages privés de {object} ({messages})"
    messages: Count


class AuditOpened(Recorded, frozen=True, kw_only=True):
    """Personal fields of an entry were shown. Object: that entry; refs: whose keys opened them."""

    NAME: ClassVar = "audit.opened"
    EN: ClassVar = "{actor} looked at personal fields of {object}"
    FR: ClassVar = "{actor} a consulté des champs personnels de {object}"
    fields: Codes


ACTIONS: tuple[type[Recorded], ...] = (ConversationDmRead, AuditOpened)
