"""Brands: groups of accounts, each with its scope."""

from datetime import datetime
from uuid import UUID

import msgspec

from govern.access import Access
from govern.database import rows
from govern.domain.accounts import (
    COMPANY,
    SLUG,
    brand_scope,
)
from govern.domain.actions import Action, Target
from govern.domain.audit import (
    BrandCreated,
    ObjectRef,
)
from govern.domain.ids import uuid7
from govern.domain.members import Actor
from govern.errors import N_, Conflict, Invalid, NotFound
from govern.services import audit
from govern.services.use_case import use_case
from govern.tables import Brand as BrandTable
from govern.tables import Scope


class UnknownBrand(NotFound):
    code = "brand.unknown"
    template = N_("There is no brand {name}.")


class BrandExists(Conflict):
    code = "brand.exists"
    template = N_("There is already a brand {slug}.")


class Brand(msgspec.Struct, frozen=True, kw_only=True):
    """A group of accounts."""

    id: UUID
    slug: str
    name: str
    scope: str


async def list_brands(*, actor: Actor, access: Access) -> list[Brand]:
    """Return the brands in which the actor may read an account, or which the actor may edit."""
    seen = await access.where_can(actor, Action.MESSAGE_READ) | await access.where_can(actor, Action.BRAND_EDIT)
    found = await BrandTable.select(BrandTable.id, BrandTable.slug, BrandTable.name, BrandTable.scope).order_by(
        BrandTable.name
    )
    parents = {row["parent"] for row in rows(await Scope.select(Scope.key, Scope.parent)) if row["key"] in seen}
    return [msgspec.convert(row, Brand) for row in rows(found) if row["scope"] in seen | parents]


async def create_brand(*, slug: str, name: str, actor: Actor, access: Access, now: datetime) -> Brand:
    """Add a brand and its scope."""
    if not SLUG.fullmatch(slug):
        raise Invalid(reason="A brand's short name has a to z, 0 to 9 and -, at most 39.", field="slug")
    if not 1 <= len(name.strip()) <= 80:
        raise Invalid(reason="A name has 1 to 80 characters.", field="name")
    async with use_case(actor=actor, now=now):
        await access.lock()  # a new scope
        decision = await access.require(actor, Action.BRAND_EDIT, Target(scope=COMPANY))
        if await BrandTable.exists().where(BrandTable.slug == slug):
            raise BrandExists(slug=slug, field="slug")
        row = BrandTable(id=uuid7(now), slug=slug, name=name.strip(), scope=brand_scope(slug), created_at=now)
        await Scope.insert(Scope(key=brand_scope(slug), kind="brand", parent=COMPANY))
        await BrandTable.insert(row)
        await audit.record(
            BrandCreated(slug=slug, name=name.strip()),
            actor=actor,
            now=now,
            object=ObjectRef(kind="brand", id=row.id),
            scope=brand_scope(slug),
            decision=decision,
        )
        return Brand(id=row.id, slug=slug, name=name.strip(), scope=brand_scope(slug))
