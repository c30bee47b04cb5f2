"""The words of access: actions, answers and what they depend on, gains and losses."""

from collections.abc import Iterable, Sequence

from govern.access import Bundle
from govern.access.catalogue import Text
from govern.access.simulate import Line
from govern.access.weighing import Answer, Dependence, Standing
from govern.domain.actions import Action
from govern.web.panel.i18n import gettext as _
from govern.web.panel.i18n import in_language
from govern.web.panel.views import View
from govern.web.panel.words import Badge, role_name, scope_name


class Turn(View, frozen=True, kw_only=True):
    """What somebody may do otherwise at one place, and how it was and would be."""

    deeds: str
    place: str
    before: str
    after: str


def text(words: Text) -> str:
    """Return the words in the language spoken now."""
    return in_language({"en": words.en, "fr": words.fr})


def action_label(bundle: Bundle, action: str) -> str:
    """Return an action as lists name it; one the rules no longer know keeps its id."""
    spec = bundle.actions.get(action)
    return text(spec.label) if spec else action


def action_options(bundle: Bundle) -> Sequence[tuple[str, str]]:
    """Return all actions for a list to choose from."""
    return [(action, text(spec.label)) for action, spec in bundle.actions.items()]


def short_digest(digest: str) -> str:
    """Return the beginning of a policy's digest: enough to tell two apart."""
    return digest.removeprefix("sha256:")[:12]


def groups() -> Sequence[tuple[str, frozenset[str]]]:
    """Return the actions in the groups of the panel, by the noun they begin with."""
    named = (
        (_("Messages"), ("message", "report")),
        (_("Conversations"), ("conversation", "contact", "consent")),
        (_("Accounts and publishing"), ("account", "brand", "pause")),
        (_("People"), ("member", "role", "token")),
        (_("Rules and log"), ("access", "policy", "audit")),
    )
    return [(words, frozenset(each for each in Action if each.partition(".")[0] in nouns)) for words, nouns in named]


def answer_badge(answer: Answer) -> Badge:
    """Say yes, depends or no with an icon."""
    return {
        Answer.YES: Badge(_("Yes"), "ok", "check"),
        Answer.DEPENDS: Badge(_("Depends"), "warn", "scale"),
        Answer.NO: Badge(_("No"), "", "x"),
    }[answer]


def dependences(conditions: Iterable[Dependence]) -> Sequence[str]:
    """Say what an answer depends on: one sentence per condition."""
    return [
        (_("only %(what)s") if each.effect == "allow" else _("not if: “%(what)s”")) % {"what": text(each.sentence)}
        for each in conditions
    ]


def standing_words(standing: Standing) -> str:
    """Say an answer in one line: `yes`, `no`, or what it depends on."""
    if standing.answer is Answer.DEPENDS:
        return "; ".join(dependences(standing.conditions)) or _("depends")
    return _("yes") if standing.answer is Answer.YES else _("no")


def turns(bundle: Bundle, lines: Iterable[Line]) -> Sequence[Turn]:
    """Say gains or losses, what changes alike together. Giving several roles is one deed, with their names."""
    found: dict[tuple[str, str, str], dict[str, list[str]]] = {}
    for line in lines:
        alike = (line.scope, standing_words(line.before), standing_words(line.after))
        roles = found.setdefault(alike, {}).setdefault(line.action, [])
        if line.role and role_name(line.role) not in roles:
            roles.append(role_name(line.role))
    return [
        Turn(
            deeds=" · ".join(_deed(action_label(bundle, action), roles) for action, roles in deeds.items()),
            place=scope_name(scope),
            before=before,
            after=after,
        )
        for (scope, before, after), deeds in found.items()
    ]


def _deed(label: str, roles: Sequence[str]) -> str:
    return _("%(deed)s (%(what)s)") % {"deed": label, "what": ", ".join(roles)} if roles else label
