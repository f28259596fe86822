"""The first tables, their text search, row-level security and grants."""

from alembic import op

revision = "0001"
down_revision = None

FUNCTIONS = "collections_functions"
SWEEPER = "collections_sweeper"

EXTENSIONS = """
create extension if not exists vector;
create extension if not exists unaccent;
"""

# `unaccent` is not immutable as a function; as a filtering dictionary of a configuration of our own it may be used.
# Documents keep their stop words, so that a query made of nothing else ("The Who") can find them; other queries go
# through `collections`, which drops them. Both stem alike.
TEXT_SEARCH = """
create text search dictionary collections_stem (template = snowball, language = english);

create text search configuration collections (copy = pg_catalog.english);
alter text search configuration collections
    alter mapping for asciiword, asciihword, hword_asciipart, word, hword, hword_part with unaccent, english_stem;

create text search configuration collections_with_stop_words (copy = pg_catalog.english);
alter text search configuration collections_with_stop_words
    alter mapping for asciiword, asciihword, hword_asciipart, word, hword, hword_part with unaccent, collections_stem;
"""

ITEM = """
create table item (
    id uuid primary key,
    user_id varchar not null check (user_id <> ''),
    status text not null check (status in
        ('pending', 'uploaded', 'processed', 'analyzed', 'searchable', 'duplicate', 'failed', 'deleted')),
    stage text check (stage in ('upload', 'processing', 'analysis', 'embedding')),
    error text,
    duplicate_of uuid,
    original_key varchar not null,
    original_filename varchar not null,
    mime_type varchar not null,
    file_size bigint not null check (file_size >= 0),
    width integer check (width > 0),
    height integer check (height > 0),
    sha256 varchar check (sha256 ~ '^[0-9a-f]{64}$'),
    perceptual_hash bigint,
    taken_at timestamptz,
    latitude double precision check (latitude between -90 and 90),
    longitude double precision check (longitude between -180 and 180),
    camera varchar,
    title varchar,
    note varchar,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    deleted_at timestamptz,
    -- A row of one user may refer to rows of the same user only. Row-level security does not see to that: foreign keys
    -- are checked as the tables' owner.
    constraint item_of_user unique (id, user_id),
    constraint item_duplicates_own foreign key (duplicate_of, user_id) references item (id, user_id)
        on delete set null (duplicate_of),
    constraint item_failed_says_why check (status <> 'failed' or (stage is not null and error is not null)),
    constraint item_tombstone_is_dated check ((status = 'deleted') = (deleted_at is not null)),
    -- What a client claims about bytes that nobody has seen must not count as an original.
    constraint item_sha256_is_measured check (sha256 is null or status not in ('pending', 'uploaded'))
);
create unique index item_one_original on item (user_id, sha256)
    where sha256 is not null and status not in ('duplicate', 'deleted');
create index item_by_upload on item (user_id, created_at, id) where status <> 'deleted';
create index item_by_taken on item (user_id, coalesce(taken_at, created_at), id) where status <> 'deleted';
create index item_searchable on item (user_id, id) where status = 'searchable';
create index item_duplicates on item (duplicate_of) where duplicate_of is not null;
create index item_pending on item (created_at) where status = 'pending';
create index item_tombstones on item (deleted_at) where status = 'deleted';
"""

ANALYSIS = """
create table analysis (
    id uuid primary key,
    item_id uuid not null,
    user_id varchar not null,
    version integer not null check (version > 0),
    sha256 varchar not null,
    model varchar not null,
    prompt_version varchar not null,
    forced boolean not null,
    state text not null check (state in ('running', 'done', 'failed')),
    lease_until timestamptz,
    category varchar,
    headline varchar,
    summary varchar,
    result jsonb,
    answered_by varchar,
    input_tokens integer,
    output_tokens integer,
    cost_usd numeric,
    created_at timestamptz not null,
    constraint analysis_of_item foreign key (item_id, user_id) references item (id, user_id) on delete cascade,
    constraint analysis_item unique (id, item_id),
    constraint analysis_version unique (item_id, version),
    constraint analysis_lease_while_running check ((state = 'running') = (lease_until is not null)),
    constraint analysis_done_has_result check
        (state <> 'done' or (category is not null and headline is not null and result is not null))
);
create unique index analysis_once on analysis (item_id, sha256, model, prompt_version) where not forced;
"""

SEARCH = """
create table search_document (
    item_id uuid primary key,
    user_id varchar not null,
    analysis_id uuid not null,
    text varchar not null,
    tsv tsvector not null,
    token_count integer not null,
    filters jsonb not null,
    constraint search_document_of_item foreign key (item_id, user_id) references item (id, user_id) on delete cascade,
    constraint search_document_of_analysis foreign key (analysis_id, item_id) references analysis (id, item_id)
        on delete cascade
);
-- For BM25's collection statistics, from the index alone.
create index search_document_lengths on search_document (user_id) include (token_count);
create index search_document_analysis on search_document (analysis_id);

create table search_posting (
    user_id varchar not null,
    lexeme varchar not null,
    item_id uuid not null,
    frequency real not null,
    token_count integer not null,
    primary key (user_id, lexeme, item_id) include (frequency, token_count),
    constraint search_posting_of_item foreign key (item_id, user_id) references item (id, user_id) on delete cascade
);
create index search_posting_item on search_posting (item_id);

-- Plain: 2 KB vectors would otherwise be moved out of the row, which makes exact search four times slower.
create table embedding (
    item_id uuid primary key,
    user_id varchar not null,
    embedding halfvec(1024) storage plain not null,
    embedding_model varchar not null,
    constraint embedding_of_item foreign key (item_id, user_id) references item (id, user_id) on delete cascade
);
create index embedding_user on embedding (user_id);
"""

USAGE = """
create table usage (
    id uuid primary key,
    user_id varchar not null,
    item_id uuid,
    operation varchar not null,
    model varchar not null,
    input_tokens integer not null,
    output_tokens integer not null,
    cost_usd numeric,
    created_at timestamptz not null
);
create index usage_by_time on usage (user_id, created_at);
"""

# A setting that a pooled connection once had reads as '' and not as null.
POLICIES = """
alter table {table} enable row level security;
create policy tenant on {table} to {functions}
    using (user_id = nullif(current_setting('app.user_id', true), ''))
    with check (user_id = nullif(current_setting('app.user_id', true), ''));
create policy every_tenant on {table} to {sweeper} using (true) with check (true);
"""

TABLES = ("item", "analysis", "search_document", "search_posting", "embedding", "usage")

GRANTS = f"""
grant select, insert, update on item, analysis, search_document, embedding to {FUNCTIONS};
grant select, insert, delete on search_posting to {FUNCTIONS};
grant select, insert on usage to {FUNCTIONS};
grant select, update, delete on item to {SWEEPER};
grant select on analysis, usage to {SWEEPER};
"""

# Postgres lets everybody in and make temporary tables, unless told.
DOORS = f"""
do $$ begin
    execute format('revoke all on database %I from public', current_database());
    execute format('grant connect on database %I to {FUNCTIONS}, {SWEEPER}', current_database());
end $$;
"""


def upgrade() -> None:
    for statements in (EXTENSIONS, TEXT_SEARCH, ITEM, ANALYSIS, SEARCH, USAGE):
        op.execute(statements)
    for table in TABLES:
        op.execute(POLICIES.format(table=table, functions=FUNCTIONS, sweeper=SWEEPER))
    op.execute(GRANTS)
    op.execute(DOORS)
