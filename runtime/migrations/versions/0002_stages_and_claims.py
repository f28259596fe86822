"""When an item reached each stage, whether a failure may pass by itself, and what was claimed how often."""

from alembic import op

revision = "0002"
down_revision = "0001"

FUNCTIONS = "collections_functions"
SWEEPER = "collections_sweeper"

ITEM = """
alter table item
    add column retryable boolean not null default false,
    add column uploaded_at timestamptz,
    add column processed_at timestamptz,
    add column analyzed_at timestamptz,
    add column searchable_at timestamptz,
    add column failed_at timestamptz;
"""

ANALYSIS = """
alter table analysis
    add column request_id varchar,
    add column attempts integer not null default 0 check (attempts >= 0);
create unique index analysis_once_per_request on analysis (item_id, request_id) where request_id is not null;
"""

EMBEDDING_CLAIM = f"""
create table embedding_claim (
    item_id uuid not null,
    user_id varchar not null,
    text_sha256 varchar not null check (text_sha256 ~ '^[0-9a-f]{{64}}$'),
    model varchar not null,
    lease_until timestamptz,
    attempts integer not null check (attempts > 0),
    primary key (item_id, text_sha256, model),
    constraint embedding_claim_of_item foreign key (item_id, user_id) references item (id, user_id) on delete cascade
);
alter table embedding_claim enable row level security;
create policy tenant on embedding_claim to {FUNCTIONS}
    using (user_id = nullif(current_setting('app.user_id', true), ''))
    with check (user_id = nullif(current_setting('app.user_id', true), ''));
create policy every_tenant on embedding_claim to {SWEEPER} using (true) with check (true);
grant select, insert, update on embedding_claim to {FUNCTIONS};
grant select on embedding_claim to {SWEEPER};
"""


def upgrade() -> None:
    for statements in (ITEM, ANALYSIS, EMBEDDING_CLAIM):
        op.execute(statements)
