"""One entry of the log with all there is to see of it: who, why it was allowed, what changed, its proof."""

from collections.abc import Mapping, Sequence

from govern.domain.audit import Outcome
from govern.errors import N_
from govern.services.audit import EntryState, EntryView
from govern.services.audit.erasures import Erasure
from govern.services.audit_log import read_same_request
from govern.services.personal_fields import FieldsView, open_fields
from govern.web.panel.audit_proof import ProofShown, shown_proof
from govern.web.panel.audit_query import address, open_address
from govern.web.panel.desk import Desk
from govern.web.panel.erasure import erasable
from govern.web.panel.i18n import gettext as _
from govern.web.panel.i18n import in_language
from govern.web.panel.marks import Segment, compare
from govern.web.panel.views import View
from govern.web.panel.words import OUTCOMES, Badge, colour_of, initials, outcome_badge, role_name, scope_name

FACTORS: Mapping[str, str] = {
    "password": N_("password"),
    "totp": N_("authenticator app"),
    "passkey": N_("passkey"),
    "recovery": N_("recovery code"),
}
DOORS: Mapping[str, str] = {
    "panel": N_("in the panel"),
    "api": N_("by the API"),
    "cli": N_("on the command line"),
    "job": N_("by a job"),
}


class Changed(View, frozen=True, kw_only=True):
    """A field before and after; None: empty."""

    field: str
    before: str | None
    after: str | None
    same: bool
    segments: Sequence[Segment]
    """What was taken out and put in, where both are texts of several words."""


class Related(View, frozen=True, kw_only=True):
    """Another entry of the same request."""

    href: str
    action: str
    sentence: str
    tone: str


class EntryDetail(View, frozen=True, kw_only=True):
    """One entry with all there is to see of it."""

    arrival: int
    place: str
    number: str
    title: str
    sentence: str
    stamp: str
    state: Badge
    outcome: Badge
    actor: str
    initials: str
    colour: int
    machine: bool
    via: str
    role: str
    role_scope: str
    scope: str
    subject: str
    subject_href: str
    subject_log: str
    rule: str
    rule_words: str
    why_href: str
    digest: str
    request: str
    data: Sequence[tuple[str, str]]
    opened: Sequence[tuple[str, str]]
    erased: Sequence[tuple[str, str]]
    """Fields whose content is gone, each with the address of the entry that erased it, where one tells of it."""
    closed: Sequence[str]
    """Personal fields that nobody asked for: to show them is an entry of its own."""
    open_href: str
    erase: Sequence[tuple[str, str]]
    """People outside it names, whom this reader may erase: name and address."""
    changes: Sequence[Changed]
    related: Sequence[Related]
    leaf_hash: str
    text: str
    proof: ProofShown


async def entry_detail(desk: Desk, entry: EntryView, q: str, *, personal: bool = False) -> EntryDetail:
    """Build what is shown of an entry; its personal fields only if they were asked for."""
    fields = await _fields(desk, entry) if personal and entry.sealed else None
    granted, about = entry.context.via, entry.object
    number = about.name if about.kind == "message" else about.id
    return EntryDetail(
        arrival=entry.arrival,
        place=place_of(entry),
        number=_number(entry),
        title=action_words(entry.action),
        sentence=in_language(entry.sentence),
        stamp=desk.fmt.stamp(entry.at),
        state=state_of(entry),
        outcome=outcome_badge(entry.action, entry.outcome),
        actor=entry.actor.name,
        initials=initials(entry.actor.name),
        colour=colour_of(entry.actor.name),
        machine=entry.actor.kind != "member",
        via=_signed_in(entry),
        role=role_name(granted.role or "") if granted else "",
        role_scope=scope_name(granted.scope) if granted and granted.scope else "",
        scope=scope_name(entry.scope) if entry.scope else "",
        subject=about.name + (f" r{about.rev}" if about.rev else ""),
        subject_href=f"/admin/messages/{about.name}" if about.kind == "message" else "",
        subject_log=address(f"subject:{number}") if number else "",
        rule=entry.context.rule or "",
        rule_words=_("Refused by") if entry.outcome == Outcome.DENIED else _("Allowed by"),
        why_href=f"/admin/why/{entry.id}" if entry.id else "",
        digest=(entry.context.digest or "").removeprefix("sha256:")[:12],
        request=entry.context.request or entry.context.job or "",
        data=[
            (words_of(name), plain(value)) for name, value in sorted(entry.data.items()) if value not in (None, "", [])
        ],
        opened=[(words_of(name), plain(value)) for name, value in fields.values.items()] if fields else (),
        erased=[(words_of(name), _erased_by(each)) for name, each in fields.erased.items()] if fields else (),
        closed=() if fields else [words_of(name) for name in entry.sealed],
        open_href=open_address(entry.arrival, q),
        erase=await erasable(desk, entry),
        changes=[_changed(each.field, each.before, each.after) for each in entry.changes],
        related=await _related(desk, entry, q),
        leaf_hash=entry.leaf_hash,
        text=entry.text,
        proof=await shown_proof(desk, entry),
    )


def place_of(entry: EntryView) -> str:
    """Return the entry's place in the log, as it stands in proofs; dots until it has one."""
    return "…" if entry.leaf_index is None else str(entry.leaf_index)


def state_of(entry: EntryView) -> Badge:
    """Say whether a signed checkpoint covers the entry yet."""
    if entry.state is EntryState.INCLUDED:
        return Badge(_("included"), "", "shield-check")
    return Badge(_("recorded"), "", "clock")


def action_words(action: str) -> str:
    """`message.changes_requested` as people say it: `Message changes requested`."""
    return action.replace(".", " ").replace("_", " ").capitalize() or _("Unreadable entry")


def words_of(field: str) -> str:
    return field.replace("_", " ")


def plain(value: object) -> str:
    """Write a value of an entry for people."""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return ", ".join(str(each) for each in value) if isinstance(value, list | tuple) else str(value)


async def _fields(desk: Desk, entry: EntryView) -> FieldsView:
    return await open_fields(entry.text, actor=desk.actor, access=desk.access, now=desk.now)


def _erased_by(erasure: Erasure | None) -> str:
    return address("", entry=erasure.arrival) if erasure else ""


def _number(entry: EntryView) -> str:
    if entry.leaf_index is None:
        return _("not placed yet")
    return f"#{entry.leaf_index}"


def _signed_in(entry: EntryView) -> str:
    """Say how the actor was signed in, and through which door."""
    factors = [_(FACTORS.get(each, each.replace("_", " "))) for each in entry.factors]
    return " · ".join(filter(None, (_(DOORS.get(entry.via, entry.via)), _(" and ").join(factors))))


def _changed(field: str, before: str | None, after: str | None) -> Changed:
    """Compare by words where both are sentences; single words are shown whole."""
    both = before is not None and after is not None and before != after
    long = both and " " in str(before).strip() and " " in str(after).strip()
    return Changed(
        field=words_of(field),
        before=before,
        after=after,
        same=before == after,
        segments=compare(str(before), str(after)) if long else (),
    )


async def _related(desk: Desk, entry: EntryView, q: str) -> Sequence[Related]:
    found = await read_same_request(entry, actor=desk.actor, access=desk.access, now=desk.now)
    return [
        Related(
            href=address(q, entry=each.arrival),
            action=action_words(each.action),
            sentence=in_language(each.sentence),
            tone=OUTCOMES[each.outcome].tone if each.outcome in OUTCOMES else "",
        )
        for each in found
    ]
