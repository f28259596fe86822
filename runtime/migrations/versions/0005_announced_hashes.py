"""What an uploader says of a file before it comes, so that an interrupted upload goes on with the same item."""

from alembic import op

revision = "0005"
down_revision = "0004"

ITEM = """
alter table item add column announced_sha256 varchar check (announced_sha256 ~ '^[0-9a-f]{64}$');
create index item_announced on item (user_id, announced_sha256) where status in ('pending', 'uploaded');
"""


def upgrade() -> None:
    op.execute(ITEM)
