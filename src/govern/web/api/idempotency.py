"""`Idempotency-Key`: the same request sent again changes nothing and hears the first answer."""

import hashlib
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Any
from uuid import NAMESPACE_OID, UUID, uuid5

import msgspec
from litestar import MediaType, Response
from litestar.params import HeaderParameter

from govern.domain.members import Actor, NotSignedIn
from govern.errors import N_, GovernError, Invalid
from govern.services.idempotency import MAX_KEY, Answer, claim_key, finish_key, release_key
from govern.web.auth import AnyRequest

REPLAYED = "idempotency-replayed"

IdempotencyKey = Annotated[
    str | None,
    HeaderParameter(
        name="Idempotency-Key",
        description=(
            "Up to 128 printable characters of your choice. The same key with the same request is answered with the "
            "first answer and `Idempotency-Replayed: true`; with another request it is 409."
        ),
    ),
]


class BadKey(Invalid):
    code = "idempotency.bad_key"
    template = N_("An Idempotency-Key has 1 to 128 printable ASCII characters.")


async def answer_once(
    act: Callable[[], Awaitable[msgspec.Struct]],
    *,
    request: AnyRequest,
    key: str | None,
    status: int,
    actor: Actor,
    now: datetime,
) -> Response[Any]:
    """Act and answer, or give the answer this key was given before.

    A refusal changed nothing and is not kept. After an answer nobody knows (a crash, a database lost at COMMIT) the key
    is free again after a minute; acting twice is then prevented by the row's `form_key` and the message's state.

    Raises:
        BadKey, KeyReused, KeyInProgress
    """
    if key is None:
        return Response(await act(), status_code=status)
    if actor.member is None:
        raise NotSignedIn
    claim = await claim_key(actor.member, _checked(key), await _digest(request), now=now)
    if isinstance(claim, Answer):
        return _json(claim.body.encode(), claim.status, replayed=True)
    try:
        body = msgspec.json.encode(await act())
    except GovernError:
        await release_key(claim)
        raise
    await finish_key(claim, status=status, body=body.decode())
    return _json(body, status, replayed=False)


def form_key(key: str | None, actor: Actor) -> UUID | None:
    """Return the key of the row that is made, so that even a crash cannot make it twice."""
    return None if key is None else uuid5(NAMESPACE_OID, f"govern/idempotency/{actor.member}/{key}")


def _checked(key: str) -> str:
    if not (0 < len(key) <= MAX_KEY and key.isascii() and key.isprintable()):
        raise BadKey(field="Idempotency-Key")
    return key


async def _digest(request: AnyRequest) -> bytes:
    asked = f"{request.method} {request.scope['path']}\n".encode()
    return hashlib.sha256(asked + await request.body()).digest()


def _json(body: bytes, status: int, *, replayed: bool) -> Response[Any]:
    headers = {REPLAYED: "true"} if replayed else {}
    return Response(body, status_code=status, media_type=MediaType.JSON, headers=headers)
