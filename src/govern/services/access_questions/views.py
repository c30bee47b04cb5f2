"""The answers, as pages, the API and the command line print them."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import msgspec

from govern.access.catalogue import Risk, Text
from govern.access.explain import Explanation, RuleWords, Unblock
from govern.access.weighing import Standing
from govern.services.audit import NamedObject


class PersonName(msgspec.Struct, frozen=True, kw_only=True):
    """A member, by the names people know."""

    id: UUID
    name: str
    email: str
    state: str


class GrantStory(msgspec.Struct, frozen=True, kw_only=True):
    """A grant with who gave it, when and why. `granted_by` is None where the service gave it itself, as to the first admin."""

    id: UUID
    member: UUID
    member_name: str
    role: str
    scope: str
    granted_by: str | None
    granted_at: datetime
    reason: str
    starts_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


class AblePerson(msgspec.Struct, frozen=True, kw_only=True):
    """A member who can, or can under conditions, and the grants that allow it."""

    member: PersonName
    standing: Standing
    grants: tuple[GrantStory, ...]


class WhoCan(msgspec.Struct, frozen=True, kw_only=True):
    """Everybody who can do the action at the scope, by name."""

    action: str
    scope: str
    at: datetime
    digest: str
    people: tuple[AblePerson, ...]


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """A scope where a member can do something."""

    scope: str
    standing: Standing
    grants: tuple[GrantStory, ...]


class WhereCan(msgspec.Struct, frozen=True, kw_only=True):
    """Every scope, in the order of the tree, where the member can do the action and the reader may know."""

    member: PersonName
    action: str
    at: datetime
    digest: str
    places: tuple[Place, ...]


class ActionRow(msgspec.Struct, frozen=True, kw_only=True):
    """One action with the scopes where the member can do it; at all others the answer is no."""

    action: str
    label: Text
    risk: Risk
    places: Mapping[str, Standing]


class WhatCan(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the member can do: `scopes` are the columns, in the order of the tree."""

    member: PersonName
    at: datetime
    digest: str
    scopes: tuple[str, ...]
    actions: tuple[ActionRow, ...]


class Why(msgspec.Struct, frozen=True, kw_only=True):
    """Why a member can or cannot do something."""

    member: PersonName
    at: datetime
    explanation: Explanation
    grant: GrantStory | None
    """What gave the role whose rule decided."""
    helpers: tuple[AblePerson, ...] | None
    """Who could help; None: the reader sees roles only (`explanation.unblock`)."""


class EntryWhy(msgspec.Struct, frozen=True, kw_only=True):
    """Why something was allowed or denied, from what the audit log kept of that decision."""

    entry: UUID | None
    at: datetime
    actor: NamedObject
    scope: str
    allowed: bool | None = None
    """None: no rule was asked, as for what the service does by itself."""
    action: str | None = None
    reason: str | None = None
    rule_id: str | None = None
    rule: RuleWords | None = None
    """None: none decided, or its policy can no longer be read."""
    sentence: Text | None = None
    digest: str | None = None
    version: str | None = None
    """Of the access state that decided, where the entry kept it."""
    grant: GrantStory | None = None
    unblock: Unblock | None = None
    """What would help now."""
    helpers: tuple[AblePerson, ...] | None = ()
    """Who could help now; None: the reader sees roles only."""
