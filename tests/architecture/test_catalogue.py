"""What PostgreSQL itself says of the tables: the enums, the keys, the rights."""

import re
from collections import defaultdict
from enum import StrEnum

import asyncpg
import pytest

from govern.domain.accounts import AccountKind, AccountState, Objective
from govern.domain.actions import ChangeKind
from govern.domain.approvals import Verdict
from govern.domain.consent import ConsentKind, Purpose
from govern.domain.conversations import CloseReason, ConversationState
from govern.domain.credentials import ConnectFault
from govern.domain.media import MediaType
from govern.domain.members import MemberState
from govern.domain.messages import Kind, ReplyLevel, State, WithdrawnFor
from govern.domain.publications import Found, Hold, Outcome, Settlement, XKind
from govern.domain.sign_in import ChallengeKind, LinkKind
from govern.domain.x_prices import CostKind
from govern.settings import Settings
from govern.tables import TABLES

LANGUAGES = ("en", "fr")
ENUMS: dict[str, type[StrEnum]] = {
    "account_kind_check": AccountKind,
    "account_objectives_check": Objective,
    "account_state_check": AccountState,
    "access_change_kind_check": ChangeKind,
    "approval_verdict_check": Verdict,
    "attempt_outcome_check": Outcome,
    "attempt_read_result_check": Found,
    "attempt_resolved_check": Settlement,
    "challenge_kind_check": ChallengeKind,
    "consent_event_kind_check": ConsentKind,
    "consent_event_purpose_check": Purpose,
    "inbound_x_kind_check": XKind,
    "member_link_kind_check": LinkKind,
    "member_state_check": MemberState,
    "media_type_check": MediaType,
    "message_kind_check": Kind,
    "message_reply_level_check": ReplyLevel,
    "message_state_check": State,
    "oauth_pending_fault_check": ConnectFault,
    "message_withdrawn_for_check": WithdrawnFor,
    "pause_kinds_check": Kind,
    "conversation_closed_for_check": CloseReason,
    "conversation_state_check": ConversationState,
    "conversation_x_kind_check": XKind,
    "x_cost_kind_check": CostKind,
    "publication_hold_check": Hold,
    "publication_x_kind_check": XKind,
}
WORDS: dict[str, tuple[str, ...]] = {
    "account_credential_kind_check": ("oauth1", "oauth2"),
    "account_credential_state_check": ("active", "needs_reauth", "revoked"),
    "account_language_check": LANGUAGES,
    "audit_export_format_check": ("bundle", "csv", "jsonl"),
    "audit_export_state_check": ("queued", "running", "done", "failed"),
    "member_language_check": LANGUAGES,
    "member_theme_check": ("system", "light", "dark"),
    "poll_cursor_source_check": ("mentions", "dms"),
    "scope_kind_check": ("company", "brand", "account"),
    "screening_class_check": ("clean", "suspected", "promotional"),
    "screening_decision_check": ("allow", "warn", "needs_approval", "block"),
    "screening_moment_check": ("submit", "send", "rescreen"),
}
READ, ADD, CHANGE, REMOVE = "SELECT", "INSERT", "UPDATE", "DELETE"
KEPT = frozenset({READ, ADD})
CHANGED = KEPT | {CHANGE}
SPENT = CHANGED | {REMOVE}
RIGHTS = {
    **dict.fromkeys(("consent_event", "inbound", "revision", "scope", "screening", "audit.opening"), KEPT),
    **dict.fromkeys(("account", "api_token", "approval", "attempt", "brand", "contact"), CHANGED),
    **dict.fromkeys(("acknowledgement", "answer_time", "attempt_read", "suppression"), KEPT),
    **dict.fromkeys(("media", "media_upload", "revision_media"), KEPT),
    **dict.fromkeys(("conversation", "subscription"), CHANGED),
    **dict.fromkeys(("member", "message", "pause", "poll_cursor", "publication", "role_grant", "session"), CHANGED),
    "sending_watch": CHANGED,
    **dict.fromkeys(("member_link", "passkey"), CHANGED),
    **dict.fromkeys(("policy_activation", "policy_bundle", "x_cost"), KEPT),
    **dict.fromkeys(("rate_window", "x_app", "x_spend"), CHANGED),
    **dict.fromkeys(("access_change", "access_state", "scope_parent"), frozenset({READ})),
    **dict.fromkeys(("access_denial", "challenge", "recovery_code", "sign_in_failure", "totp"), SPENT),
    **dict.fromkeys(("attempt_seen", "idempotency_key", "oauth_pending", "outbox", "saved_view"), SPENT),
    "webhook_delivery": SPENT,
    "audit_export": CHANGED,
    "audit_export_part": KEPT | {REMOVE},
    **dict.fromkeys(("audit.entry", "audit.subject_key"), frozenset({READ})),  # and some columns, below
    **dict.fromkeys(("audit.checkpoint", "audit.leaf", "audit.log_state"), frozenset({READ})),
    **dict.fromkeys(("audit.search", "audit.tile"), frozenset({READ})),
}
SEQUENCER = {
    **dict.fromkeys(("audit.checkpoint", "audit.leaf", "audit.tile"), KEPT),  # and the hashes of a tile
    **dict.fromkeys(("audit.entry", "audit.search"), frozenset({READ})),
    "audit.log_state": frozenset({READ, CHANGE}),
}
KEYS = {"account_credential": CHANGED}
"""What the worker's login has beyond the application's: the sealed keys of accounts."""
READER = {name: frozenset({READ}) for name in RIGHTS if name.startswith("audit.")}
REPLAYED = {
    "message": ("id", "state", "current_revision", "scheduled_at"),
    "pause": ("id", "scope", "kinds", "lifted_at"),
    "revision": ("message", "number", "digest"),
    "role_grant": ("id", "member", "role", "scope", "revoked_at"),
}
"""What the reader compares with the log, and no more of these tables."""
UNSEALED = (
    "account", "kind", "state", "reason", "key_id", "version", "scopes", "expires_at", "refresh_at", "renewed_at",
    "refused_version", "revoked_at",
)  # fmt: skip
"""What all see of an account's keys; the web ends their use, and no more."""
FUNCTIONS = {
    "govern_app": {"shred", "rewrap", "hold", "short", "words_of", "word_query"},
    "govern_reader": {"short", "words_of", "word_query"},
    "govern_sequencer": {"adopt", "index_to"},
}

