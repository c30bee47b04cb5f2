"""The page on which a message is written."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from litestar import Response

from govern.domain.accounts import Account
from govern.domain.drafts import BadTarget, check_x_id
from govern.domain.ids import uuid7
from govern.domain.messages import Kind, ReplyLevel
from govern.domain.publications import XKind
from govern.domain.reply_levels import WHO_SEES, audience
from govern.screening.findings import Screening, Tier
from govern.services.accounts import list_accounts
from govern.services.conversations import InboundView, find_inbound, list_inbound
from govern.services.screening import WRITE_ACTION, preview
from govern.web.panel.asking import asking_of, mend
from govern.web.panel.desk import Desk
from govern.web.panel.format import zone_name
from govern.web.panel.forms import Form
from govern.web.panel.htmx import wants_part
from govern.web.panel.i18n import gettext as _
from govern.web.panel.i18n import in_language
from govern.web.panel.images import ImageFields, image_fields
from govern.web.panel.inbound import read_inbound
from govern.web.panel.message_view import chip
from govern.web.panel.permission_note import Permission, permission_note
from govern.web.panel.previews import DM_LIMIT, limit_of, preview_of
from govern.web.panel.ready import Ready, prepared, reply_address
from govern.web.panel.send_times import twice
from govern.web.panel.views import AccountChip, Preview, View
from govern.web.panel.words import KINDS, LEVELS, Badge


class DraftForm(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A message as it was typed; the time is the account's own."""

    account: str
    kind: Kind
    text: str = ""
    in_reply_to: str | None = None
    recipient: str | None = None
    scheduled_at: str | None = None
    fold: Annotated[int, msgspec.Meta(ge=0, le=1)] | None = None
    paid_partnership: bool = False
    ai_written: bool = False
    media: list[UUID] = []
    alt: list[str] = []
    pictured: bool = False
    """Whether the form says which images there are; else they stay."""
    reply_level: ReplyLevel | None = None
    acknowledged: list[str] = []
    form_key: UUID | None = None
    use: str | None = None
    """The finding to mend, or `undo`; then nothing else is done."""
    was: str | None = None
    """The text before the last mending."""
    do: Literal["draft", "submit", "check"] = "check"


class Received(View, frozen=True, kw_only=True):
    """Something that can be answered."""

    words: str
    text: str
    when: str
    href: str
    stop: Badge | None = None
    reply: str = ""
    """Where the prepared reply to personal data in public is written."""


class Choice(View, frozen=True, kw_only=True):
    """An account one may write for."""

    account: AccountChip
    brand: str
    href: str


class LevelChoice(View, frozen=True, kw_only=True):
    """A level that an answer may have, and who will see it."""

    value: str
    words: str
    sees: str


class ComposePage(View, frozen=True, kw_only=True):
    choices: Sequence[Choice]
    account: AccountChip | None
    form: Form
    zone: str = ""
    twice: Sequence[tuple[str, str]] = ()
    """What to choose from where the typed time comes twice."""
    limit: int = 280
    dm_limit: int = DM_LIMIT
    kinds: Sequence[tuple[str, str]] = ()
    kind: str = "post"
    form_key: str = ""
    preview: Preview | None = None
    permission: Permission | None = None
    paid_partnership: bool = False
    ai_written: bool = False
    received: Sequence[Received] = ()
    action: str = "/admin/compose"
    check: str = "/admin/compose/preview"
    pictures: ImageFields = ImageFields(images=())
    levels: Sequence[LevelChoice] = ()
    level: str = ""
    level_note: str = ""
    """What is to be known of quotes under this contract with X."""
    answered: str = ""
    """The handle that a reply to everyone begins with."""
    invite: str = ""
    """Where the prepared invitation to write privately is."""
    sees: Mapping[str, str] = {}
    """Who will see it, by kind."""
    fixed: bool = False
    others: bool = False
    """Whether there is another account to write for."""
    number: str = ""
    revision: int = 0
    asked: Sequence[str] = ()

    @property
    def refused(self) -> bool:
        """Whether no text may be written: the field for it is closed."""
        return self.permission is not None and self.permission.refuses and self.kind == Kind.DM


async def compose_page(desk: Desk, form: Form, *, checked: DraftForm | None = None) -> Response[str]:
    choices = await _writable(desk)
    accounts = {account.handle: account for account, _kinds in choices}
    chosen = next((pair for pair in choices if pair[0].handle.lower() == form.get("account").lower()), None)
    if chosen is None and len(choices) == 1 and not form.get("account"):
        chosen = choices[0]  # who writes for one account has nothing to choose
    if chosen is None and checked is not None:
        await _screened(desk, checked)  # says no, and why
    if chosen is None:
        page = ComposePage(choices=[_choice(account, accounts) for account, _kinds in choices], account=None, form=form)
    else:
        page = await _writing(desk, form, chosen[0], chosen[1], accounts, checked=checked)
    title = _("Write as @%(handle)s") % {"handle": chosen[0].handle} if chosen else _("Compose")
    return await desk.show("pages/compose.html", page, here="compose", title=title, part=part(desk), status=form.status)


def part(desk: Desk) -> str:
    """Return which part of the page htmx asks for: the permission, or the preview."""
    return "permission" if wants_part(desk.request, "permission") else "preview"


