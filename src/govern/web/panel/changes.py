"""Changes of roles before they are saved: who gains and loses what, what would be refused; then one reason for all."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any

import msgspec
from litestar import Response, get, post
from litestar.response import Redirect

from govern.domain.actions import Action
from govern.errors import Conflict, Invalid, NotFound
from govern.services.grant_changes import (
    PersonChange,
    Preview,
    Refusal,
    preview_changes,
    save_changes,
)
from govern.services.grant_plans import GrantChange, Kind
from govern.web.panel.access_words import Turn, turns
from govern.web.panel.desk import AtDesk, Desk
from govern.web.panel.forms import FieldFault, Form, go, read_form
from govern.web.panel.i18n import error_sentence, in_language, ngettext
from govern.web.panel.i18n import gettext as _
from govern.web.panel.matrix_state import PATH, REVIEW, MatrixState, read_state
from govern.web.panel.proof import Proof
from govern.web.panel.spans import end_of, start_of
from govern.web.panel.views import View
from govern.web.panel.words import role_name, scope_name


class SaveForm(msgspec.Struct, frozen=True, kw_only=True):
    """One reason and one time for all changes; what else the form holds is the state of the matrix."""

    reason: Annotated[str, msgspec.Meta(min_length=3, max_length=500)]
    starts: date | None = None
    until: date | None = None


class ChangeLine(View, frozen=True, kw_only=True):
    """One change in words, why it would be refused, and the address without it."""

    given: bool
    role: str
    place: str
    person: str
    without: str
    refusal: str
    rule: str


class PersonTurns(View, frozen=True, kw_only=True):
    """What all changes together mean for one person."""

    name: str
    href: str
    gains: Sequence[Turn]
    losses: Sequence[Turn]


class ChangesPage(View, frozen=True, kw_only=True):
    lines: Sequence[ChangeLine]
    people: Sequence[PersonTurns]
    refused: int
    gives: bool
    fields: Sequence[tuple[str, str]]
    back: str
    button: str
    proof: Proof
    form: Form


@get("/people/roles/review", opt={"action": Action.POLICY_SIMULATE})
async def show_changes(desk: AtDesk) -> Response[str] | Redirect:
    """What the collected changes would do; nothing is saved."""
    state = read_state(desk.request.query_params.multi_items())
    return await _review(desk, state, Form()) if state.changes else go(state.address())


@post("/people/roles", status_code=303, opt={"action": (Action.ROLE_ASSIGN, Action.ROLE_REVOKE)})
async def post_changes(desk: AtDesk) -> Response[str] | Redirect:
    """Save all changes or none."""
    form = await read_form(desk.request)
    state = read_state((name, value) for name, values in form.many.items() for value in values)
    try:
        data = form.read(SaveForm)
        await save_changes(
            state.changes,
            reason=data.reason,
            starts_at=start_of(data.starts, desk.fmt),
            expires_at=end_of(data.until, desk.fmt),
            actor=desk.actor,
            access=desk.access,
            now=desk.now,
        )
    except (Invalid, Conflict) as error:
        return await _review(desk, state, form.refuse(error))
    except NotFound as error:
        return await _review(desk, state, form.refuse(FieldFault(reason=error_sentence(error), field="")))
    saved = msgspec.structs.replace(state, changes=(), cell="")
    return go(f"{saved.address()}{'&' if saved.fields() else '?'}done=1")


async def _review(desk: Desk, state: MatrixState, form: Form) -> Response[str]:
    who: Any = {"actor": desk.actor, "access": desk.access, "now": desk.now}
    preview = await preview_changes(state.changes, **who)
    count = len(state.changes)
    page = ChangesPage(
        lines=[_line(state, change, preview) for change in state.changes],
        people=person_turns(desk, preview.people),
        refused=len(preview.refusals),
        gives=any(change.kind is Kind.ADD for change in state.changes),
        fields=state.fields(),
        back=state.address(),
        button=ngettext("Save %(num)s change", "Save %(num)s changes", count) % {"num": count},
        proof=await desk.proof(),
        form=form,
    )
    return await desk.show("pages/changes.html", page, here="people", title=_("Review changes"), status=form.status)


def _line(state: MatrixState, change: GrantChange, preview: Preview) -> ChangeLine:
    refusal = next((each for each in preview.refusals if each.change == change), None)
    without = msgspec.structs.replace(state, changes=state.without(change))
    return ChangeLine(
        given=change.kind is Kind.ADD,
        role=role_name(change.role),
        place=scope_name(change.scope),
        person=next((each.name for each in preview.people if each.email == change.email), change.email),
        without=without.address(REVIEW if without.changes else PATH),
        refusal=refusal_words(refusal) if refusal else "",
        rule=(refusal.decision.rule or "") if refusal and refusal.decision is not None else "",
    )


def refusal_words(refusal: Refusal) -> str:
    """Say why a change would not be made."""
    if refusal.decision is not None:
        return in_language({"en": refusal.decision.sentence, "fr": refusal.decision.sentence_fr})
    return error_sentence(refusal.error) if refusal.error else ""


def person_turns(desk: Desk, people: Sequence[PersonChange]) -> Sequence[PersonTurns]:
    """Say gains and losses, person by person."""
    bundle = desk.access.bundle
    return [
        PersonTurns(
            name=each.name,
            href=f"/admin/people/{each.email}",
            gains=turns(bundle, each.difference.gains),
            losses=turns(bundle, each.difference.losses),
        )
        for each in people
    ]


ROUTES = (show_changes, post_changes)