# A list and nothing else, as tables/checks.py writes it; conditions between columns have other forms.
_LIST = re.compile(r"CHECK \(+\"?\w+\"?(?:\)::text)? (?:= ANY|<@) .*ARRAY\[(?P<words>[^\]]*)\][^=]*\)")
_CHECKS = """
SELECT conname AS name, pg_get_constraintdef(oid) AS text FROM pg_constraint
 WHERE contype = 'c' AND connamespace IN ('public'::regnamespace, 'audit'::regnamespace)
"""
_KEYS = """
SELECT conrelid::regclass::text || '.' || conname AS name, confdeltype::text, confupdtype::text, condeferrable
  FROM pg_constraint WHERE contype = 'f'
"""
_TABLES = "SELECT schemaname, tablename FROM pg_tables WHERE schemaname IN ('public', 'audit')"
_RIGHTS = """
SELECT c.oid::regclass::text AS name, coalesce(r.rolname, 'PUBLIC') AS role, array_agg(a.privilege_type) AS rights
  FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) a LEFT JOIN pg_roles r ON r.oid = a.grantee
 WHERE c.relnamespace IN ('public'::regnamespace, 'audit'::regnamespace) AND a.grantee <> c.relowner AND c.relkind = $1
 GROUP BY 1, 2
"""
_COLUMN_RIGHTS = """
SELECT c.oid::regclass::text AS name, t.attname AS column, a.privilege_type AS right
  FROM pg_attribute t JOIN pg_class c ON c.oid = t.attrelid CROSS JOIN LATERAL aclexplode(t.attacl) a
 WHERE c.relnamespace IN ('public'::regnamespace, 'audit'::regnamespace)
"""

