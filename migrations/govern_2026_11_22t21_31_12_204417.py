"""The log: what Piccolo's table operations cannot say.

The writer of entries, the sequencer and the reader are roles of their own; what none of them may do, a function does
that checks first. `search` is read from the hashed text inside the database: no login can write another value into it.
"""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine.finder import engine_finder

ID = "2026-11-22T21:31:12:204417"
VERSION = "1.38.0"
DESCRIPTION = "The log: roles, guards, search, erasure"

ROLES = """
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'govern_sequencer') THEN CREATE ROLE govern_sequencer NOLOGIN; END IF;
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'govern_reader') THEN CREATE ROLE govern_reader NOLOGIN; END IF;
END $$;
ALTER ROLE govern_reader SET default_transaction_read_only = on;
ALTER ROLE govern_reader SET statement_timeout = '20s';
"""

KEYS = """
ALTER TABLE audit.tile DROP CONSTRAINT IF EXISTS tile_pkey;
ALTER TABLE audit.tile ADD CONSTRAINT tile_pkey PRIMARY KEY (level, n);
ALTER TABLE audit.search ADD COLUMN IF NOT EXISTS words tsvector;
ALTER TABLE audit.search ALTER COLUMN at TYPE text COLLATE "C";
ALTER TABLE audit.checkpoint ALTER COLUMN signed_at SET DEFAULT clock_timestamp();
INSERT INTO audit.log_state (id) VALUES (1) ON CONFLICT DO NOTHING;
CREATE INDEX IF NOT EXISTS search_entry ON audit.search (entry_id);
CREATE INDEX IF NOT EXISTS search_at ON audit.search (at);
CREATE INDEX IF NOT EXISTS search_actor ON audit.search (actor_id, leaf_index);
CREATE INDEX IF NOT EXISTS search_object ON audit.search (object_id, leaf_index);
CREATE INDEX IF NOT EXISTS search_action ON audit.search (action, leaf_index);
CREATE INDEX IF NOT EXISTS search_scope ON audit.search (scope, leaf_index);
CREATE INDEX IF NOT EXISTS search_refs ON audit.search USING gin (refs) WITH (fastupdate = off);
CREATE INDEX IF NOT EXISTS search_words ON audit.search USING gin (words) WITH (fastupdate = off);
CREATE INDEX IF NOT EXISTS opening_subject ON audit.opening (subject);
CREATE INDEX IF NOT EXISTS audit_export_waiting ON audit_export (created_at) WHERE finished_at IS NULL;
CREATE INDEX IF NOT EXISTS audit_export_asked ON audit_export (requested_by, created_at DESC);
"""

# What was searched in the texts themselves cost every commit its share; `search` is filled behind it.
INDEXES = """
DROP INDEX IF EXISTS audit.entry_id, audit.entry_at, audit.entry_actor, audit.entry_action, audit.entry_object,
  audit.entry_scope, audit.entry_outcome, audit.entry_refs;
"""

