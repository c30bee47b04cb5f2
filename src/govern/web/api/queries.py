"""What requests have in common; a parameter nobody knows is told, since a filter that does nothing misleads."""

import difflib
from datetime import UTC, datetime
from typing import Annotated, cast

from litestar.exceptions import SerializationException
from litestar.handlers import BaseRouteHandler
from litestar.params import QueryParameter
from msgspec import Meta

from govern.errors import N_, Invalid
from govern.services.message_lists import BadCursor
from govern.web.auth import AnyConnection, AnyRequest

SCOPE = r"^(company|brand:[a-z0-9][a-z0-9-]{0,38}|account:[A-Za-z0-9_]{1,15})$"

Scope = Annotated[str, Meta(pattern=SCOPE, description="`company`, `brand:<slug>` or `account:<handle>`")]
Limit = Annotated[int, QueryParameter(ge=1, le=200, description="How many items at most.")]
Cursor = Annotated[str | None, QueryParameter(max_length=200, description="`next_cursor` of the page before.")]


class UnknownParameter(Invalid):
    code = "request.unknown_parameter"
    template = N_("There is no parameter {name}. {hint}")


class TooDeep(Invalid):
    code = "request.too_deep"
    template = N_("This JSON is nested too deep.")


class BadTime(Invalid):
    code = "request.bad_time"
    template = N_("{value} is not a time with its offset (RFC 3339), as 2026-05-03T14:00:00Z.")


async def check_request(connection: AnyConnection, handler: BaseRouteHandler) -> None:
    """Guard of the API: refuse query parameters the operation does not have, and a body nested too deep to read.

    Raises:
        UnknownParameter: naming the nearest one.
        TooDeep
    """
    known = _known(handler)
    for name in connection.query_params:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"Did you mean {near[0]}?" if near else f"Known: {', '.join(sorted(known)) or 'none'}."
            raise UnknownParameter(name=name[:40], hint=hint, field=name[:40])
    try:
        await cast(AnyRequest, connection).json()  # kept: the handler's own reading is free
    except SerializationException:
        return  # the handler says what is wrong, if it wants a body at all
    except RecursionError:
        raise TooDeep from None


def parse_cursor(text: str | None) -> int | None:
    """Read the cursor of a list that is paged by number.

    Raises:
        BadCursor
    """
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise BadCursor(field="cursor")
    return int(text)


def parse_moment(text: str | None, *, field: str) -> datetime | None:
    """Read a time with its offset, or a day, which begins at midnight UTC.

    Raises:
        BadTime
    """
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
        if len(text) == len("2026-05-03"):
            return moment.replace(tzinfo=UTC)
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):  # OverflowError: the first or last day of the calendar
        pass
    raise BadTime(value=text[:40], field=field)


def _known(handler: BaseRouteHandler) -> set[str]:
    return {
        field.kwarg_definition.name or field.name
        for field in handler.parsed_fn_signature.parameters.values()
        if isinstance(field.kwarg_definition, QueryParameter)
    }
