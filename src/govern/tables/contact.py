from piccolo.columns import JSONB, UUID, BigInt, Bytea, ForeignKey, Text, Timestamptz, Varchar
from piccolo.columns.base import OnDelete, OnUpdate
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from govern.domain.consent import ConsentKind, Purpose
from govern.domain.publications import XKind
from govern.tables.account import Account, Brand
from govern.tables.checks import one_of


class Contact(Table, tablename="contact"):
    """An X user outside; `x_user_id` is known once they wrote or X told us."""

    id = UUID(primary_key=True, default=None, null=False)
    handle = Varchar(length=15, default=None, null=False)
    name = Varchar(length=80, default="", null=False)
    x_user_id = BigInt(default=None, null=True, unique=True)
    created_at = Timestamptz(default=None, null=False)


class Inbound(Table, tablename="inbound"):
    """A mention or DM we received: one row per account and X id, in any order, however often it arrives."""

    id = UUID(primary_key=True, default=None, null=False)
    account = ForeignKey(Account, on_delete=OnDelete.restrict, on_update=OnUpdate.restrict, null=False, default=None)
    contact = ForeignKey(Contact, on_delete=OnDelete.restrict, on_update=OnUpdate.restrict, null=False, default=None)
    x_kind = Varchar(length=5, default=None, null=False)
    x_id = BigInt(default=None, null=False)
    text = Text(default=None, null=False)
    in_reply_to = BigInt(default=None, null=True)
    written_at = Timestamptz(default=None, null=False)
    received_at = Timestamptz(default=None, null=False)
    checked_at = Timestamptz(default=None, null=True)
    """When X last said that the post is still there, as it is here."""
    erased_at = Timestamptz(default=None, null=True)
    """When its text was erased; its X id stays, so that it is not taken for a new one."""

    inbound_x_kind_check = one_of("x_kind", XKind)
    inbound_x_unique = Unique(["account", "x_kind", "x_id"])


class ConsentEvent(Table, tablename="consent_event"):
    """A fact about the right to write to a contact. Insert only."""

    id = UUID(primary_key=True, default=None, null=False)
    contact = ForeignKey(Contact, on_delete=OnDelete.restrict, on_update=OnUpdate.restrict, null=False, default=None)
    account = ForeignKey(Account, on_delete=OnDelete.restrict, on_update=OnUpdate.restrict, null=True, default=None)
    brand = ForeignKey(Brand, on_delete=OnDelete.restrict, on_update=OnUpdate.restrict, null=True, default=None)
    kind = Varchar(length=20, default=None, null=False)
    purpose = Varchar(length=12, default=None, null=False)
    occurred_at = Timestamptz(default=None, null=False)
    recorded_at = Timestamptz(default=None, null=False)
    source = Varchar(length=40, default=None, null=False)
    source_event_id = Varchar(length=80, default=None, null=False)
    evidence = JSONB(default="{}", null=False)
    recorded_by = Varchar(length=80, default=None, null=False)

    consent_event_kind_check = one_of("kind", ConsentKind)
    consent_event_purpose_check = one_of("purpose", Purpose)
    consent_event_source_unique = Unique(["source", "source_event_id"])
    consent_event_account_check = Check(
        "kind NOT IN ('inbound_dm', 'invite_accepted', 'contact_blocked') OR account IS NOT NULL"
    )
    consent_event_brand_check = Check("kind <> 'opt_in' OR brand IS NOT NULL")
    consent_event_evidence_check = Check(
        "kind <> 'opt_in' OR evidence ?& ARRAY['channel', 'wording_id', 'wording_version', 'captured_at', 'proof_ref']"
    )


class Suppression(Table, tablename="suppression"):
    """That an erased person wants no messages. `hash` is keyed: it names nobody, and is found when they come back."""

    id = UUID(primary_key=True, default=None, null=False)
    hash = Bytea(default=None, null=False)
    scope = Varchar(length=47, default=None, null=False)
    since = Timestamptz(default=None, null=False)

    suppression_hash_check = Check("octet_length(hash) = 32")
    suppression_unique = Unique(["hash", "scope", "since"])
