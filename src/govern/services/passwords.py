"""Passwords: argon2id, hashed in threads so that the event loop never waits for one."""

import asyncio
import os
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from govern.domain.members import WeakPassword

_HASHER = PasswordHasher()
_GATE = asyncio.Semaphore(os.cpu_count() or 1)
"""One per core: more at once would only share the cores, and 64 MiB each."""
_COMMON = frozenset(
    {
        "123456789012",
        "1234567890123",
        "password1234",
        "passwordpassword",
        "qwertyuiop12",
        "qwertyuiopas",
        "azertyuiop12",
        "azertyuiopqs",
        "iloveyou1234",
        "motdepasse12",
        "motdepasse123",
        "administrator",
        "changemenow1",
        "letmeinletmein",
        "welcome12345",
        "bienvenue123",
    }
)


def check_password(password: str) -> None:
    """Refuse what is too easy.

    Raises:
        WeakPassword: under 12 or over 128 characters, a common one, or fewer than 4 different characters.
    """
    if not 12 <= len(password) <= 128 or password.lower() in _COMMON or len(set(password)) < 4:
        raise WeakPassword(field="password")


async def hash_password(password: str) -> str:
    """Return the argon2id hash to keep, after `check_password`."""
    check_password(password)
    return await rehash(password)


async def rehash(password: str) -> str:
    """Return the hash of a password that was accepted before, with today's work."""
    async with _GATE:
        return await asyncio.to_thread(_HASHER.hash, password)


def is_outdated(hashed: str) -> bool:
    """Tell whether a hash was made with less work than is asked for today."""
    return _HASHER.check_needs_rehash(hashed)


async def verify_password(hashed: str | None, password: str) -> bool:
    """Tell whether the password fits; without a hash the same work is done and the answer is no."""
    async with _GATE:
        fits = await asyncio.to_thread(_verify, hashed, password)
    return fits and hashed is not None


@cache
def _nobody() -> str:
    """A hash that no sign-in is compared with in earnest, so that unknown addresses cost as much as known ones."""
    return _HASHER.hash("no password opens this, and it is never compared with success")


def _verify(hashed: str | None, password: str) -> bool:
    try:
        return _HASHER.verify(hashed or _nobody(), password[:1024])
    except (VerificationError, InvalidHashError):
        return False