GUARDS = """
CREATE OR REPLACE FUNCTION audit.tile_grows() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  IF (NEW.level, NEW.n) IS DISTINCT FROM (OLD.level, OLD.n)
     OR substring(NEW.hashes FOR octet_length(OLD.hashes)) IS DISTINCT FROM OLD.hashes THEN
    RAISE EXCEPTION 'a tile only grows: tile % of level % keeps its hashes', OLD.n, OLD.level
      USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$;
CREATE OR REPLACE FUNCTION audit.log_grows() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  IF NEW.size < OLD.size OR NEW.floor < OLD.floor OR NEW.id <> OLD.id THEN
    RAISE EXCEPTION 'the log only grows: it has % entries', OLD.size USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$;
DROP TRIGGER IF EXISTS leaf_append_only ON audit.leaf;
CREATE TRIGGER leaf_append_only BEFORE UPDATE OR DELETE ON audit.leaf
  FOR EACH ROW EXECUTE FUNCTION audit.refuse_change();
DROP TRIGGER IF EXISTS leaf_no_truncate ON audit.leaf;
CREATE TRIGGER leaf_no_truncate BEFORE TRUNCATE ON audit.leaf
  FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();
DROP TRIGGER IF EXISTS checkpoint_append_only ON audit.checkpoint;
CREATE TRIGGER checkpoint_append_only BEFORE UPDATE OR DELETE ON audit.checkpoint
  FOR EACH ROW EXECUTE FUNCTION audit.refuse_change();
DROP TRIGGER IF EXISTS checkpoint_no_truncate ON audit.checkpoint;
CREATE TRIGGER checkpoint_no_truncate BEFORE TRUNCATE ON audit.checkpoint
  FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();
DROP TRIGGER IF EXISTS tile_only_grows ON audit.tile;
CREATE TRIGGER tile_only_grows BEFORE UPDATE ON audit.tile FOR EACH ROW EXECUTE FUNCTION audit.tile_grows();
DROP TRIGGER IF EXISTS tile_not_deleted ON audit.tile;
CREATE TRIGGER tile_not_deleted BEFORE DELETE ON audit.tile FOR EACH ROW EXECUTE FUNCTION audit.refuse_change();
DROP TRIGGER IF EXISTS tile_no_truncate ON audit.tile;
CREATE TRIGGER tile_no_truncate BEFORE TRUNCATE ON audit.tile
  FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();
DROP TRIGGER IF EXISTS log_state_only_grows ON audit.log_state;
CREATE TRIGGER log_state_only_grows BEFORE UPDATE ON audit.log_state FOR EACH ROW EXECUTE FUNCTION audit.log_grows();
DROP TRIGGER IF EXISTS log_state_not_deleted ON audit.log_state;
CREATE TRIGGER log_state_not_deleted BEFORE DELETE ON audit.log_state
  FOR EACH ROW EXECUTE FUNCTION audit.refuse_change();
DROP TRIGGER IF EXISTS log_state_no_truncate ON audit.log_state;
CREATE TRIGGER log_state_no_truncate BEFORE TRUNCATE ON audit.log_state
  FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();
ALTER TABLE audit.leaf ENABLE ALWAYS TRIGGER leaf_append_only;
ALTER TABLE audit.leaf ENABLE ALWAYS TRIGGER leaf_no_truncate;
ALTER TABLE audit.checkpoint ENABLE ALWAYS TRIGGER checkpoint_append_only;
ALTER TABLE audit.checkpoint ENABLE ALWAYS TRIGGER checkpoint_no_truncate;
ALTER TABLE audit.tile ENABLE ALWAYS TRIGGER tile_only_grows;
ALTER TABLE audit.tile ENABLE ALWAYS TRIGGER tile_not_deleted;
ALTER TABLE audit.tile ENABLE ALWAYS TRIGGER tile_no_truncate;
ALTER TABLE audit.log_state ENABLE ALWAYS TRIGGER log_state_only_grows;
ALTER TABLE audit.log_state ENABLE ALWAYS TRIGGER log_state_not_deleted;
ALTER TABLE audit.log_state ENABLE ALWAYS TRIGGER log_state_no_truncate;
"""

