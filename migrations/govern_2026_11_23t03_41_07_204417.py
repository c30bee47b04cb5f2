"""Images and reply levels: what Piccolo's table operations cannot say.

An image is there once per member who uploaded it, and never changes: what was approved is what goes out. A revision's
images come with the revision, in its transaction, and its digest covers them.
"""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine.finder import engine_finder

ID = "2026-11-23T03:41:07:204417"
VERSION = "1.38.0"
DESCRIPTION = "Images and reply levels: rights, triggers, indexes"

HOLDS = """
ALTER TABLE publication DROP CONSTRAINT IF EXISTS publication_hold_check;
ALTER TABLE publication ADD CONSTRAINT publication_hold_check
  CHECK (hold IN ('undo', 'access', 'pause', 'auth', 'credits', 'digest', 'screening', 'release_needed', 'zone_changed',
    'limit', 'budget', 'rule', 'scope', 'media'));
"""

INDEXES = """
CREATE INDEX IF NOT EXISTS revision_media_media ON revision_media (media);
CREATE INDEX IF NOT EXISTS media_upload_publication ON media_upload (publication, media, uploaded_at DESC);
"""

# An image is compressed already: another compression costs time and saves nothing.
STORED = """
ALTER TABLE media ALTER COLUMN content SET STORAGE EXTERNAL;
"""

# Who reads a revision sees all its images from its first moment, or none: none is added to one that is committed.
TOGETHER = """
CREATE OR REPLACE FUNCTION revision_media_together() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM public.revision r
                  WHERE r.id = NEW.revision AND r.xmin::text::bigint = pg_current_xact_id()::text::bigint % 4294967296)
  THEN
    RAISE EXCEPTION 'the images of a revision are written with it'
      USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'revision_media_together';
  END IF;
  RETURN NEW;
END $$;
DROP TRIGGER IF EXISTS revision_media_together ON revision_media;
CREATE TRIGGER revision_media_together BEFORE INSERT ON revision_media
  FOR EACH ROW EXECUTE FUNCTION revision_media_together();
"""

KEPT = """
DROP TRIGGER IF EXISTS media_kept ON media;
CREATE TRIGGER media_kept BEFORE UPDATE OR DELETE ON media FOR EACH ROW EXECUTE FUNCTION refuse_change();
DROP TRIGGER IF EXISTS media_no_truncate ON media;
CREATE TRIGGER media_no_truncate BEFORE TRUNCATE ON media FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
DROP TRIGGER IF EXISTS revision_media_kept ON revision_media;
CREATE TRIGGER revision_media_kept BEFORE UPDATE OR DELETE ON revision_media
  FOR EACH ROW EXECUTE FUNCTION refuse_change();
DROP TRIGGER IF EXISTS revision_media_no_truncate ON revision_media;
CREATE TRIGGER revision_media_no_truncate BEFORE TRUNCATE ON revision_media
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
DROP TRIGGER IF EXISTS media_upload_kept ON media_upload;
CREATE TRIGGER media_upload_kept BEFORE UPDATE OR DELETE ON media_upload
  FOR EACH ROW EXECUTE FUNCTION refuse_change();
DROP TRIGGER IF EXISTS media_upload_no_truncate ON media_upload;
CREATE TRIGGER media_upload_no_truncate BEFORE TRUNCATE ON media_upload
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
DROP TRIGGER IF EXISTS media_told ON media;
CREATE CONSTRAINT TRIGGER media_told AFTER INSERT OR DELETE OR UPDATE ON media
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit.own_row_told('media');
DROP TRIGGER IF EXISTS message_told ON message;
CREATE CONSTRAINT TRIGGER message_told AFTER INSERT OR DELETE OR UPDATE OF id, account, kind, state, author, contact,
  in_reply_to, current_revision, approval_rule, approvals_required, deadline_at, scheduled_at, zone, wall_time, fold,
  confirms, withdrawn_for, reply_level ON message
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit.own_row_told('message');
"""

RIGHTS = """
REVOKE ALL ON media, revision_media, media_upload FROM PUBLIC, govern_app;
GRANT SELECT, INSERT ON media, revision_media, media_upload TO govern_app;
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
        for script in (HOLDS, INDEXES, STORED, TOGETHER, KEPT, RIGHTS):
            for statement in statements(script):
                await engine.run_ddl(statement)

    manager.add_raw(run)
    return manager
