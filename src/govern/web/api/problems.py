"""How the API document describes errors."""

from collections.abc import Mapping

from litestar.openapi.datastructures import ResponseSpec

from govern.web.errors import PROBLEM_TYPE, Problem

_SAID = {
    400: "The request cannot be read: malformed JSON, or a cookie beside the token.",
    401: "No token, or one that is unknown, expired or revoked.",
    403: "The access policy says no; `reason` and `rule` say why. The refusal is in the audit log.",
    404: "There is no such thing, or you may not know of it.",
    409: "The state of things does not allow it now (stale revision, decided meanwhile). Nothing was changed.",
    422: "A field breaks its rule; `errors` names it. Nothing was changed.",
    503: "An engine is down. Nothing was changed; `Retry-After` says when to try again.",
}
_ALWAYS = (400, 401, 503)


def problems(*statuses: int) -> Mapping[int, ResponseSpec]:
    """Return the errors of an operation: these, and those that every operation has."""
    return {
        status: ResponseSpec(Problem, description=_SAID[status], media_type=PROBLEM_TYPE, generate_examples=False)
        for status in sorted({*_ALWAYS, *statuses})
    }