# A value that is no string, or longer than an index can hold, is null: whoever steals a login can append any object.
# `short`, `words_of` and `word_query` are bound when they are made, and need no search_path; one would keep them from being inlined.
# OFFSET 0: a text is parsed once, and not for each column; and `recent` finds its few rows by their indexes, before a
# condition on their texts is asked of the whole log. The upper bound makes the planner expect few.
SEARCH = """
CREATE OR REPLACE FUNCTION audit.short(value jsonb) RETURNS text LANGUAGE sql IMMUTABLE
RETURN CASE WHEN jsonb_typeof(value) = 'string' AND octet_length(value #>> ARRAY[]::text[]) BETWEEN 1 AND 500
  THEN value #>> ARRAY[]::text[] END;
CREATE OR REPLACE FUNCTION audit.words_of(entry jsonb) RETURNS tsvector LANGUAGE sql IMMUTABLE
RETURN (
  SELECT array_to_tsvector(coalesce(array_agg(DISTINCT word), ARRAY[]::text[]))
    FROM jsonb_path_query(
           jsonb_build_array(entry -> 'action', entry -> 'data', entry #> ARRAY['ctx', 'rule']), '$.**'
         ) AS value,
         regexp_split_to_table(lower(value #>> ARRAY[]::text[]), '[^[:alnum:]_.:/+@-]+') AS word
   WHERE jsonb_typeof(value) = 'string' AND octet_length(word) BETWEEN 1 AND 80
     AND word !~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
);
CREATE OR REPLACE FUNCTION audit.word_query(word text) RETURNS tsquery LANGUAGE sql IMMUTABLE
RETURN (CASE WHEN word = '' THEN ''
  ELSE '''' || replace(replace(lower(left(word, 200)), '\\', '\\\\'), '''', '''''') || '''' END)::tsquery;
CREATE OR REPLACE FUNCTION audit.index_range(first bigint, beyond bigint) RETURNS bigint LANGUAGE sql
SET search_path = pg_catalog AS $$
  WITH written AS (
    INSERT INTO audit.search (leaf_index, arrival, entry_id, at, action, actor_id, object_kind, object_id, scope,
                              outcome, rule, refs, words)
    SELECT l.leaf_index, l.arrival,
           CASE WHEN audit.short(j -> 'id') ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
             THEN (j ->> 'id')::uuid END,
           audit.short(j -> 'at'), audit.short(j -> 'action'), audit.short(j #> ARRAY['actor', 'id']),
           audit.short(j #> ARRAY['object', 'kind']), audit.short(j #> ARRAY['object', 'id']),
           audit.short(j -> 'scope'), audit.short(j -> 'outcome'), audit.short(j #> ARRAY['ctx', 'rule']),
           ARRAY(SELECT audit.short(id) FROM jsonb_path_query(j, '$.refs[*].id') AS id
                  WHERE audit.short(id) IS NOT NULL),
           audit.words_of(j)
      FROM audit.leaf l JOIN audit.entry e ON e.arrival = l.arrival CROSS JOIN LATERAL (SELECT e.entry::jsonb OFFSET 0) AS t (j)
     WHERE l.leaf_index >= first AND l.leaf_index < beyond ORDER BY l.leaf_index
    ON CONFLICT DO NOTHING RETURNING 1)
  SELECT count(*) FROM written
$$;
CREATE OR REPLACE FUNCTION audit.index_to(size bigint) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE first bigint; beyond bigint; place bigint;
BEGIN
  SELECT coalesce(max(s.leaf_index) + 1, 0) INTO first FROM audit.search s;
  SELECT least(size, coalesce(max(l.leaf_index) + 1, 0)) INTO beyond FROM audit.leaf l;
  BEGIN
    PERFORM audit.index_range(first, beyond);
  EXCEPTION WHEN data_exception OR program_limit_exceeded OR statement_too_complex THEN
    FOR place IN first .. beyond - 1 LOOP
      BEGIN
        PERFORM audit.index_range(place, place + 1);
      EXCEPTION WHEN data_exception OR program_limit_exceeded OR statement_too_complex THEN
        INSERT INTO audit.search (leaf_index, arrival)
          SELECT l.leaf_index, l.arrival FROM audit.leaf l WHERE l.leaf_index = place ON CONFLICT DO NOTHING;
      END;
    END LOOP;
  END;
  RETURN greatest(beyond - first, 0);
END $$;
CREATE OR REPLACE VIEW audit.recent AS
SELECT e.arrival, l.leaf_index, e.entry, e.leaf_hash, e.recorded_at
  FROM audit.leaf l CROSS JOIN LATERAL (SELECT * FROM audit.entry WHERE arrival = l.arrival OFFSET 0) AS e
 WHERE l.leaf_index > (SELECT coalesce(max(leaf_index), -1) FROM audit.search)
   AND l.leaf_index < 9223372036854775807
UNION ALL
SELECT e.arrival, NULL, e.entry, e.leaf_hash, e.recorded_at
  FROM audit.log_state s CROSS JOIN LATERAL (
    SELECT * FROM audit.entry
     WHERE xid >= pg_snapshot_xmin(s.snap::pg_snapshot) AND NOT pg_visible_in_snapshot(xid, s.snap::pg_snapshot)
       AND arrival > s.floor ORDER BY xid OFFSET 0) AS e
 WHERE s.id = 1;
"""

