"""Whether a DM may be written, in the words that stand above its text, and what to do where it may not."""

from govern.domain.accounts import Account
from govern.domain.consent import DmPermission, PermissionState
from govern.services.ledgers import ledger_of, newest_post
from govern.services.permissions import permission_of
from govern.web.panel.desk import Desk
from govern.web.panel.i18n import gettext as _
from govern.web.panel.ready import Ready, reply_address
from govern.web.panel.views import View
from govern.web.panel.words import PERMISSIONS

REFUSING = frozenset({PermissionState.UNSOLICITED, PermissionState.OPTED_OUT})


class Permission(View, frozen=True, kw_only=True):
    """What may be written to a person, in words."""

    words: str
    tone: str
    refuses: bool
    """Whether no text at all may be written."""
    ledger: str
    """Where it is explained, for those who may read that."""
    out: str
    """Where a public answer with an invitation is written, if there is a post to answer."""


async def permission_note(desk: Desk, account: Account, recipient: str) -> Permission | None:
    """Say whether a DM to this person may be written; nothing while nobody is named."""
    if not recipient:
        return None
    found = await permission_of(
        account.handle, recipient, actor=desk.actor, access=desk.access, policies=desk.policies, now=desk.now
    )
    person = await ledger_of(recipient, actor=desk.actor, access=desk.access)
    refuses = found.state in REFUSING
    return Permission(
        words=_sentence(desk, found),
        tone="bad" if refuses else "ok",
        refuses=refuses,
        ledger=f"/admin/permissions/{person}" if person else "",
        out=await _way_out(desk, account, recipient) if found.state is PermissionState.UNSOLICITED else "",
    )


def _sentence(desk: Desk, found: DmPermission) -> str:
    words = [_(PERMISSIONS.get(found.state, ""))]
    if found.until:
        words.append(_("Until %(moment)s.") % {"moment": desk.fmt.moment(found.until)})
    if found.state is PermissionState.UNSOLICITED:
        words.append(_("Answer in public and invite them to write."))
    if found.state is PermissionState.OPTED_OUT:
        words.append(_("Do not write, and do not ask them to. If they write again, they may be answered."))
    return " ".join(words)


async def _way_out(desk: Desk, account: Account, recipient: str) -> str:
    post = await newest_post(account, recipient, actor=desk.actor, access=desk.access)
    return reply_address(account.handle, post.x_id, Ready.INVITE) if post else ""
