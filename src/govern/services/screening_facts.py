"""What screening must know beside the text: who writes, to whom, and what went out before."""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from govern.database import rows
from govern.domain.accounts import Account
from govern.domain.messages import Kind, Message
from govern.domain.permission import newest_opener
from govern.screening.findings import Facts, Recent, Tier
from govern.screening.normalise import fold
from govern.screening.policy import Policy
from govern.services.consent_events import list_events
from govern.services.fingerprints import fingerprint_of, masked
from govern.settings import current
from govern.tables import Inbound, Publication

MOST_RECENT = 2_000
_NOBODY = UUID(int=0)

# What is out, or may be: an attempt that X refused, or that never left, said nothing to anybody.
_OUT = """
SELECT r.text, r.fingerprint, a.handle AS account, b.slug AS brand, m.kind,
       coalesce(m.contact::text, i.contact::text, m.in_reply_to::text) AS recipient, t.started_at AS at
  FROM attempt t
  JOIN publication p ON p.id = t.publication
  JOIN message m ON m.id = p.message
  JOIN revision r ON r.id = p.revision
  JOIN account a ON a.id = m.account
  JOIN brand b ON b.id = a.brand
  LEFT JOIN inbound i ON m.kind = 'reply' AND i.account = m.account AND i.x_kind = 'post' AND i.x_id = m.in_reply_to
 WHERE t.started_at > {} AND m.kind = ANY({}) AND m.id <> {} AND m.confirms IS NULL
   AND (t.outcome IS NULL OR t.outcome = 'sent' OR (t.outcome = 'unknown' AND t.resolved IS DISTINCT FROM 'not_sent'))
"""
_NEWEST = _OUT + " ORDER BY t.started_at DESC LIMIT {}"
_SAME = _OUT + " AND r.fingerprint = {} ORDER BY t.started_at DESC LIMIT {}"
_SUMMONED = """
SELECT contact FROM inbound WHERE account = {} AND x_kind = 'post' AND x_id = {}
UNION ALL
SELECT NULL FROM publication WHERE account = {} AND x_kind = 'post' AND x_id = {}
"""
_DMS = """
SELECT r.text, p.closed_at FROM message m JOIN publication p ON p.message = m.id JOIN revision r ON r.id = p.revision
 WHERE m.contact = {} AND m.account = {} AND m.kind = 'dm' AND m.confirms IS NULL AND p.x_id IS NOT NULL
 ORDER BY p.closed_at DESC LIMIT 50
"""


class Text(msgspec.Struct, frozen=True, kw_only=True):
    """A text to screen, stored or only typed, with what is known of it. `message` is None for one that is only typed."""

    text: str
    kind: Kind
    in_reply_to: str | None = None
    contact: UUID | None = None
    message: UUID | None = None
    paid_partnership: bool = False
    ai_written: bool = False
    alt_texts: tuple[str, ...] = ()
    """Of the images; empty for one that has none yet."""


def text_of(message: Message) -> Text:
    """Return a message's current text with what is known of it."""
    return Text(
        text=message.revision.text,
        kind=message.kind,
        in_reply_to=message.in_reply_to,
        contact=message.contact_id,
        message=message.id,
        paid_partnership=message.revision.paid_partnership,
        ai_written=message.revision.ai_written,
        alt_texts=tuple(each.alt_text for each in message.revision.images),
    )


async def gather_facts(given: Text, account: Account, *, policy: Policy, now: datetime) -> Facts:
    """Return all facts the engine asks for. Nothing here is sent by a machine alone, so `automated` is 0."""
    settings, fingerprint = current(), fingerprint_of(given.text)
    summoned, author = await _summoned(given, account)
    recipient = given.contact or author or given.in_reply_to
    return Facts(
        account=account.handle,
        brand=account.brand,
        recipient=str(recipient) if recipient and given.kind in {Kind.DM, Kind.REPLY} else None,
        at=now,
        fingerprint=fingerprint,
        recent=await _recent(given, fingerprint, policy=policy, now=now),
        length_limit=account.length_limit,
        app_tier=Tier(settings.x_app_tier) if settings.x_app_tier else None,
        summoned=summoned,
        automated=0,
        ai_written=given.ai_written,
        ai_approved=settings.x_ai_replies_approved,
        images_without_alt=sum(not each.strip() for each in given.alt_texts),
        paid_partnership=given.paid_partnership,
        privacy_link_sent=await _privacy_link(given, account, policy=policy, now=now),
    )


async def _summoned(given: Text, account: Account) -> tuple[bool | None, UUID | None]:
    """Tell whether the post answered named us or is ours, and who wrote it."""
    if given.kind is not Kind.REPLY or not given.in_reply_to:
        return None, None
    post = int(given.in_reply_to)
    found = rows(await Inbound.raw(_SUMMONED, account.id, post, account.id, post))
    return bool(found), next((row["contact"] for row in found if row["contact"]), None)


async def _recent(given: Text, fingerprint: str | None, *, policy: Policy, now: datetime) -> tuple[Recent, ...]:
    """Return what went out within the windows of the rules: all that is the same, and the newest of the rest."""
    rules = [rule for rule in policy.duplicates.rules if given.kind in rule.kinds]
    if not rules or fingerprint is None:
        return ()
    since = now - max((rule.within for rule in rules), default=timedelta(0))
    kinds = sorted({kind.value for rule in rules for kind in rule.kinds})
    about = (since, kinds, given.message or _NOBODY)
    same = rows(await Publication.raw(_SAME, *about, fingerprint, MOST_RECENT))
    newest = rows(await Publication.raw(_NEWEST, *about, MOST_RECENT))
    unlike = [row for row in newest if row["fingerprint"] != fingerprint]
    return tuple(_row(row) for row in (*same, *unlike))


def _row(row: dict[str, object]) -> Recent:
    return msgspec.convert({**row, "masked": masked(str(row["text"]))}, Recent)


async def _privacy_link(given: Text, account: Account, *, policy: Policy, now: datetime) -> bool | None:
    """Tell whether the person has the link; None where this DM does not begin a conversation."""
    if given.kind is not Kind.DM:
        return None
    if given.contact is None:
        return False  # somebody we never heard of
    sent = rows(await Publication.raw(_DMS, given.contact, account.id))
    if any(_has_link(row["text"], policy.x.privacy_words) for row in sent):
        return True
    opener = newest_opener(await list_events(given.contact), account=account.id, now=now)
    begun = opener is not None and any(row["closed_at"] >= opener.counts_from for row in sent)
    return None if begun else False


def _has_link(text: str, words: tuple[str, ...]) -> bool:
    links = [word for word in fold(text).text.split() if "/" in word]
    return any(word in link for link in links for word in words)