async def ready_text(desk: Desk, account: str, in_reply_to: str, ready: Ready | None) -> str:
    """Return the prepared reply to a post we received, in its language."""
    ours = next(
        (each for each in await list_accounts(actor=desk.actor, access=desk.access) if each.handle == account), None
    )
    if ready is None or ours is None:
        return ""
    said = await _find_said(ours, in_reply_to)
    return prepared(ready, [said.text] if said else [], otherwise=ours.language, policies=desk.policies)


async def _writing(
    desk: Desk,
    form: Form,
    account: Account,
    kinds: Sequence[Kind],
    accounts: Mapping[str, Account],
    *,
    checked: DraftForm | None,
) -> ComposePage:
    kind = Kind(form.get("kind")) if form.get("kind") in set(kinds) else kinds[0]
    if checked and checked.use and checked.text.strip():
        mend(form, (await _screened(desk, checked)).findings, limit=limit_of(kind, account))
        checked = msgspec.structs.replace(checked, text=form.get("text"))
    answered = await _answered(account, form.get("in_reply_to"))
    return ComposePage(
        choices=(),
        others=len(accounts) > 1,
        account=chip(account.handle, accounts),
        zone=zone_name(account.zone),
        twice=twice(form.get("scheduled_at"), account.zone),
        limit=account.length_limit,
        kinds=[(each.value, _(KINDS[each])) for each in kinds],
        kind=kind.value,
        form=form,
        form_key=form.get("form_key") or str(uuid7(desk.now)),
        preview=await _checked(desk, account, checked, form) if checked and checked.text.strip() else None,
        permission=await permission_note(desk, account, form.get("recipient")) if kind is Kind.DM else None,
        paid_partnership=bool(form.get("paid_partnership")),
        ai_written=bool(form.get("ai_written")),
        pictures=await image_fields(desk, form),
        levels=level_choices() if {Kind.REPLY, Kind.QUOTE} & set(kinds) else (),
        level=form.get("reply_level") or ReplyLevel.OPEN.value,
        level_note=_("With this contract X refuses most quotes; a reply to everyone goes.")
        if desk.settings.x_app_tier == Tier.SELF_SERVE
        else "",
        answered=answered,
        invite=reply_address(account.handle, form.get("in_reply_to"), Ready.INVITE) if answered else "",
        sees={each.value: in_language(WHO_SEES[audience(each, None)]) for each in kinds if each is not Kind.REPLY},
        received=await _received(desk, account, kinds),
    )


async def _checked(desk: Desk, account: Account, data: DraftForm, form: Form) -> Preview:
    answer = await _screened(desk, data)
    return preview_of(data.text, data.kind, account, answer.findings, screened=True, asking=asking_of(form))


async def _screened(desk: Desk, data: DraftForm) -> Screening:
    return await preview(
        account=data.account,
        kind=data.kind,
        text=data.text,
        in_reply_to=data.in_reply_to,
        recipient=data.recipient,
        paid_partnership=data.paid_partnership,
        ai_written=data.ai_written,
        alt_texts=data.alt[: len(data.media)],
        actor=desk.actor,
        access=desk.access,
        policies=desk.policies,
        now=desk.now,
    )


def level_choices() -> list[LevelChoice]:
    """Return the levels of a reply with who will see it."""
    return [
        LevelChoice(value=each.value, words=_(words), sees=in_language(WHO_SEES[each.value]))
        for each, words in LEVELS.items()
    ]


async def _find_said(account: Account, x_id: str) -> InboundView | None:
    """Return the post that is answered, if we received it; what is no id is none."""
    try:
        return await find_inbound(account.id, str(check_x_id(x_id, field="in_reply_to")))
    except BadTarget:
        return None


async def _answered(account: Account, x_id: str) -> str:
    said = await _find_said(account, x_id)
    return said.contact_handle if said else ""


async def _writable(desk: Desk) -> list[tuple[Account, list[Kind]]]:
    """Return the accounts one may write for, each with the kinds one may write there."""
    where = {kind: await desk.access.where_can(desk.actor, action) for kind, action in WRITE_ACTION.items()}
    found = []
    for account in await list_accounts(actor=desk.actor, access=desk.access):
        kinds = [kind for kind in Kind if account.scope in where[kind]]
        if kinds:
            found.append((account, kinds))
    return found


async def _received(desk: Desk, account: Account, kinds: Sequence[Kind]) -> list[Received]:
    """Return what people wrote lately. The text of a DM is not shown: reading a thread is an entry of the log."""
    found = []
    for each in await list_inbound(account=account.handle, actor=desk.actor, access=desk.access, limit=8):
        private = each.x_kind == "dm"
        if (Kind.DM if private else Kind.REPLY) not in kinds:
            continue
        words = _("DM from @%(handle)s") if private else _("@%(handle)s wrote")
        read = read_inbound(desk, each.text, XKind.POST) if not private else None
        target = f"kind=dm&recipient={each.contact_handle}" if private else f"kind=reply&in_reply_to={each.x_id}"
        found.append(
            Received(
                words=words % {"handle": each.contact_handle},
                text="" if private else each.text,
                when=desk.fmt.ago(each.written_at),
                href=f"/admin/compose?account={account.handle}&{target}",
                stop=read.stop if read else None,
                reply=reply_address(account.handle, each.x_id, Ready.DELETE) if read and read.wants_reply else "",
            )
        )
    return found


def _choice(account: Account, accounts: Mapping[str, Account]) -> Choice:
    return Choice(
        account=chip(account.handle, accounts),
        brand=account.brand_name,
        href=f"/admin/compose?account={account.handle}",
    )
