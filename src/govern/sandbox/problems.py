"""X's error answers: what the client must be able to tell apart, word for word."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any, TypeVar

import msgspec
from litestar import Request

_T = TypeVar("_T")

DUPLICATE = "You are not allowed to create a Tweet with duplicate content."
NOT_SUMMONED = (
    "Reply to this conversation is not allowed because you have not been mentioned or otherwise engaged "
    "by the author of the post you are replying to."
)
QUOTE_NOT_SUMMONED = (
    "Quoting this post is not allowed because you have not been mentioned or are not part of the conversation thread "
    "of the post you are quoting."
)
NO_DM = "You do not have permission to DM one or more participants."
TOO_LONG = (
    "Your Tweet text is too long. For more information on how Twitter determines text length see "
    "https://github.com/twitter/twitter-text."
)
GONE = "You attempted to reply to a Tweet that is deleted or not visible to you."
GONE_QUOTE = "You attempted to quote a Tweet that is deleted or not visible to you."
NOT_YOURS = "You are not authorized to delete this Tweet."
NOT_YOUR_THREAD = "You are not authorized to hide or show replies of this conversation."
CASHTAGS = "You are not allowed to create a Tweet with more than one cashtag."
SUSPENDED = "Your account is suspended and is not permitted to access this feature."
BAD_MEDIA = "Your media IDs are invalid."
_PROBLEMS = "https://api.x.com/2/problems"


class ApiError(Exception):
    """An answer that is an error: a status and the JSON body that X, or the control API, sends with it."""

    def __init__(self, status: int, detail: str, *, title: str = "", type_: str = "about:blank", **more: Any) -> None:
        super().__init__(detail)
        self.status = status
        self.asks_password = False
        self.body = {"title": title or HTTPStatus(status).phrase, "detail": detail, "type": type_, **more}
        self.body["status"] = status


def invalid(message: str, **parameters: str) -> ApiError:
    """Answer a request that breaks X's schema; `parameters` name what is at fault."""
    given = {name: [value] for name, value in parameters.items()}
    return ApiError(
        400,
        "One or more parameters to your request was invalid.",
        title="Invalid Request",
        type_=f"{_PROBLEMS}/invalid-request",
        errors=[{"parameters": given, "message": message}],
    )


def bare(status: int, body: dict[str, Any]) -> ApiError:
    """Answer with a body that is no problem of RFC 7807: those of the token endpoint, those of X's first API."""
    problem = ApiError(status, str(body))
    problem.body = body
    return problem


def unauthorized() -> ApiError:
    return ApiError(401, "Unauthorized")


def forbidden() -> ApiError:
    return ApiError(403, "Forbidden")


def unsupported(given: str, taken: Iterable[str]) -> ApiError:
    """Refuse a kind of credentials; X says which it takes."""
    return ApiError(
        403,
        f"Authenticating with {given} is forbidden for this endpoint.  "
        f"Supported authentication types are [{', '.join(taken)}].",
        title="Unsupported Authentication",
        type_=f"{_PROBLEMS}/unsupported-authentication",
    )


def usage_capped(account_id: int) -> ApiError:
    """Refuse because the month's quota is spent, whatever the rate window says."""
    return ApiError(
        429,
        "Usage cap exceeded: Monthly product cap",
        title="UsageCapExceeded",
        type_=f"{_PROBLEMS}/usage-capped",
        account_id=account_id,
        period="Monthly",
        scope="Product",
    )


def no_credits(account_id: int) -> ApiError:
    return ApiError(
        402,
        f"Your enrolled account [{account_id}] does not have any credits to fulfill this request.",
        title="CreditsDepleted",
        type_=f"{_PROBLEMS}/credits",
    )


def not_found(kind: str, parameter: str, value: object) -> dict[str, Any]:
    """Return X's words for a user, post or message that is not there: they come with status 200."""
    error = {
        "value": str(value),
        "detail": f"Could not find {kind} with {parameter}: [{value}].",
        "title": "Not Found Error",
        "resource_type": kind,
        "parameter": parameter,
        "resource_id": str(value),
        "type": f"{_PROBLEMS}/resource-not-found",
    }
    return {"errors": [error]}


def suspended(parameter: str, value: object) -> dict[str, Any]:
    """Return X's words for a user whose account is suspended."""
    answer = not_found("user", parameter, value)
    answer["errors"][0] |= {"detail": f"User has been suspended: [{value}].", "title": "Forbidden"}
    return answer


async def read_body(request: Request[Any, Any, Any], kind: type[_T]) -> _T:
    """Read a JSON body that may hold nothing but the fields of `kind`.

    Raises:
        ApiError: 400 in X's shape, with what is wrong and where.
    """
    try:
        return msgspec.json.decode(await request.body(), type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise invalid(str(error)) from error


def read_id(value: str, parameter: str = "id") -> int:
    """Read an id from a path, a query or a body.

    Raises:
        ApiError: 400, when it is not a number of 1 to 19 digits.
    """
    if not (value.isascii() and value.isdigit() and len(value) <= 19):
        raise invalid(f"The `{parameter}` query parameter value [{value}] is not valid", **{parameter: value})
    return int(value)
