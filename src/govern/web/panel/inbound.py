"""What people wrote to us, with personal data and stops marked, and the prepared reply beside them."""

import re
from collections.abc import Sequence
from datetime import datetime

import msgspec

from govern.domain.actions import Action, Target
from govern.domain.publications import XKind
from govern.errors import Unavailable
from govern.screening.findings import Finding, OptOut
from govern.services.screening import screen_inbound
from govern.web.panel.desk import Desk
from govern.web.panel.previews import finding_views, marked
from govern.web.panel.ready import Ready, reply_address
from govern.web.panel.views import Bubble, FindingView
from govern.web.panel.words import OPT_OUTS, Badge, badge, colour_of, initials

_QUOTE = re.compile("[“«]")
_SAYS_PRIVATELY = "move_to_dm_and_delete"


class Read(msgspec.Struct, frozen=True, kw_only=True):
    """What screening says of an inbound text."""

    findings: Sequence[Finding] = ()
    stop: Badge | None = None
    """Whether it says stop, or may."""

    @property
    def wants_reply(self) -> bool:
        """Whether a prepared reply asks the person to write privately."""
        return any(found.advice and found.advice.code == _SAYS_PRIVATELY for found in self.findings)


def read_inbound(desk: Desk, text: str, x_kind: XKind) -> Read:
    """Screen what somebody wrote; a text that cannot be judged is shown without marks."""
    try:
        found = screen_inbound(text, x_kind, policies=desk.policies)
    except Unavailable:
        return Read()
    stop = OPT_OUTS.get(found.optout) if found.optout is not OptOut.NO else None
    return Read(findings=found.findings, stop=badge(stop, found.optout) if stop else None)


def notes_of(read: Read, text: str) -> Sequence[FindingView]:
    """Say once per rule what stands in a text; the prepared reply is a button, not part of the sentence."""
    views = [view for view in finding_views(read.findings, text) if view.tone != "ok"]
    once = {view.rule: view for view in reversed(views)}
    notes, before = list[FindingView](), ""
    for view in reversed(once.values()):
        advice = _without_quote(view.advice)
        notes.append(msgspec.structs.replace(view, quote="", advice="" if advice == before else advice))
        before = advice
    return notes


def _without_quote(advice: str) -> str:
    """Return an advice up to the sentence that quotes the prepared reply."""
    said = _QUOTE.split(advice, maxsplit=1)
    return advice if len(said) == 1 else said[0].rpartition(". ")[0] + "."


async def bubble_of(
    desk: Desk,
    *,
    account: str,
    scope: str,
    name: str,
    handle: str,
    text: str,
    written_at: datetime,
    x_id: str,
) -> Bubble:
    """Build what a public post looks like, and offer its prepared reply to those who may write one."""
    read = read_inbound(desk, text, XKind.POST)
    may = read.wants_reply and await desk.access.allows(desk.actor, Action.MESSAGE_WRITE_REPLY, Target(scope=scope))
    shown = name or handle
    return Bubble(
        name=shown,
        handle=handle,
        text=text,
        when=desk.fmt.ago(written_at),
        initials=initials(shown),
        colour=colour_of(handle),
        segments=marked(text, [msgspec.to_builtins(found) for found in read.findings]),
        notes=notes_of(read, text),
        reply=reply_address(account, x_id, Ready.DELETE) if may else "",
    )
