"""CHECK constraints made from the domain's enums, since Piccolo does not enforce `choices`."""

from collections.abc import Iterable
from enum import StrEnum

from piccolo.constraints import Check


def one_of(column: str, values: type[StrEnum] | Iterable[str]) -> Check:
    """Allow only the enum's values (and NULL, where the column is nullable)."""
    listed = ", ".join(f"'{value}'" for value in values)
    return Check(f'"{column}" IN ({listed})')


def subset_of(column: str, values: type[StrEnum]) -> Check:
    """Allow only arrays of the enum's values."""
    listed = ", ".join(f"'{value}'" for value in values)
    return Check(f'"{column}" <@ ARRAY[{listed}]::varchar[]')


def length(column: str, least: int, most: int) -> Check:
    """Allow texts from `least` to `most` characters."""
    return Check(f'char_length("{column}") BETWEEN {least} AND {most}')
