"""Plain functions that make valid rows; what a test does not name is of no matter to it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import count
from uuid import UUID

import msgspec

from govern.access import Access
from govern.database import transaction
from govern.domain.accounts import Account, account_scope, brand_scope
from govern.domain.drafts import Draft
from govern.domain.ids import uuid7
from govern.domain.media import Attachment
from govern.domain.members import Actor, Via, member_actor, system_actor
from govern.domain.messages import Kind, Message, ReplyLevel
from govern.services.accounts import find_account
from govern.services.acknowledgements import Acknowledged, Unacknowledged
from govern.services.media import upload_media
from govern.services.members import insert_member
from govern.services.messages import draft_message
from govern.services.policies import Policies, load_policies
from govern.services.receiving import store_dms, store_mentions
from govern.settings import shipped
from govern.tables import Account as AccountTable
from govern.tables import Brand, RoleGrant, Scope
from govern.xapi.client import DmEvent, Mention
from tests.hand import by_hand
from tests.pictures import png

NOW = datetime(2026, 11, 22, 13, 0, tzinfo=UTC)
_numbers = count(1)


class Company(msgspec.Struct, frozen=True, kw_only=True):
    """Two brands with an account each, and a person per role."""

    help: Account
    news: Account
    leo: Actor
    """Agent of @Help."""
    ana: Actor
    """Author of @Help."""
    mia: Actor
    """Brand manager of the brand of @Help."""
    max: Actor
    """Another brand manager of the same brand."""
    cleo: Actor
    """Compliance officer."""
    ada: Actor
    """Admin."""
    vera: Actor
    """Viewer of the whole company."""
    noa: Actor
    """Agent of @News, with no right at @Help."""
    bo: Actor
    """Author and brand manager at once."""


async def make_company() -> Company:
    """Build the company with committed rows."""
    help_account = await make_account("Help", brand="care")
    news_account = await make_account("News", brand="press")
    return Company(
        help=help_account,
        news=news_account,
        leo=await make_member("leo", ("agent", "account:Help")),
        ana=await make_member("ana", ("author", "account:Help")),
        mia=await make_member("mia", ("brand_manager", "brand:care")),
        max=await make_member("max", ("brand_manager", "brand:care")),
        cleo=await make_member("cleo", ("compliance", "company")),
        ada=await make_member("ada", ("admin", "company")),
        vera=await make_member("vera", ("viewer", "company")),
        noa=await make_member("noa", ("agent", "account:News")),
        bo=await make_member("bo", ("author", "brand:care"), ("brand_manager", "brand:care")),
    )


async def make_member(name: str, *roles: tuple[str, str], via: Via = Via.PANEL) -> Actor:
    """Add a member with roles at scopes and return them as an actor."""
    async with transaction():
        member = await insert_member(
            email=f"{name}@example.com",
            name=name.title(),
            hashed="no password fits this",
            language="en",
            zone="Europe/Paris",
            actor=system_actor("test"),
            now=NOW,
        )
    for role, scope in roles:
        await make_grant(member.id, role, scope)
    return member_actor(member.id, member.name, via=via, fresh=True)


async def make_grant(member: UUID, role: str, scope: str) -> UUID:
    """Give a role without asking anybody."""
    grant = uuid7(NOW)
    start = datetime.now(UTC) - timedelta(days=1)
    await by_hand(
        RoleGrant.insert(
            RoleGrant(
                id=grant, member=member, role=role, scope=scope, granted_at=start, reason="for a test", starts_at=start
            )
        )
    )
    return grant


async def make_account(handle: str, *, brand: str) -> Account:
    """Add a connected account, and its brand if it is new."""
    found = await Brand.select(Brand.id).where(Brand.slug == brand).first()
    brand_id = found["id"] if found else uuid7(NOW)
    if found is None:
        await by_hand(Scope.insert(Scope(key=brand_scope(brand), kind="brand", parent="company")))
        row = Brand(id=brand_id, slug=brand, name=brand.title(), scope=brand_scope(brand), created_at=NOW)
        await by_hand(Brand.insert(row))
    await by_hand(Scope.insert(Scope(key=account_scope(handle), kind="account", parent=brand_scope(brand))))
    await by_hand(
        AccountTable.insert(
            AccountTable(
                id=uuid7(NOW),
                handle=handle,
                name=handle,
                brand=brand_id,
                scope=account_scope(handle),
                kind="brand",
                state="connected",
                x_user_id=1_000_000 + next(_numbers),
                created_at=NOW,
            )
        )
    )
    return await find_account(handle)


async def make_message(
    author: Actor,
    *,
    access: Access,
    policies: Policies,
    account: str = "Help",
    kind: Kind = Kind.POST,
    text: str = "The workshop opens at ten on Saturday.",
    in_reply_to: str | None = None,
    recipient: str | None = None,
    scheduled_at: datetime | None = None,
    paid_partnership: bool = False,
    ai_written: bool = False,
    images: Sequence[Attachment] = (),
    reply_level: ReplyLevel | None = None,
    submit: bool = True,
    acknowledged: Sequence[Acknowledged] | None = None,
    now: datetime = NOW,
) -> Message:
    """Write a message through the service; its author has seen what screening warns of, unless the test says what."""
    draft = Draft(
        account=account,
        kind=kind,
        text=text,
        in_reply_to=in_reply_to,
        recipient=recipient,
        scheduled_at=scheduled_at,
        paid_partnership=paid_partnership,
        ai_written=ai_written,
        images=tuple(images),
        reply_level=reply_level,
    )

    async def write(seen: Sequence[Acknowledged]) -> Message:
        return await draft_message(
            draft, submit=submit, acknowledged=seen, actor=author, access=access, policies=policies, now=now
        )

    try:
        return await write(acknowledged or ())
    except Unacknowledged as warned:
        if acknowledged is not None:
            raise
        return await write(warnings_in(warned))


async def make_image(
    owner: Actor, content: bytes | None = None, *, access: Access, alt_text: str = "A blue square", now: datetime = NOW
) -> Attachment:
    """Upload an image, of its own colour unless the test has one, ready to stand in a message."""
    colour = (next(_numbers) % 0xFFFFFF).to_bytes(3)
    media = await upload_media(content or png(colour=colour), actor=owner, access=access, now=now)
    return Attachment(id=media.id, alt_text=alt_text)


def warnings_in(warned: Unacknowledged) -> tuple[Acknowledged, ...]:
    """Return the warnings a refusal names, as acknowledged."""
    found = msgspec.convert(warned.data["findings"], list[dict[str, object]])
    return tuple(msgspec.convert({"rule": each["rule"], "span": each["span"]}, Acknowledged) for each in found)


@cache
def shipped_policies() -> Policies:
    """The policies as they are shipped, for what people write to us."""
    return load_policies(shipped("policies"))


async def receive_dm(
    account: Account, handle: str = "marion", *, text: str = "Where is my parcel?", at: datetime = NOW
) -> None:
    """Let a person write to an account in private."""
    number = next(_numbers)
    await store_dms(
        account,
        [
            DmEvent(
                x_id=str(5_000_000 + number),
                sender_id=_x_id(handle),
                sender_handle=handle,
                sender_name=handle.title(),
                recipient_id=account.x_user_id,
                recipient_handle=account.handle,
                text=text,
                conversation_id="1-2",
                created_at=at,
            )
        ],
        policies=shipped_policies(),
        actor=system_actor("test"),
        now=at,
    )


async def receive_mention(
    account: Account, handle: str = "marion", *, text: str = "where is my parcel?", at: datetime = NOW
) -> str:
    """Let a person mention an account and return the post's id."""
    x_id = str(6_000_000 + next(_numbers))
    await store_mentions(
        account,
        [
            Mention(
                x_id=x_id,
                author_id=_x_id(handle),
                author_handle=handle,
                author_name=handle.title(),
                text=f"@{account.handle} {text}",
                in_reply_to=None,
                conversation_id=x_id,
                created_at=at,
            )
        ],
        policies=shipped_policies(),
        actor=system_actor("test"),
        now=at,
    )
    return x_id


def _x_id(handle: str) -> str:
    return str(9_000_000 + sum(ord(letter) * 31**place for place, letter in enumerate(handle)) % 999_983)
