"""From errors to answers, once: problem+json (RFC 9457) for programs, a page for people."""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

import msgspec
from litestar import MediaType, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.params import ParameterKwarg
from litestar.response import Redirect, Template
from litestar.types import ExceptionHandlersMap

from govern import log
from govern.database import AWAY, UNSTORABLE
from govern.domain.members import NotSignedIn, SignInDelayed, SignInFailed
from govern.errors import N_, Conflict, Denied, GovernError, Invalid, NotFound, Unavailable
from govern.web.auth import SAFE_METHODS, SIGN_IN, AnyRequest, BothCredentials
from govern.web.middleware import request_id

logger = log.get(__name__)
PROBLEM_TYPE = "application/problem+json"

# The first kind that fits decides.
_STATUS: tuple[tuple[type[GovernError], int], ...] = (
    (SignInDelayed, 429),
    (SignInFailed, 401),
    (NotSignedIn, 401),
    (BothCredentials, 400),
    (NotFound, 404),
    (Invalid, 422),
    (Conflict, 409),
    (Denied, 403),
    (Unavailable, 503),
)
_TITLES = {
    400: "Bad request",
    401: "Not signed in",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    409: "Not possible now",
    413: "Too large",
    422: "Invalid input",
    429: "Too many tries",
    500: "Something went wrong",
    503: "Not available",
}
# What Litestar itself finds wrong with a request.
_HTTP = {
    400: ("request.malformed", "The request cannot be read. Nothing was changed."),
    404: ("not_found", "There is nothing at this address."),
    405: ("request.method_not_allowed", "This address does not answer this method."),
    413: ("request.too_large", "The request is too large."),
}
_UNKNOWN = "Something went wrong, and we have been told. Nothing more is known to you than the number of this request."
_HIDDEN = frozenset({"decision", "type", "title", "status", "code", "detail", "request_id"})


class Unstorable(Invalid):
    """A text somewhere in the request: only the database knows it, and does not say which."""

    code = "request.unstorable_character"
    template = N_("The request holds a character that cannot be kept (U+0000). Nothing was changed.")


