"""Where X tells us what happened: it proves that it is X by its signature, and we that we are we by its challenge.

Answers say nothing of what is inside: what is signed but unreadable, known already, or not ours is fine as well.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from typing import Annotated

from litestar import MediaType, Response, get, post
from litestar.params import Parameter

from govern import log
from govern.services.deliveries import accept_delivery
from govern.web.auth import AnyRequest
from govern.web.dependencies import CurrentSettings, Now

logger = log.get(__name__)
PATH = "/x/webhook"
MAX_BODY = 1024 * 1024
SIGNATURES = ("x-twitter-webhooks-signature", "x-twitter-webhooks-signature-oauth2")
"""X signs with the API secret, and for the second header with the OAuth 2 client secret; either will do."""
WHY = "X calls it: a signature over the body takes the place of a sign-in"


@get(PATH, opt={"public": WHY}, include_in_schema=False)
async def answer_challenge(
    settings: CurrentSettings, crc_token: Annotated[str, Parameter(min_length=1, max_length=500)]
) -> Response[dict[str, str] | None]:
    """Prove to X that this address knows the secret of the X app (CRC)."""
    if not settings.webhook_secrets:
        return Response(None, status_code=404)
    return Response({"response_token": _sign(settings.webhook_secrets[0], crc_token.encode())})


@post(PATH, status_code=200, opt={"public": WHY}, include_in_schema=False, request_max_body_size=MAX_BODY)
async def receive_delivery(request: AnyRequest, settings: CurrentSettings, now: Now) -> Response[str]:
    """Keep what X sent, once; a worker reads it."""
    body = await request.body()
    if not is_signed(body, request.headers, settings.webhook_secrets):
        logger.warning("webhook.not_signed", size=len(body))
        return Response("", status_code=403, media_type=MediaType.TEXT)
    await accept_delivery(body, now=now)
    return Response("", media_type=MediaType.TEXT)


def is_signed(body: bytes, headers: Mapping[str, str], secrets: Sequence[str]) -> bool:
    """Tell whether one of the secrets made one of the signatures; every pair is compared, whatever the others said."""
    given = [headers[name].encode() for name in SIGNATURES if name in headers]
    right = [_sign(secret, body).encode() for secret in secrets]
    return any([hmac.compare_digest(one, other) for one in given for other in right])  # noqa: C419 - as it says above


def _sign(secret: str, message: bytes) -> str:
    return f"sha256={base64.b64encode(hmac.digest(secret.encode(), message, hashlib.sha256)).decode()}"


ROUTES = (answer_challenge, receive_delivery)
