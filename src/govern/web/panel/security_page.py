"""The page of one's own security: what it shows. What it does is in `security`, `second_factors` and `own_tokens`."""

from collections.abc import Mapping, Sequence

from litestar import Response

from govern.access.catalogue import Risk
from govern.domain.actions import COMPANY, Action, Target
from govern.services.passkeys import list_passkeys
from govern.services.second_factors import SecondFactors, second_factors
from govern.services.sessions import list_sessions
from govern.services.tokens import IssuedToken, TokenInfo, list_tokens
from govern.web.guards import must_prove_second
from govern.web.panel.desk import Desk
from govern.web.panel.forms import Form
from govern.web.panel.i18n import gettext as _
from govern.web.panel.i18n import in_language
from govern.web.panel.proof import Proof, asks_proof
from govern.web.panel.views import View
from govern.web.panel.words import scope_name


class Line(View, frozen=True, kw_only=True):
    """One thing of a list: its name, and a sentence about it."""

    id: str
    name: str
    about: str
    here: bool = False


class SecurityPage(View, frozen=True, kw_only=True):
    factors: SecondFactors
    advice: str
    prove: bool
    """A second factor is there, and this session has not shown it yet."""
    proof: Proof
    passkeys: Sequence[Line]
    sessions: Sequence[Line]
    tokens: Sequence[Line]
    may_issue: bool
    issued: IssuedToken | None
    actions: Sequence[tuple[str, str]]
    scopes: Sequence[tuple[str, str]]
    form: Form
    at: str
    done: str


async def show_security(
    desk: Desk, form: Form | None = None, *, at: str = "", issued: IssuedToken | None = None, done: str = ""
) -> Response[str]:
    """Answer with the page; `at` names the form that was refused."""
    form = form or Form()
    factors = await second_factors(actor=desk.actor)
    may_issue = await _may_issue(desk)
    page = SecurityPage(
        factors=factors,
        advice=_advice(desk, factors),
        prove=must_prove_second(desk.session, desk.settings) and bool(factors),
        proof=await desk.proof(),
        passkeys=await _passkeys(desk),
        sessions=await _sessions(desk),
        tokens=await _tokens(desk),
        may_issue=may_issue,
        issued=issued,
        actions=await _actions(desk) if may_issue else (),
        scopes=await _scopes(desk) if may_issue else (),
        form=form,
        at=at,
        done=_done().get(done, ""),
    )
    return await desk.show("pages/security.html", page, here="settings", title=_("Security"), status=form.status)


def _advice(desk: Desk, factors: SecondFactors) -> str:
    if must_prove_second(desk.session, desk.settings):
        if factors:
            return _("One thing is left before the panel opens: show your second factor once.")
        return _("Before the panel opens, set up a second factor: an authenticator app or a passkey.")
    if not factors:
        return _("Add a second factor: then a stolen password alone opens nothing.")
    return ""


async def _passkeys(desk: Desk) -> list[Line]:
    found = []
    for each in await list_passkeys(actor=desk.actor):
        made = _("added %(moment)s") % {"moment": desk.fmt.moment(each.created_at)}
        used = _("last used %(ago)s") % {"ago": desk.fmt.ago(each.used_at)} if each.used_at else _("not used yet")
        found.append(Line(id=str(each.id), name=each.name, about=f"{made}, {used}"))
    return found


async def _sessions(desk: Desk) -> list[Line]:
    return [
        Line(
            id=str(each.id),
            name=browser_name(each.user_agent),
            about=_("since %(since)s, last seen %(ago)s")
            % {"since": desk.fmt.moment(each.created_at), "ago": desk.fmt.ago(each.seen_at)},
            here=each.id == desk.session.id,
        )
        for each in await list_sessions(actor=desk.actor, now=desk.now)
    ]


async def _tokens(desk: Desk) -> list[Line]:
    return [
        Line(id=str(each.id), name=each.name, about=_token_words(desk, each))
        for each in await list_tokens(actor=desk.actor, now=desk.now)
    ]


def _token_words(desk: Desk, token: TokenInfo) -> str:
    fmt = desk.fmt
    words = [
        _("made %(made)s, ends %(ends)s") % {"made": fmt.moment(token.created_at), "ends": fmt.moment(token.expires_at)}
    ]
    if token.scope:
        words.append(_("only at %(scope)s") % {"scope": scope_name(token.scope)})
    if token.actions is not None:
        words.append(_("only: %(actions)s") % {"actions": ", ".join(_label(desk, each) for each in token.actions)})
    return "; ".join(words)


async def _actions(desk: Desk) -> list[tuple[str, str]]:
    """Return what a token may be limited to: what its owner may do somewhere; critical actions ask for a person."""
    specs = desk.access.bundle.actions
    offered = [name for name in specs if specs[name].risk is not Risk.CRITICAL and await desk.may(Action(name))]
    return [(name, _label(desk, name)) for name in offered]


def _label(desk: Desk, action: str) -> str:
    spec = desk.access.bundle.actions.get(action)
    return in_language({"en": spec.label.en, "fr": spec.label.fr}) if spec else action


async def _scopes(desk: Desk) -> list[tuple[str, str]]:
    """Return where this member holds a role: a token reaches no further."""
    held = sorted(await desk.access.held(desk.actor))
    return [(scope, scope_name(scope)) for scope in held if scope != COMPANY]


async def _may_issue(desk: Desk) -> bool:
    """Ask as the service will, for an own token where the member holds a role; the proof is asked in the form."""
    held = sorted(await desk.access.held(desk.actor))
    target = Target(scope=held[0] if held else COMPANY, facts={"member": str(desk.actor.member)})
    asked = await desk.access.decide(desk.actor, Action.TOKEN_ISSUE, target)
    return asked.allowed or asks_proof(asked)


_BROWSERS = (("Edg/", "Edge"), ("Firefox/", "Firefox"), ("Chrome/", "Chromium"), ("Safari/", "Safari"))
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


def browser_name(agent: str) -> str:
    """Say which browser it was, as far as it told: `Firefox, Linux`."""
    names = [next((name for mark, name in known if mark in agent), "") for known in (_BROWSERS, _SYSTEMS)]
    return ", ".join(filter(None, names)) or agent[:60] or _("unknown browser")


def _done() -> Mapping[str, str]:
    return {
        "welcome": _("You are signed in. A second factor comes next."),
        "codes": _("Your recovery codes count now; the ones before work no more."),
        "password": _("Password changed; your other sessions ended."),
        "session": _("That session ended."),
        "sessions": _("All your other sessions ended."),
        "token": _("That token ended."),
        "authenticator": _("The authenticator app counts now."),
        "no-authenticator": _("The authenticator app was removed."),
        "passkey": _("The passkey counts now."),
        "no-passkey": _("The passkey was removed."),
    }