_CALLS = """
SELECT p.proname AS name, coalesce(r.rolname, 'PUBLIC') AS role
  FROM pg_proc p CROSS JOIN LATERAL aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
  LEFT JOIN pg_roles r ON r.oid = a.grantee
 WHERE p.pronamespace = 'audit'::regnamespace AND a.grantee <> p.proowner
"""


async def listed(owner: asyncpg.Connection) -> dict[str, list[str]]:
    """Every CHECK that is a list of words, with its words."""
    checks = {row["name"]: _LIST.fullmatch(row["text"]) for row in await owner.fetch(_CHECKS)}
    return {name: re.findall(r"'([^']*)'", found["words"]) for name, found in checks.items() if found}


async def test_every_check_equals_its_enum(owner: asyncpg.Connection) -> None:
    found = await listed(owner)
    for name, enum in ENUMS.items():
        assert found[name] == [member.value for member in enum], name


async def test_every_list_of_words_is_an_enum_or_named_here(owner: asyncpg.Connection) -> None:
    found = await listed(owner)
    assert found.keys() == ENUMS.keys() | WORDS.keys()
    assert {name: tuple(found[name]) for name in WORDS} == WORDS


async def test_every_check_of_the_tables_is_in_the_database(owner: asyncpg.Connection) -> None:
    found = {row["name"] for row in await owner.fetch(_CHECKS)}
    declared = {
        check._meta.name for table in TABLES for check in table._meta.constraints if hasattr(check, "condition")
    }
    assert len(declared) > 40
    assert declared - found == set()


async def test_no_foreign_key_cascades_or_waits(owner: asyncpg.Connection) -> None:
    keys = await owner.fetch(_KEYS)
    assert len(keys) > 30
    assert [row["name"] for row in keys if row["confdeltype"] not in "ra" or row["confupdtype"] not in "ra"] == []
    assert [row["name"] for row in keys if row["condeferrable"]] == []


async def test_the_database_has_our_tables_and_no_others(owner: asyncpg.Connection) -> None:
    found = {(row["schemaname"], row["tablename"]) for row in await owner.fetch(_TABLES)}
    assert found == {(table._meta.schema or "public", table._meta.tablename) for table in TABLES} | {
        ("public", "migration")
    }


async def test_each_role_has_these_rights_and_nobody_else_has_any(owner: asyncpg.Connection) -> None:
    found: dict[str, dict[str, frozenset[str]]] = defaultdict(dict)
    for row in await owner.fetch(_RIGHTS, b"r"):
        found[row["role"]][row["name"]] = frozenset(row["rights"])
    assert found == {
        "govern_app": RIGHTS,
        "govern_keys": KEYS,
        "govern_sequencer": SEQUENCER,
        "govern_reader": READER,
    }


async def test_each_role_may_call_these_functions_of_the_log_and_nobody_else_any(owner: asyncpg.Connection) -> None:
    found = defaultdict(set)
    for row in await owner.fetch(_CALLS):
        found[row["role"]].add(row["name"])
    assert found == FUNCTIONS


