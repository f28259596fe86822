"""Analyses that wait for a batch, and the batches that the vendor was given."""

from alembic import op

revision = "0009"
down_revision = "0008"

FUNCTIONS = "collections_functions"
SWEEPER = "collections_sweeper"

# Written before the vendor is asked: a batch without the vendor's id may have been made or not.
BATCH = f"""
create table analysis_batch (
    id uuid primary key,
    model varchar not null,
    requests integer not null check (requests > 0),
    vendor_id varchar unique,
    created_at timestamptz not null
);
grant select, insert, update, delete on analysis_batch to {SWEEPER};
"""

REQUEST = f"""
create table batch_request (
    id uuid primary key,
    user_id varchar not null check (user_id <> ''),
    item_id uuid not null,
    correlation_id varchar not null,
    model varchar not null,
    prompt_version varchar not null,
    batch_id uuid,
    analysis_id uuid,
    created_at timestamptz not null,
    constraint batch_request_once unique (item_id, correlation_id),
    constraint batch_request_of_item foreign key (item_id, user_id) references item (id, user_id) on delete cascade,
    constraint batch_request_in_batch foreign key (batch_id) references analysis_batch (id) on delete set null
);
create index batch_request_waiting on batch_request (model, created_at) where batch_id is null;
create index batch_request_by_batch on batch_request (batch_id) where batch_id is not null;
create index batch_request_by_user on batch_request (user_id);
alter table batch_request enable row level security;
create policy tenant on batch_request to {FUNCTIONS}
    using (user_id = nullif(current_setting('app.user_id', true), ''))
    with check (user_id = nullif(current_setting('app.user_id', true), ''));
create policy every_tenant on batch_request to {SWEEPER} using (true) with check (true);
create policy account_is_kept on batch_request as restrictive for insert to {FUNCTIONS}
    with check (not exists (select from account_request
     where kind = 'deletion' and user_id = nullif(current_setting('app.user_id', true), '')));
grant select, insert, update, delete on batch_request to {FUNCTIONS};
grant select, delete on batch_request to {SWEEPER};
grant update (batch_id, prompt_version) on batch_request to {SWEEPER};
"""


def upgrade() -> None:
    for statements in (BATCH, REQUEST):
        op.execute(statements)
