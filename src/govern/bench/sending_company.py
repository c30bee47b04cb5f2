"""A company made by the ordinary services on the sandbox: a person per role, so many accounts, customers who wrote to them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx
import msgspec

from govern.access import Access, load_bundle
from govern.domain.accounts import Account
from govern.domain.drafts import Draft
from govern.domain.members import Actor, Via, member_actor, system_actor
from govern.domain.messages import Kind, Message
from govern.jobs.ingest import ingest
from govern.services.accounts import create_account, edit_account, find_account
from govern.services.acknowledgements import Acknowledged, Unacknowledged
from govern.services.approvals import approve_message
from govern.services.brands import create_brand
from govern.services.connecting import connect_account
from govern.services.first_admin import create_first_admin
from govern.services.grant_source import PostgresGrants
from govern.services.grants import assign_role
from govern.services.members import create_member
from govern.services.messages import draft_message
from govern.services.policies import load_policies
from govern.settings import Settings
from govern.xapi.client import XUser
from govern.xapi.credentials import Credentials
from govern.xapi.tweepy_client import TweepyClient
from govern.xapi.vault import Vault

PASSWORD = "made only to be measured 20261122"  # noqa: S105 - of a database that is gone afterwards
BRAND = "bench"
REASON = "to measure"


def clock() -> datetime:
    """Return the time: whoever measures is an entry point."""
    return datetime.now(UTC)


class Writing(msgspec.Struct, frozen=True, kw_only=True):
    """One message to write. `target` is the post that is answered, or the handle of who gets a DM."""

    account: str
    kind: Kind
    text: str
    target: str | None = None
    form_key: UUID | None = None


class Sandbox:
    """The sandbox's control API, as the company's people need it."""

    def __init__(self, address: str) -> None:
        self._client = httpx.AsyncClient(base_url=f"{address}/_sandbox", trust_env=False, timeout=30)

    async def order(self, what: str, **body: object) -> dict[str, Any]:
        answer = (await self._client.post(f"/{what}", json=body)).raise_for_status()
        found: dict[str, Any] = answer.json() if answer.content else {}
        return found

    async def close(self) -> None:
        await self._client.aclose()


class Company:
    """Who writes and approves, with which rules, as which accounts."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.access = Access(load_bundle(settings.policies / "access"), PostgresGrants())
        self.policies = load_policies(settings.policies)
        self.vault = Vault.from_settings(settings)
        self.sandbox = Sandbox(settings.x_base_url)
        self.people: dict[str, Actor] = {}
        self.accounts: dict[str, Account] = {}
        self.keys: dict[str, Credentials] = {}

    async def found(self, handles: Sequence[str]) -> None:
        """Make people, brand and accounts; each account is connected, and approvals may not be taken back."""
        admin = await create_first_admin(
            email="admin@bench.example", name="Admin", password=PASSWORD, actor=system_actor("bench"), now=clock()
        )
        self.people["admin"] = member_actor(admin.id, admin.name, via=Via.CLI, factors=(), fresh=True)
        await create_brand(slug=BRAND, name="Bench", **self._as("admin"))
        for role in ("brand_manager", "author", "agent"):
            await self._add_member(role)
        for handle in handles:
            await self._add_account(handle)

    async def _add_member(self, role: str) -> None:
        email = f"{role}@bench.example"
        member = await create_member(email=email, name=role.title(), password=PASSWORD, **self._as("admin"))
        await assign_role(email=email, role=role, scope="company", reason=REASON, **self._as("admin"))
        self.people[role] = member_actor(member.id, member.name, via=Via.CLI, factors=(), fresh=True)

    async def _add_account(self, handle: str) -> None:
        account = await create_account(handle=handle, name=handle, brand=BRAND, **self._as("admin"))
        await edit_account(
            handle,
            name=account.name,
            topic=account.topic,
            objectives=account.objectives,
            zone=account.zone,
            language=account.language,
            colour=account.colour,
            undo_window_seconds=0,
            version=account.version,
            **self._as("admin"),
        )
        await self.connect(handle)

    async def connect(self, handle: str) -> None:
        """Give an account the keys that the sandbox has for it; again, where it lost them."""
        made = await self.sandbox.order("accounts", handle=handle, name=handle)
        keys = Credentials(**{name: str(made[name]) for name in Credentials.__struct_fields__})
        x_user = XUser(x_id=str(made["id"]), handle=handle, name=handle)
        await connect_account(handle, credentials=keys, vault=self.vault, x_user=x_user, **self._as("admin"))
        self.keys[handle] = keys
        self.accounts[handle] = await find_account(handle)

    def client(self, handle: str) -> TweepyClient:
        """Return X as this account, as the worker makes it."""
        return TweepyClient(
            self.keys[handle],
            base_url=self.settings.x_base_url,
            timeout=self.settings.send_timeout,
            x_id=self.accounts[handle].x_user_id,
        )

    async def hear(self, handle: str, kind: str, sender: str, text: str) -> str:
        """Let a customer write to an account; returns the id. `read` brings it home."""
        return str((await self.sandbox.order("inbound", kind=kind, **{"from": sender, "to": handle}, text=text))["id"])

    async def read(self, handle: str) -> None:
        """Poll what customers wrote to an account."""
        await ingest(self.accounts[handle], self.client(handle), policies=self.policies, clock=clock)

    async def write(self, writing: Writing) -> Message:
        """Write a message and have it approved; doing it again does nothing twice."""
        answers = writing.kind in {Kind.REPLY, Kind.DM}
        author = "agent" if answers else "author"
        draft = Draft(
            account=writing.account,
            kind=writing.kind,
            text=writing.text,
            in_reply_to=None if writing.kind is Kind.DM else writing.target,
            recipient=writing.target if writing.kind is Kind.DM else None,
        )
        message = await self._submit(draft, writing.form_key, author)
        if message.state.value != "pending_approval":
            return message
        return await approve_message(
            message.id,
            revision=message.revision.number,
            reason=REASON,
            policies=self.policies,
            **self._as("brand_manager"),
        )

    async def _submit(self, draft: Draft, form_key: UUID | None, author: str) -> Message:
        async def submit(seen: Sequence[Acknowledged]) -> Message:
            return await draft_message(
                draft, submit=True, acknowledged=seen, form_key=form_key, policies=self.policies, **self._as(author)
            )

        try:
            return await submit(())
        except Unacknowledged as warned:  # our people read what screening warns of
            found = msgspec.convert(warned.data["findings"], list[dict[str, object]])
            return await submit(
                [msgspec.convert({"rule": each["rule"], "span": each["span"]}, Acknowledged) for each in found]
            )

    def _as(self, role: str) -> dict[str, Any]:
        return {"actor": self.people[role], "access": self.access, "now": clock()}
