"""What the sweeper needs to find items that stopped on their way, once, and rows whose object is gone."""

from alembic import op

revision = "0003"
down_revision = "0002"

# S3 lists keys in the order of their bytes, which is that of the collation "C" whatever the database's own is.
ITEM = """
alter table item add column requeued_at timestamptz;
create index item_under_way on item (updated_at) where status in ('pending', 'uploaded', 'processed', 'analyzed');
create index item_by_original on item (original_key collate "C") where status not in ('pending', 'deleted');
"""


def upgrade() -> None:
    op.execute(ITEM)