# For a database that was dumped and restored: transaction ids begin anew there, and old ones would be found for ever.
ADOPT = """
CREATE OR REPLACE FUNCTION audit.adopt() RETURNS TABLE (arrival bigint, entry text, leaf_hash bytea)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION 'audit.adopt() must see what was committed while it waited: READ COMMITTED only'
      USING ERRCODE = 'invalid_transaction_state';
  END IF;
  LOCK TABLE audit.entry IN SHARE MODE;
  RETURN QUERY SELECT e.arrival, e.entry, e.leaf_hash FROM audit.entry e
    WHERE NOT EXISTS (SELECT FROM audit.leaf l WHERE l.arrival = e.arrival) ORDER BY e.arrival;
END $$;
"""

# An erasure or a hold is an entry first: without it in the same transaction, nothing is done.
ERASURE = """
CREATE OR REPLACE FUNCTION audit.entry_here(subject text, actions text) RETURNS uuid LANGUAGE sql STABLE
SET search_path = pg_catalog SET enable_seqscan = off AS $$
  SELECT (e.entry::jsonb ->> 'id')::uuid FROM audit.entry e
   WHERE e.xid = pg_current_xact_id() AND e.entry::jsonb ->> 'action' ~ actions
     AND subject IN (SELECT (each ->> 'kind') || ':' || (each ->> 'id') FROM (
       SELECT e.entry::jsonb -> 'object' UNION ALL SELECT jsonb_path_query(e.entry::jsonb, '$.refs[*]')) AS o (each))
   ORDER BY e.arrival DESC LIMIT 1
$$;
CREATE OR REPLACE FUNCTION audit.shred(subject text) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog AS $$
DECLARE held uuid; erased bigint;
BEGIN
  IF audit.entry_here(shred.subject, '^[a-z_]+[.]erased$') IS NULL THEN
    RAISE EXCEPTION 'no entry of this transaction says that % is erased', shred.subject
      USING ERRCODE = 'insufficient_privilege';
  END IF;
  INSERT INTO audit.subject_key (subject, shredded_at) VALUES (shred.subject, now()) ON CONFLICT DO NOTHING;
  SELECT k.hold_entry INTO held FROM audit.subject_key k WHERE k.subject = shred.subject FOR UPDATE;
  IF held IS NOT NULL THEN
    RAISE EXCEPTION '% is under the legal hold of entry %', shred.subject, held
      USING ERRCODE = 'object_not_in_prerequisite_state';
  END IF;
  UPDATE audit.subject_key k SET wrapped = NULL, key_id = NULL, shredded_at = coalesce(k.shredded_at, now())
   WHERE k.subject = shred.subject;
  DELETE FROM audit.opening o WHERE o.subject = shred.subject;
  GET DIAGNOSTICS erased = ROW_COUNT;
  RETURN erased;
END $$;
CREATE OR REPLACE FUNCTION audit.rewrap(subject text, was text, key_id text, wrapped bytea) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  IF rewrap.wrapped IS NULL OR rewrap.key_id IS NULL THEN
    RAISE EXCEPTION 'a key is wrapped anew, not emptied' USING ERRCODE = 'insufficient_privilege';
  END IF;
  UPDATE audit.subject_key k SET key_id = rewrap.key_id, wrapped = rewrap.wrapped
   WHERE k.subject = rewrap.subject AND k.key_id = rewrap.was AND k.wrapped IS NOT NULL;
  RETURN FOUND;
END $$;
CREATE OR REPLACE FUNCTION audit.hold(subject text, held boolean) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog AS $$
DECLARE said uuid := audit.entry_here(hold.subject, CASE WHEN held THEN '^hold[.]set$' ELSE '^hold[.]lifted$' END);
BEGIN
  IF said IS NULL THEN
    RAISE EXCEPTION 'no entry of this transaction sets or lifts a hold on %', hold.subject
      USING ERRCODE = 'insufficient_privilege';
  END IF;
  UPDATE audit.subject_key k SET hold_entry = CASE WHEN held THEN said END
   WHERE k.subject = hold.subject AND k.shredded_at IS NULL;
  RETURN FOUND;
END $$;
"""

