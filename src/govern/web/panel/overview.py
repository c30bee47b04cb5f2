"""The overview: what needs somebody now, and how the last 14 days went."""

from collections.abc import Sequence

from litestar import Response, get
from markupsafe import Markup

from govern.domain.accounts import AccountState
from govern.domain.actions import Action
from govern.services.alarms import list_alarms
from govern.services.late_answers import count_late_answers
from govern.services.overview import AccountFigures, Overview, overview
from govern.web.panel.alarms import AlarmLine, alarm_line
from govern.web.panel.charts import Series, bar, columns
from govern.web.panel.desk import AtDesk, Desk
from govern.web.panel.i18n import gettext as _
from govern.web.panel.i18n import ngettext
from govern.web.panel.message_view import chip
from govern.web.panel.views import AccountChip, View
from govern.web.panel.words import ACCOUNT_KINDS, ACCOUNT_STATES, RULES, Badge, badge


class Card(View, frozen=True, kw_only=True):
    """A number that may need somebody, and where it leads."""

    number: int
    words: str
    small: str
    href: str
    tone: str


class Chart(View, frozen=True, kw_only=True):
    """A chart with its figure in words and its table."""

    title: str
    figure: str
    words: str
    drawing: Markup
    label: str
    labels: Sequence[str]
    series: Sequence[Series]


class Reason(View, frozen=True, kw_only=True):
    words: str
    rule: str
    count: int
    drawing: Markup


class AccountLine(View, frozen=True, kw_only=True):
    account: AccountChip
    href: str
    kind: str
    posts: int
    replies: int
    late: int
    waiting: int
    health: Badge


class OverviewPage(View, frozen=True, kw_only=True):
    alarms: Sequence[AlarmLine]
    cards: Sequence[Card]
    charts: Sequence[Chart]
    dm_blocked: int
    dm_submitted: int
    reasons: Sequence[Reason]
    accounts: Sequence[AccountLine]


@get("", opt={"signed_in": "shows only what the member may read"})
async def show_overview(desk: AtDesk) -> Response[str]:
    """What needs the member now."""
    found = await overview(zone=desk.fmt.zone, actor=desk.actor, access=desk.access, now=desk.now)
    most = max((each.blocked for each in found.blocked), default=1)
    policy = desk.policies.screening
    alarms = await list_alarms(
        rules=policy.x, policy_digest=policy.digest, actor=desk.actor, access=desk.access, now=desk.now
    )
    page = OverviewPage(
        alarms=[alarm_line(desk, each) for each in alarms],
        cards=[*await _cards(desk, found), *await _late(desk)],
        charts=[_dialogue(desk, found), _age(found)],
        dm_blocked=found.dm_blocked,
        dm_submitted=found.dm_submitted,
        reasons=[
            Reason(
                words=_(RULES.get(each.rule, each.rule)),
                rule=each.rule,
                count=each.blocked,
                drawing=bar(each.blocked, most),
            )
            for each in found.blocked
        ],
        accounts=[_account(each) for each in found.accounts],
    )
    return await desk.show("pages/overview.html", page, here="overview", title=_("Overview"))


async def _late(desk: Desk) -> Sequence[Card]:
    """Return a card where X said late that something is out, for who settles that and who reads the log."""
    late = await count_late_answers(actor=desk.actor, access=desk.access)
    if not late:
        return ()
    settles = await desk.may(Action.MESSAGE_SETTLE)
    card = Card(
        number=late,
        words=ngettext("late answer of X", "late answers of X", late),
        small=_("out, though settled otherwise"),
        href="/admin/unknown" if settles else "/admin/audit?q=action:publication.late_success",
        tone="bad",
    )
    return (card,)


async def _cards(desk: Desk, found: Overview) -> Sequence[Card]:
    queue = "/admin/approvals?view=team"
    may_settle = await desk.may(Action.MESSAGE_SETTLE)
    first = desk.fmt.due(found.first_due_at) if found.first_due_at else None
    return (
        Card(
            number=found.late,
            words=ngettext("decision is late", "decisions are late", found.late),
            small=_("past the deadline") if found.late else _("none, good"),
            href=queue,
            tone="bad" if found.late else "",
        ),
        Card(
            number=found.due_soon,
            words=ngettext("decision due within 15 min", "decisions due within 15 min", found.due_soon),
            small=_("first: %(due)s") % {"due": first.words} if first and found.due_soon else _("nothing pressing"),
            href=queue,
            tone="warn" if found.due_soon else "",
        ),
        Card(
            number=found.waiting,
            words=ngettext("message waits for approval", "messages wait for approval", found.waiting),
            small=_("next: %(due)s") % {"due": first.words} if first else _("the queue is empty"),
            href=queue,
            tone="",
        ),
        Card(
            number=found.unknown,
            words=ngettext("unknown outcome", "unknown outcomes", found.unknown),
            small=_("a person must settle it") if found.unknown else _("X answered for all"),
            href="/admin/unknown" if may_settle else "/admin/messages?state=outcome_unknown",
            tone="bad" if found.unknown else "",
        ),
    )


def _dialogue(desk: Desk, found: Overview) -> Chart:
    replies, posts = sum(each.replies for each in found.sent), sum(each.posts for each in found.sent)
    share = round(100 * replies / (replies + posts)) if replies + posts else 0
    labels = [desk.fmt.short_day(each.day) for each in found.sent]
    series = (
        Series(_("Replies, quotes, DMs"), "k1", [each.replies for each in found.sent]),
        Series(_("Posts"), "k2", [each.posts for each in found.sent]),
    )
    sentence = _("%(replies)s replies, quotes and DMs, %(posts)s posts in 14 days, by day") % {
        "replies": replies,
        "posts": posts,
    }
    return Chart(
        title=_("Dialogue against broadcast"),
        figure=f"{share}%" if replies + posts else "0",
        words=_("of what we sent in 14 days answers someone") if replies + posts else _("nothing was sent yet"),
        drawing=columns(labels, series, sentence=sentence),
        label=_("Day"),
        labels=labels,
        series=series,
    )


def _age(found: Overview) -> Chart:
    labels = (_("Under 15 min"), _("15 min to 1 h"), _("Over 1 h"))
    counts = (found.under_15, found.to_1h, found.over_1h)
    series = tuple(
        Series(label, mark, [count if at == own else 0 for own in range(3)])
        for at, (label, mark, count) in enumerate(zip(labels, ("k1", "k3", "k4"), counts, strict=True))
    )
    total = (Series(_("Messages"), "k1", counts),)
    sentence = _("Waiting messages by age: %(a)s under 15 minutes, %(b)s up to one hour, %(c)s over one hour") % {
        "a": counts[0],
        "b": counts[1],
        "c": counts[2],
    }
    return Chart(
        title=_("Age of the approval queue"),
        figure=str(sum(counts)),
        words=ngettext("message waits now", "messages wait now", sum(counts)),
        drawing=columns(labels, series, sentence=sentence),
        label=_("Age"),
        labels=labels,
        series=total,
    )


def _account(figures: AccountFigures) -> AccountLine:
    account = figures.account
    return AccountLine(
        account=chip(account.handle, {account.handle: account}),
        href=f"/admin/accounts/{account.handle}",
        kind=_(ACCOUNT_KINDS[account.kind]),
        posts=figures.posts,
        replies=figures.replies,
        late=figures.late,
        waiting=figures.waiting,
        health=badge(ACCOUNT_STATES.get(AccountState(account.state)), account.state),
    )


ROUTES = (show_overview,)
