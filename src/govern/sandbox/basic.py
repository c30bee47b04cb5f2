"""Basic authentication: a name and a password in a header."""

import base64
import binascii
import secrets


def basic(header: str) -> tuple[str, str] | None:
    """Read a name and a password from a header of basic authentication."""
    kind, _, given = header.partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        name, _, password = base64.b64decode(given, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return name, password


def is_known(header: str, name: str, password: str) -> bool:
    """Tell whether a header of basic authentication has this name and password."""
    given = basic(header)
    pair = f"{name}:{password}".encode()
    return given is not None and secrets.compare_digest(":".join(given).encode(), pair)