async def test_what_is_given_by_column_is_listed_here(owner: asyncpg.Connection) -> None:
    found = {tuple(row.values()) for row in await owner.fetch(_COLUMN_RIGHTS)}
    assert {each for each in found if each[-1] == READ} == {
        (table, column, READ)
        for table, columns in {**REPLAYED, "account_credential": UNSEALED}.items()
        for column in columns
    }
    assert {each for each in found if each[-1] != READ} == {
        ("audit.entry", "entry", "INSERT"),
        ("audit.entry", "leaf_hash", "INSERT"),
        ("audit.subject_key", "subject", "INSERT"),
        ("audit.subject_key", "key_id", "INSERT"),
        ("audit.subject_key", "wrapped", "INSERT"),
        ("audit.tile", "hashes", "UPDATE"),
        ("account_credential", "state", "UPDATE"),
        ("account_credential", "reason", "UPDATE"),
        *(("inbound", column, "UPDATE") for column in ("text", "checked_at", "erased_at")),
        ("access_state", "id", "UPDATE"),  # what FOR SHARE asks for: the CHECK leaves it nothing to change
    }


async def test_the_application_cannot_set_the_version_it_decides_by(config: Settings) -> None:
    connection = await asyncpg.connect(config.database_url)
    try:
        for statement in (
            "UPDATE access_state SET version = 1",
            "UPDATE access_state SET id = 2",
            "INSERT INTO access_change (version, subject, kind) VALUES (1, 'x', 'all')",
            "INSERT INTO scope_parent (scope, parent, valid_from) VALUES ('company', 'company', now())",
            "UPDATE policy_activation SET digest = digest",
            "DELETE FROM policy_bundle",
            "SELECT access_bump('all', ARRAY['*'])",
        ):
            with pytest.raises(asyncpg.PostgresError):
                await connection.execute(statement)
    finally:
        await connection.close()


async def test_of_sequences_the_application_takes_the_next_number_only(owner: asyncpg.Connection) -> None:
    found = {row["name"]: row["rights"] for row in await owner.fetch(_RIGHTS, b"S")}
    assert found == {"message_number": ["USAGE"], "audit.entry_arrival": ["USAGE"]}


async def test_the_logins_are_members_and_nothing_more(owner: asyncpg.Connection) -> None:
    roles = await owner.fetch(
        "SELECT rolname, rolsuper OR rolcreaterole OR rolcreatedb OR rolbypassrls OR rolreplication AS strong"
        "  FROM pg_roles WHERE rolname LIKE 'govern%'"
    )
    assert {row["rolname"] for row in roles} == {
        "govern_app",
        "govern_keys",
        "govern_owner",
        "govern_reader",
        "govern_sequencer",
        "govern_web",
        "govern_worker",
    }
    assert [row["rolname"] for row in roles if row["strong"]] == []
    for role in ("govern_app", "govern_keys", "govern_owner"):
        assert not await owner.fetchval("SELECT rolcanlogin FROM pg_roles WHERE rolname = $1", role)


async def test_one_role_owns_all_and_nobody_is_a_member_of_it(owner: asyncpg.Connection) -> None:
    for owned in (
        "SELECT nspowner FROM pg_namespace WHERE nspname IN ('public', 'audit')",
        "SELECT relowner FROM pg_class WHERE relnamespace IN ('public'::regnamespace, 'audit'::regnamespace)",
        "SELECT proowner FROM pg_proc WHERE pronamespace IN ('public'::regnamespace, 'audit'::regnamespace)",
    ):
        found = await owner.fetch(f"SELECT DISTINCT owner::regrole::text AS name FROM ({owned}) AS owned (owner)")
        assert [row["name"] for row in found] == ["govern_owner"], owned
    assert not await owner.fetch("SELECT FROM pg_auth_members WHERE roleid = 'govern_owner'::regrole")


async def test_what_the_search_is_found_by_is_written_at_once_and_not_left_to_a_later_vacuum(
    owner: asyncpg.Connection,
) -> None:
    found = await owner.fetch(
        "SELECT c.relname AS name, c.reloptions AS options FROM pg_class c JOIN pg_am m ON m.oid = c.relam"
        " WHERE m.amname = 'gin' AND c.relnamespace = 'audit'::regnamespace ORDER BY 1"
    )
    assert [tuple(row.values()) for row in found] == [
        ("search_refs", ["fastupdate=off"]),
        ("search_words", ["fastupdate=off"]),
    ]
