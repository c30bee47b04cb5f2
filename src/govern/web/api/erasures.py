"""The people outside: the end of what we hold of one."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Controller, post
from litestar.params import FromPath, JSONBody

from govern.domain.actions import Action
from govern.services.erasing import Ground, erase_subject
from govern.services.subjects import SubjectKind
from govern.web.api.problems import problems
from govern.web.dependencies import CurrentAccess, CurrentActor, Now


class EraseInput(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Why a person is erased. The reason stays readable in the log: do not name the person in it."""

    reason: Annotated[str, msgspec.Meta(max_length=500)]
    ground: Ground = Ground.PERSON_ASKED


class ErasedJson(msgspec.Struct, kw_only=True):
    """What was erased: sealed fields of the log, and private messages to the person that were not out yet."""

    contact: UUID
    openings: int
    withdrawn: int
    entry: UUID
    """The entry that tells of it."""


class ErasuresController(Controller):
    path = "/contacts"
    tags = ("contacts",)

    @post(
        "/{contact_id:uuid}/erase",
        status_code=200,
        summary="Erase a person outside, for good",
        description=(
            "What the log holds of them becomes unreadable, their names and X id leave their row, private messages to "
            "them that are not out are withdrawn. Entries and proofs stay. Never for an API token."
        ),
        opt={"action": Action.CONTACT_ERASE},
        responses=problems(403, 404, 409, 422),
    )
    async def erase(
        self,
        *,
        contact_id: FromPath[UUID],
        data: JSONBody[EraseInput],
        actor: CurrentActor,
        access: CurrentAccess,
        now: Now,
    ) -> ErasedJson:
        done = await erase_subject(
            SubjectKind.CONTACT,
            contact_id,
            ground=data.ground,
            reason=data.reason,
            actor=actor,
            access=access,
            now=now,
        )
        return ErasedJson(
            contact=contact_id, openings=done.openings, withdrawn=done.withdrawn, entry=done.receipt.entry_id
        )