# The pages read through the application's login: history stands beside business rows in one transaction, and no text
# of the log holds personal data. `govern_reader` is for people and tools that must see the log and nothing else, but
# for the columns that verification compares with it.
RIGHTS = """
REVOKE ALL ON ALL TABLES IN SCHEMA audit FROM PUBLIC, govern_app, govern_sequencer, govern_reader;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA audit FROM PUBLIC, govern_app, govern_sequencer, govern_reader;
GRANT USAGE ON SCHEMA audit TO govern_sequencer, govern_reader;
GRANT SELECT, INSERT (entry, leaf_hash) ON audit.entry TO govern_app;
GRANT SELECT ON audit.leaf, audit.tile, audit.log_state, audit.checkpoint, audit.search, audit.recent TO govern_app;
GRANT SELECT, INSERT ON audit.opening TO govern_app;
GRANT SELECT, INSERT (subject, key_id, wrapped) ON audit.subject_key TO govern_app;
GRANT EXECUTE ON FUNCTION audit.shred(text), audit.rewrap(text, text, text, bytea), audit.hold(text, boolean),
  audit.word_query(text), audit.words_of(jsonb), audit.short(jsonb) TO govern_app;
GRANT SELECT ON audit.entry, audit.search, audit.recent TO govern_sequencer;
GRANT SELECT, INSERT ON audit.leaf, audit.checkpoint TO govern_sequencer;
GRANT SELECT, INSERT, UPDATE (hashes) ON audit.tile TO govern_sequencer;
GRANT SELECT, UPDATE ON audit.log_state TO govern_sequencer;
GRANT EXECUTE ON FUNCTION audit.index_to(bigint), audit.adopt() TO govern_sequencer;
GRANT SELECT ON audit.entry, audit.leaf, audit.tile, audit.log_state, audit.checkpoint, audit.search, audit.recent,
  audit.opening, audit.subject_key TO govern_reader;
GRANT EXECUTE ON FUNCTION audit.word_query(text), audit.words_of(jsonb), audit.short(jsonb) TO govern_reader;
GRANT SELECT (id, state, current_revision, scheduled_at) ON message TO govern_reader;
GRANT SELECT (message, number, digest) ON revision TO govern_reader;
GRANT SELECT (id, member, role, scope, revoked_at) ON role_grant TO govern_reader;
GRANT SELECT (id, scope, kinds, lifted_at) ON pause TO govern_reader;
REVOKE ALL ON saved_view, audit_export, audit_export_part FROM PUBLIC, govern_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON saved_view TO govern_app;
GRANT SELECT, INSERT, UPDATE ON audit_export TO govern_app;
GRANT SELECT, INSERT, DELETE ON audit_export_part TO govern_app;
"""


def statements(script: str) -> list[str]:
    """Split a script at the semicolons that end a line, outside of function bodies."""
    found, current, in_body = [], [], False
    for line in script.strip().splitlines():
        if line.strip().startswith("--"):
            continue
        current.append(line)
        in_body ^= line.count("$$") % 2 == 1
        if line.rstrip().endswith(";") and not in_body:
            found.append("\n".join(current))
            current = []
    return found


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="govern", description=DESCRIPTION)

    async def run():
        engine = engine_finder()
        for script in (ROLES, KEYS, INDEXES, GUARDS, SEARCH, ADOPT, ERASURE, RIGHTS):
            for statement in statements(script):
                await engine.run_ddl(statement)

    manager.add_raw(run)
    return manager
