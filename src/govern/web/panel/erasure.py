"""Erasing a person outside: what it takes away, why, and that it is meant."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect

from govern.domain.actions import Action
from govern.errors import N_, Conflict, Invalid
from govern.services.audit import EntryView
from govern.services.audit.erasures import find_erasures
from govern.services.erasing import Ground, erase_subject, preview_erasure
from govern.services.subjects import SubjectKind
from govern.web.panel.audit_query import address
from govern.web.panel.desk import AtDesk, Desk
from govern.web.panel.forms import Form, go, read_form
from govern.web.panel.i18n import gettext as _
from govern.web.panel.proof import Proof
from govern.web.panel.views import View

GROUNDS: Mapping[Ground, str] = {
    Ground.PERSON_ASKED: N_("The person asked for it"),
    Ground.RETENTION: N_("Its time is over"),
    Ground.TAKEN_DOWN: N_("What it is about was taken down"),
}


class EraseForm(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why, and that it is meant."""

    ground: Ground
    reason: Annotated[str, msgspec.Meta(min_length=3, max_length=500)]
    sure: Literal["yes"]


class ErasePage(View, frozen=True, kw_only=True):
    href: str
    handle: str
    openings: int
    unsent: int
    held: bool
    erased: bool
    grounds: Sequence[tuple[str, str]]
    log_href: str
    """The entries about the person."""
    proof: Proof
    form: Form


def erase_address(contact: str) -> str:
    """Return where the erasure of a contact is asked for."""
    return f"/admin/contacts/{contact}/erase"


async def erasable(desk: Desk, entry: EntryView) -> Sequence[tuple[str, str]]:
    """Return the people outside whom an entry names and this reader may erase: name and address."""
    named = {f"contact:{each.id}": each for each in (entry.object, *entry.refs) if each.kind == "contact"}
    if not named or not await desk.may(Action.CONTACT_ERASE):
        return ()
    gone = await find_erasures(named.keys())
    return [(each.name, erase_address(each.id)) for key, each in named.items() if key not in gone]


@get("/contacts/{contact:uuid}/erase", opt={"action": Action.CONTACT_ERASE})
async def show_erase(desk: AtDesk, contact: FromPath[UUID]) -> Response[str]:
    """What an erasure would take away, and the form that asks for it."""
    return await _page(desk, contact, Form())


@post("/contacts/{contact:uuid}/erase", status_code=303, opt={"action": Action.CONTACT_ERASE})
async def post_erase(desk: AtDesk, contact: FromPath[UUID]) -> Response[str] | Redirect:
    """Erase, and show the entry that tells of it."""
    form = await read_form(desk.request)
    try:
        asked = form.read(EraseForm)
        done = await erase_subject(
            SubjectKind.CONTACT,
            contact,
            ground=asked.ground,
            reason=asked.reason,
            actor=desk.actor,
            access=desk.access,
            now=desk.now,
        )
    except (Invalid, Conflict) as error:
        return await _page(desk, contact, form.refuse(error))
    return go(address("", entry=done.receipt.arrival))


async def _page(desk: Desk, contact: UUID, form: Form) -> Response[str]:
    who: Any = {"actor": desk.actor, "access": desk.access, "now": desk.now}
    found = await preview_erasure(contact, **who)
    page = ErasePage(
        href=erase_address(str(contact)),
        handle=found.handle,
        openings=found.openings,
        unsent=found.unsent,
        held=found.hold is not None,
        erased=found.erased,
        grounds=[(each.value, _(words)) for each, words in GROUNDS.items()],
        log_href=address(f"subject:{contact}"),
        proof=await desk.proof(),
        form=form,
    )
    title = _("Erase a person")
    return await desk.show("pages/erase.html", page, here="audit", title=title, status=form.status)


ROUTES = (show_erase, post_erase)
