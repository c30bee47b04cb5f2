"""What browser and passkey say to each other (WebAuthn): what is asked, and whether the answer is right. No database."""

import struct
from collections.abc import Sequence
from urllib.parse import urlsplit

import msgspec
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import (
    parse_authentication_credential_json,
    parse_client_data_json,
    parse_registration_credential_json,
)
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticationCredential,
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from govern.domain.sign_in import STEP_LIFE, PasskeyRefused, ProofRefused
from govern.services.second_factors import Locked
from govern.settings import Settings

LONGEST_ANSWER = 20_000
_TIMEOUT = int(STEP_LIFE.total_seconds() * 1000)
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
# What the library lets through of answers that were made to break it.
_BROKEN = (
    WebAuthnException,
    InvalidSignature,
    UnsupportedAlgorithm,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    OverflowError,
    RecursionError,
    struct.error,
)


class NewCredential(msgspec.Struct, frozen=True, kw_only=True):
    """The public half of a passkey that was just made."""

    credential_id: bytes
    public_key: bytes
    sign_count: int


def rp_id(settings: Settings) -> str:
    """Return the name passkeys are bound to: the panel's host; on loopback `localhost`, since no address will do."""
    host = urlsplit(settings.public_url).hostname or "localhost"
    return "localhost" if host in _LOOPBACK else host


def creation_options(
    member: Locked, *, known: Sequence[bytes], challenge: bytes, company: str, settings: Settings
) -> str:
    """Return the JSON for `navigator.credentials.create`: a passkey the device keeps and opens only for its owner."""
    options = generate_registration_options(
        rp_id=rp_id(settings),
        rp_name=company,
        user_name=member.email,
        user_id=member.id.bytes,
        user_display_name=member.name,
        challenge=challenge,
        timeout=_TIMEOUT,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=_described(known),
    )
    return options_to_json(options)


def request_options(*, allowed: Sequence[bytes], challenge: bytes, settings: Settings) -> str:
    """Return the JSON for `navigator.credentials.get`; nobody named in `allowed`: any passkey of this site."""
    options = generate_authentication_options(
        rp_id=rp_id(settings),
        challenge=challenge,
        timeout=_TIMEOUT,
        allow_credentials=_described(allowed),
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return options_to_json(options)


def check_creation(answer: str, *, challenge: bytes, settings: Settings) -> NewCredential:
    """Return the new passkey if it signed our challenge, for us, after checking the person.

    Raises:
        PasskeyRefused
    """
    try:
        credential = parse_registration_credential_json(_short(answer))
        made = verify_registration_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=rp_id(settings),
            expected_origin=_origins(settings, credential.response.client_data_json),
            require_user_verification=True,
        )
    except _BROKEN as error:
        raise PasskeyRefused from error
    return NewCredential(
        credential_id=made.credential_id, public_key=made.credential_public_key, sign_count=made.sign_count
    )


def read_assertion(answer: str) -> AuthenticationCredential:
    """Read an answer without trusting it: it names the passkey to check it with.

    Raises:
        ProofRefused: it is none.
    """
    try:
        return parse_authentication_credential_json(_short(answer))
    except _BROKEN as error:
        raise ProofRefused from error


def check_assertion(
    credential: AuthenticationCredential, *, public_key: bytes, challenge: bytes, settings: Settings
) -> int | None:
    """Return the passkey's counter if it signed our challenge, for us, after checking the person; else None.

    The counter is not judged here but where it is written, so that of two answers at once one wins.
    """
    try:
        verified = verify_authentication_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=rp_id(settings),
            expected_origin=_origins(settings, credential.response.client_data_json),
            credential_public_key=public_key,
            credential_current_sign_count=0,
            require_user_verification=True,
        )
    except _BROKEN:
        return None
    return verified.new_sign_count


def _origins(settings: Settings, client_data: bytes) -> list[str]:
    """Return the origins that are ours; in development the answer's own counts, too, if it is of this machine."""
    public = urlsplit(settings.public_url)
    usual = {"https": 443, "http": 80}.get(public.scheme)
    port = "" if public.port in {None, usual} else f":{public.port}"
    ours = [f"{public.scheme}://{public.hostname}{port}"]
    claimed = parse_client_data_json(client_data).origin
    if not settings.production and urlsplit(claimed).hostname in _LOOPBACK:
        ours.append(claimed)
    return ours


def _described(credentials: Sequence[bytes]) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=each) for each in credentials]


def _short(answer: str) -> str:
    if len(answer) > LONGEST_ANSWER:
        raise ValueError("too long for an answer")
    return answer
