"""All tables are listed, and all history stays."""

import importlib
import pkgutil

from piccolo.columns import ForeignKey
from piccolo.columns.base import OnDelete, OnUpdate
from piccolo.columns.column_types import Timestamp
from piccolo.table import Table

import govern.tables
from govern.tables import TABLES


def declared() -> set[type[Table]]:
    modules = [
        importlib.import_module(f"govern.tables.{each.name}") for each in pkgutil.iter_modules(govern.tables.__path__)
    ]
    found = {value for module in modules for value in vars(module).values() if isinstance(value, type)}
    return {value for value in found if issubclass(value, Table) and value is not Table}


def test_every_table_is_in_the_list_of_all_tables() -> None:
    assert set(TABLES) == declared()
    assert {table.__name__ for table in TABLES} | {"TABLES"} == set(govern.tables.__all__)


def test_no_foreign_key_takes_history_along() -> None:
    keys = [column for table in TABLES for column in table._meta.columns if isinstance(column, ForeignKey)]
    assert len(keys) > 30
    rules = {(key._foreign_key_meta.on_delete, key._foreign_key_meta.on_update) for key in keys}
    assert rules == {(OnDelete.restrict, OnUpdate.restrict)}


def test_every_moment_knows_its_zone() -> None:
    assert [column for table in TABLES for column in table._meta.columns if type(column) is Timestamp] == []


def test_moments_end_in_at_or_say_until_when() -> None:
    moments = [
        column._meta.name
        for table in TABLES
        for column in table._meta.columns
        if column.value_type.__name__ == "datetime"
    ]
    assert [
        name for name in moments if not name.endswith(("_at", "_until", "_before", "_after", "since", "_from", "_to"))
    ] == []