class FieldError(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is wrong with one field; `field` is absent if the body as a whole is to blame."""

    message: str
    field: str | None = None


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An error as programs read it (RFC 9457). `code` is stable; further members depend on the code."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    request_id: str
    reason: str | None = None
    """Of a refusal: what kind of rule said no."""
    rule: str | None = None
    """Of a refusal: the rule that said no."""
    entry: str | None = None
    """Of a refusal: the id of the entry of the log that tells of it; the panel explains it at `/admin/why/<entry>`."""
    errors: tuple[FieldError, ...] = ()


def answer_govern_error(request: AnyRequest, error: GovernError) -> Response[Any]:
    """Answer an error of the five kinds."""
    status = next((status for kind, status in _STATUS if isinstance(error, kind)), 500)
    if status == 500:
        return answer_unknown(request, error)
    if isinstance(error, NotSignedIn) and _may_sign_in(request):
        return Redirect(f"{SIGN_IN}?next={quote(_address(request), safe='')}", status_code=303)
    data = dict(error.data)
    if isinstance(error, Invalid) and isinstance(field := data.get("field"), str):
        data["errors"] = [{"field": field, "message": error.detail}]
    return _answer(request, status, error.code, error.detail, data=data, headers=_headers(request, error))


def answer_http_error(request: AnyRequest, error: HTTPException) -> Response[Any]:
    """Answer what Litestar refused before a handler ran."""
    if isinstance(error, ValidationException):
        faults = tuple(field_errors(error, _own_names(request)))
        detail = "The request is not valid: " + "; ".join(_sentence(fault) for fault in faults)
        return _answer(request, 422, "request.invalid", detail, data={"errors": msgspec.to_builtins(faults)})
    if error.status_code not in _HTTP:
        return answer_unknown(request, error)
    code, detail = _HTTP[error.status_code]
    if error.status_code == 400 and error.detail:
        detail = f"{detail} {error.detail}"
    return _answer(request, error.status_code, code, detail, headers=error.headers or {})


def answer_unknown(request: AnyRequest, error: Exception) -> Response[Any]:
    """Answer an error nobody expected: what the database says of itself is told apart, all else stays with us."""
    if _comes_from(error, AWAY):
        logger.warning("database.away", error=type(error).__name__)
        return answer_govern_error(request, Unavailable())
    if _comes_from(error, UNSTORABLE):
        return answer_govern_error(request, Unstorable())
    logger.error("http.failed", exc_info=error)
    return _answer(request, 500, "internal", _UNKNOWN)


HANDLERS: ExceptionHandlersMap = {
    GovernError: answer_govern_error,
    HTTPException: answer_http_error,
    Exception: answer_unknown,
}
"""Three handlers: with `Exception` alone a 404 would become a 500."""


def speaks_json(request: AnyRequest) -> bool:
    """Tell whether the asker is a program; everybody else sees a page."""
    return request.scope["path"].split("/")[1] in {"api", "schema", "health"}


def field_errors(error: ValidationException, names: Mapping[str, str]) -> Iterable[FieldError]:
    """Give Litestar's findings by the names of the request's own fields; `names` maps a handler's arguments to them."""
    for each in error.extra if isinstance(error.extra, list) else ():
        message, key = str(each.get("message", "")), each.get("key")
        field = names.get(key, key) if key else None
        if field == "data":  # the handler's name for the body
            message = "A JSON body is required" if message == "'data'" else message
            field = message.split("`")[1] if "field `" in message else None
        yield FieldError(message=message, field=field)


def _own_names(request: AnyRequest) -> Mapping[str, str]:
    found = request.scope["route_handler"].parsed_fn_signature.parameters.values()  # there is one: it refused
    marks = {field.name: field.kwarg_definition for field in found}
    return {name: mark.name for name, mark in marks.items() if isinstance(mark, ParameterKwarg) and mark.name}


def _sentence(fault: FieldError) -> str:
    return f"{fault.field}: {fault.message}" if fault.field else fault.message


def _answer(
    request: AnyRequest,
    status: int,
    code: str,
    detail: str,
    *,
    data: Mapping[str, object] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response[Any]:
    problem: dict[str, object] = {
        "type": f"urn:govern:problem:{code}",
        "title": _TITLES.get(status, "Error"),
        "status": status,
        "code": code,
        "detail": detail,
        "request_id": request_id(),
    }
    if speaks_json(request):
        problem |= {key: value for key, value in (data or {}).items() if key not in _HIDDEN}
        body = msgspec.json.encode(problem, enc_hook=str)
        return Response(body, status_code=status, media_type=PROBLEM_TYPE, headers=dict(headers or {}))
    if request.app.template_engine is None:
        return Response(f"{detail}\n", status_code=status, media_type=MediaType.TEXT, headers=dict(headers or {}))
    entry = (data or {}).get("entry")
    problem["why"] = f"/admin/why/{entry}" if entry else ""
    return Template("pages/problem.html", context=problem, status_code=status, headers=dict(headers or {}))


def _headers(request: AnyRequest, error: GovernError) -> dict[str, str]:
    if isinstance(error, Unavailable):
        return {"retry-after": str(error.retry_after)}
    if isinstance(error, SignInDelayed):
        return {"retry-after": str(error.data.get("seconds", 1))}
    if isinstance(error, NotSignedIn) and speaks_json(request):
        return {"www-authenticate": 'Bearer realm="govern"'}
    return {}


def _may_sign_in(request: AnyRequest) -> bool:
    """Only a whole page is replaced by the sign-in form: a part would be swapped into the page it belongs to."""
    return request.method in SAFE_METHODS and not speaks_json(request) and "hx-request" not in request.headers


def _address(request: AnyRequest) -> str:
    query = request.scope["query_string"].decode("latin-1")
    return request.scope["path"] + (f"?{query}" if query else "")


def _comes_from(error: BaseException | None, kinds: tuple[type[BaseException], ...]) -> bool:
    """Look for the database's own words under what was raised over them."""
    while error is not None:
        if isinstance(error, kinds):
            return True
        if isinstance(error, BaseExceptionGroup):
            return any(_comes_from(each, kinds) for each in error.exceptions)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return False
