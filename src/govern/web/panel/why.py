"""Why was this allowed or refused: from the entry the decision left, rule by rule, and who can help."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from litestar import Response, get
from litestar.params import FromPath

from govern.access.explain import Explanation, Unblock
from govern.access.weighing import RuleLine
from govern.domain.actions import EVERYONE, Action
from govern.domain.ids import message_number
from govern.errors import GovernError
from govern.services.access_questions import AblePerson, EntryWhy, explain_access, explain_entry
from govern.services.members import find_by_id
from govern.services.message_views import get_message
from govern.services.verdicts import approve_target
from govern.web.panel.access_words import action_label, short_digest, text
from govern.web.panel.desk import AtDesk, Desk
from govern.web.panel.i18n import gettext as _
from govern.web.panel.i18n import in_language
from govern.web.panel.views import View
from govern.web.panel.who import Able, able_line, grant_words
from govern.web.panel.words import Badge, role_name, scope_name


class RuleRow(View, frozen=True, kw_only=True):
    """One rule of the action: who holds its role, whether its condition is true, whether it decided."""

    rule: str
    effect: Badge
    role: str
    held: str
    condition: str
    value: Badge
    decided: bool


class Help(View, frozen=True, kw_only=True):
    """Who or what can help after a refusal."""

    sentence: str
    roles: Sequence[str]
    people: Sequence[Able] | None
    sign_in: bool


class WhyPage(View, frozen=True, kw_only=True):
    answer: Badge | None
    headline: str
    sentence: str
    deed: str
    place: str
    actor: str
    at: str
    rule: str
    digest: str
    grant: str
    grant_when: str
    grant_href: str
    rules: Sequence[RuleRow]
    past: bool
    """Whether the rules are those of a decision that was made, of which only the outcome is kept."""
    help: Help | None
    entry_href: str


@get("/why/{entry:uuid}", opt={"signed_in": "one's own decisions; those of others to readers of the log or of access"})
async def show_why(desk: AtDesk, entry: FromPath[UUID]) -> Response[str]:
    """The decision that an entry of the log keeps."""
    why = await explain_entry(entry, actor=desk.actor, access=desk.access, now=desk.now)
    bundle = desk.access.bundle
    page = WhyPage(
        answer=None if why.allowed is None else answer(allowed=why.allowed),
        headline=_headline(why),
        sentence=text(why.sentence) if why.sentence else "",
        deed=action_label(bundle, why.action) if why.action else "",
        place=scope_name(why.scope),
        actor=_("you") if why.actor.id == desk.actor.id else why.actor.name,
        at=_when(desk, why.at),
        rule=why.rule_id or "",
        digest=short_digest(why.digest or ""),
        grant=grant_words(why.grant) if why.grant else "",
        grant_when=_("given on %(moment)s") % {"moment": desk.fmt.full(why.grant.granted_at)} if why.grant else "",
        grant_href=await _person_href(desk, why),
        rules=await _rules(desk, why),
        past=True,
        help=help_of(why.unblock, why.helpers),
        entry_href=f"/admin/audit?q={why.entry}" if await desk.may(Action.AUDIT_READ) else "",
    )
    return await desk.show("pages/why.html", page, here="", title=_("Why?"))


@get("/messages/{number:str}/why", opt={"action": Action.MESSAGE_READ})
async def show_own_why(desk: AtDesk, number: FromPath[str]) -> Response[str]:
    """Whether one may approve a message oneself, and why: with what the server knows of it now."""
    who: Any = {"actor": desk.actor, "access": desk.access, "now": desk.now}
    message = await get_message(number, **who)
    target = approve_target(message, edit_and_approve=message.revision.edit_and_approve)
    action = Action.MESSAGE_APPROVE
    found = await explain_access(
        email=desk.session.member.email, action=action, scope=target.scope, facts=target.facts, **who
    )
    decision = found.explanation.decision
    page = WhyPage(
        answer=answer(allowed=decision.allowed),
        headline=_("You may approve %(number)s.") % {"number": message_number(message.number)}
        if decision.allowed
        else _("You may not approve %(number)s.") % {"number": message_number(message.number)},
        sentence=in_language({"en": decision.sentence, "fr": decision.sentence_fr}),
        deed=action_label(desk.access.bundle, action),
        place=scope_name(target.scope),
        actor=_("you"),
        at=_when(desk, desk.now),
        rule=decision.rule or "",
        digest=short_digest(decision.digest),
        grant=grant_words(found.grant) if found.grant else "",
        grant_when=_("given on %(moment)s") % {"moment": desk.fmt.full(found.grant.granted_at)} if found.grant else "",
        grant_href="",
        rules=rule_rows(found.explanation),
        past=False,
        help=help_of(found.explanation.unblock, found.helpers),
        entry_href="",
    )
    return await desk.show("pages/why.html", page, here="approvals", title=_("Why?"))


def answer(*, allowed: bool) -> Badge:
    """Say yes or no with an icon."""
    return Badge(_("Allowed"), "ok", "check") if allowed else Badge(_("Refused"), "bad", "ban")


def rule_rows(explanation: Explanation) -> Sequence[RuleRow]:
    """Return the rules of the action in the order they are decided."""
    return [_rule(line) for line in explanation.lines]


def help_of(unblock: Unblock | None, helpers: Sequence[AblePerson] | None) -> Help | None:
    """Say who or what can help; names only where the reader may know them."""
    if unblock is None:
        return None
    if unblock.sign_in:
        return Help(sentence=_("Prove again who you are, then repeat it."), roles=(), people=(), sign_in=True)
    if unblock.missing:
        said = _("It can be decided only where these facts are known: %(facts)s.") % {
            "facts": ", ".join(unblock.missing)
        }
        return Help(sentence=said, roles=(), people=(), sign_in=False)
    places = ", ".join(scope_name(scope) for scope in unblock.scopes or (unblock.scope,))
    return Help(
        sentence=_("Somebody else can: “%(deed)s” at %(places)s.")
        % {"deed": text(unblock.label) if unblock.label else unblock.action or "", "places": places},
        roles=[
            _("%(role)s (only %(what)s)") % {"role": role_name(each.role), "what": text(each.only)}
            if each.only
            else role_name(each.role)
            for each in unblock.roles
        ],
        people=None if helpers is None else [able_line(each) for each in helpers],
        sign_in=False,
    )


def _when(desk: Desk, at: datetime) -> str:
    return _("%(moment)s, %(zone)s time") % {"moment": desk.fmt.full(at), "zone": desk.fmt.zone_name}


def _headline(why: EntryWhy) -> str:
    if why.allowed is None:
        return _("No rule was asked: the service does this by itself.")
    return _("This was allowed.") if why.allowed else _("This was refused.")


async def _person_href(desk: Desk, why: EntryWhy) -> str:
    """Return the page of the person whose grant decided, for those who may see it."""
    if why.grant is None or not await desk.may(Action.ACCESS_READ):
        return ""
    member = await find_by_id(why.grant.member)
    return f"/admin/people/{member.email}" if member else ""


async def _rules(desk: Desk, why: EntryWhy) -> Sequence[RuleRow]:
    """Return the rules as they stood for a person then, as far as the reader may know and history tells."""
    kind, _colon, name = why.actor.id.partition(":")
    if why.action is None or kind != "member":
        return ()
    own = name == str(desk.actor.member)
    if not own and why.scope not in await desk.access.where_can(desk.actor, Action.ACCESS_READ):
        return ()
    who: Any = {"actor": desk.actor, "access": desk.access, "now": desk.now}
    try:
        member = await find_by_id(UUID(name))
        email = member.email if member else ""
        found = await explain_access(email=email, action=why.action, scope=why.scope, at=why.at, **who)
    except GovernError:  # an unknown place, or a time before the history
        return ()
    rows = rule_rows(found.explanation)
    return [msgspec.structs.replace(row, decided=row.rule == why.rule_id) for row in rows]


def _rule(line: RuleLine) -> RuleRow:
    allows = line.effect == "allow"
    held = _("everyone") if line.role == EVERYONE else _("not held")
    if line.grant:
        held = _("held at %(place)s") % {"place": scope_name(line.grant.scope)}
    value = {
        True: Badge(_("true"), "", "check"),
        False: Badge(_("not true"), "", "x"),
        None: Badge(_("not known here"), "", "help-circle"),
    }[line.value]
    return RuleRow(
        rule=line.rule,
        effect=Badge(_("allows"), "ok", "check") if allows else Badge(_("denies"), "bad", "ban"),
        role=text(line.label),
        held=held,
        condition="" if line.condition == "always" else text(line.sentence),
        value=value,
        decided=line.decided,
    )


ROUTES = (show_why, show_own_why)
