from piccolo.columns import JSONB, UUID, Timestamptz, Varchar
from piccolo.table import Table


class Outbox(Table, tablename="outbox"):
    """A job to wake after commit. Arguments are ids as text: never message text, never tokens."""

    id = UUID(primary_key=True, default=None, null=False)
    job = Varchar(length=40, default=None, null=False)
    args = JSONB(default="{}", null=False)
    due_at = Timestamptz(default=None, null=False)
    created_at = Timestamptz(default=None, null=False)
    enqueued_at = Timestamptz(default=None, null=True)
