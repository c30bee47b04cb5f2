"""One use case is one transaction; what the policy refuses is recorded after the rollback, then raised again."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from datetime import datetime

from asyncpg import CharacterNotInRepertoireError, UniqueViolationError

from govern.database import transaction
from govern.domain.audit import ObjectRef
from govern.domain.drafts import TextUnstorable
from govern.domain.members import Actor
from govern.errors import N_, Conflict, Denied
from govern.services.denials import record_denied

_about: ContextVar[ObjectRef | None] = ContextVar("govern_about", default=None)


class DoneMeanwhile(Conflict):
    """Two did the same at once; the other one was first."""

    code = "conflict.done_meanwhile"
    template = N_("Somebody did the same a moment ago. Nothing of yours was saved; look again.")


def about(subject: ObjectRef) -> None:
    """Say what the running use case is about, once it is known: a denial is recorded on it."""
    _about.set(subject)


@asynccontextmanager
async def use_case(*, actor: Actor, now: datetime) -> AsyncIterator[None]:
    """Run the block in a transaction of its own; a denial inside is an entry of the log, whatever the caller does.

    Raises:
        Denied; in its place NotFound, where the actor may not even know of what it is about.
        DoneMeanwhile: a unique index found what the rules could not see yet, since another transaction was writing it.
        TextUnstorable: a text holds U+0000.
    """
    before = _about.set(None)
    try:
        async with transaction():
            yield
    except Denied as denied:
        denied.data["entry"] = await record_denied(denied, actor=actor, now=now, object=_about.get())
        if denied.unseen is not None:
            raise denied.unseen from denied
        raise
    except UniqueViolationError as error:
        raise DoneMeanwhile from error
    except CharacterNotInRepertoireError as error:
        raise TextUnstorable from error
    finally:
        _about.reset(before)
