"""How the control API reads its bodies: nothing but the fields, and plain words for what is wrong."""

from typing import Any, TypeVar

import msgspec
from litestar import Request

from govern.sandbox.problems import ApiError

_T = TypeVar("_T")


class Body(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A body with nothing but its fields."""


async def read(request: Request[Any, Any, Any], kind: type[_T]) -> _T:
    """Read a body.

    Raises:
        ApiError: 400 with what is wrong and where.
    """
    try:
        return msgspec.json.decode(await request.body(), type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ApiError(400, str(error)) from error
