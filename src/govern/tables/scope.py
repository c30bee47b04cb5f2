from typing import Any

from piccolo.columns import ForeignKey, Varchar
from piccolo.columns.base import OnDelete, OnUpdate
from piccolo.constraints import Check
from piccolo.table import Table

from govern.tables.checks import one_of


class Scope(Table, tablename="scope"):
    """Where a grant or a pause holds: `company`, `brand:<slug>`, `account:<handle>`. Keys are never changed or reused."""

    key = Varchar(length=64, primary_key=True, default=None, null=False)
    kind = Varchar(length=10, default=None, null=False)
    parent: ForeignKey[Any] = ForeignKey(
        "self", on_delete=OnDelete.restrict, on_update=OnUpdate.restrict, null=True, default=None
    )

    scope_kind_check = one_of("kind", ("company", "brand", "account"))
    scope_root_check = Check('("kind" = \'company\') = ("parent" IS NULL)')
