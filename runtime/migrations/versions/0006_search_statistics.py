"""What search counts ahead of a query, words by their neighbours, languages besides English, and large tenants."""

from alembic import op

revision = "0006"
down_revision = "0005"

FUNCTIONS = "collections_functions"
SWEEPER = "collections_sweeper"

# For the distance between two spellings. Amazon RDS lets the database's owner create it.
EXTENSIONS = "create extension if not exists fuzzystrmatch;"

# Counting a large tenant's documents and words takes longer than all the rest of a search.
STATISTICS = """
create table search_collection (
    user_id varchar primary key,
    documents bigint not null,
    tokens bigint not null
);

create table search_lexeme (
    user_id varchar not null,
    lexeme varchar not null,
    documents bigint not null,
    -- Misspelt words are looked for among those that begin alike, and only words of letters are ever misspelt. Columns,
    -- since row-level security lets an index help only where a plain column equals something.
    head varchar generated always as
        (case when lexeme ~ '^[[\\:alpha\\:]]{4,}$' then left(lexeme, 1) end) stored,
    shoulder varchar generated always as
        (case when lexeme ~ '^[[\\:alpha\\:]]{4,}$' then substr(lexeme, 2, 2) end) stored,
    primary key (user_id, lexeme)
);
create index search_lexeme_head on search_lexeme (user_id, head) where head is not null;
create index search_lexeme_shoulder on search_lexeme (user_id, shoulder) where shoulder is not null;
"""

# As the owner, so that a tenant can change these only by having documents. A document is counted before its words, so
# two that are indexed at the same time wait for each other at the tenant's one row, and cannot deadlock at the words.
COUNTING = """
create function count_documents() returns trigger language plpgsql security definer set search_path = public, pg_temp
as $$ begin
    if tg_op <> 'INSERT' then
        update search_collection as collection
           set documents = collection.documents - gone.documents, tokens = collection.tokens - gone.tokens
          from (select user_id, count(*) as documents, sum(token_count) as tokens from removed group by user_id) as gone
         where collection.user_id = gone.user_id;
    end if;
    if tg_op <> 'DELETE' then
        insert into search_collection (user_id, documents, tokens)
        select user_id, count(*), sum(token_count) from added group by user_id order by user_id
            on conflict (user_id) do update
           set documents = search_collection.documents + excluded.documents,
               tokens = search_collection.tokens + excluded.tokens;
    else
        delete from search_collection where documents = 0 and user_id in (select user_id from removed);
    end if;
    return null;
end $$;
create trigger search_document_added after insert on search_document
    referencing new table as added for each statement execute function count_documents();
create trigger search_document_changed after update on search_document
    referencing old table as removed new table as added for each statement execute function count_documents();
create trigger search_document_removed after delete on search_document
    referencing old table as removed for each statement execute function count_documents();

create function count_words() returns trigger language plpgsql security definer set search_path = public, pg_temp
as $$ begin
    if tg_op = 'INSERT' then
        insert into search_lexeme (user_id, lexeme, documents)
        select user_id, lexeme, count(*) from added group by user_id, lexeme order by user_id, lexeme
            on conflict (user_id, lexeme) do update set documents = search_lexeme.documents + excluded.documents;
    else
        update search_lexeme as word
           set documents = word.documents - gone.documents
          from (select user_id, lexeme, count(*) as documents from removed group by user_id, lexeme) as gone
         where word.user_id = gone.user_id and word.lexeme = gone.lexeme;
        delete from search_lexeme as word using removed
         where word.user_id = removed.user_id and word.lexeme = removed.lexeme and word.documents = 0;
    end if;
    return null;
end $$;
create trigger search_posting_added after insert on search_posting
    referencing new table as added for each statement execute function count_words();
create trigger search_posting_removed after delete on search_posting
    referencing old table as removed for each statement execute function count_words();

insert into search_collection (user_id, documents, tokens)
select user_id, count(*), sum(token_count) from search_document group by user_id;
insert into search_lexeme (user_id, lexeme, documents)
select user_id, lexeme, count(*) from search_posting group by user_id, lexeme;
"""

# Documents are indexed in English, whose stemmer leaves most words of other languages as they are. What inflects
# otherwise is indexed by its own language's stems too, each marked with it ("de:rechnung").
LANGUAGES = """
create function search_languages() returns table (code text, configuration regconfig, stemmer regdictionary)
language sql stable parallel safe rows 13
as $$ values
    ('da', 'pg_catalog.danish'::regconfig, 'pg_catalog.danish_stem'::regdictionary),
    ('de', 'pg_catalog.german', 'pg_catalog.german_stem'),
    ('es', 'pg_catalog.spanish', 'pg_catalog.spanish_stem'),
    ('fi', 'pg_catalog.finnish', 'pg_catalog.finnish_stem'),
    ('fr', 'pg_catalog.french', 'pg_catalog.french_stem'),
    ('hu', 'pg_catalog.hungarian', 'pg_catalog.hungarian_stem'),
    ('it', 'pg_catalog.italian', 'pg_catalog.italian_stem'),
    ('nl', 'pg_catalog.dutch', 'pg_catalog.dutch_stem'),
    ('no', 'pg_catalog.norwegian', 'pg_catalog.norwegian_stem'),
    ('pt', 'pg_catalog.portuguese', 'pg_catalog.portuguese_stem'),
    ('ru', 'pg_catalog.russian', 'pg_catalog.russian_stem'),
    ('sv', 'pg_catalog.swedish', 'pg_catalog.swedish_stem'),
    ('tr', 'pg_catalog.turkish', 'pg_catalog.turkish_stem')
$$;

-- The language that a text has most stop words of: at least three, and more than of English. None otherwise.
create function search_language_of(words text) returns text language sql stable parallel safe as $$
    select nullif(code, 'en')
      from (select code, (select coalesce(sum(cardinality(positions)), 0)
                            from unnest(to_tsvector(configuration, words))) as kept
              from (select code, configuration from search_languages()
                    union all values ('en', 'pg_catalog.english'::regconfig)) as language) as counted
     where kept + 3 <= (select coalesce(sum(cardinality(positions)), 0)
                          from unnest(to_tsvector('pg_catalog.simple', words)))
     order by kept, code <> 'en', code
     limit 1
$$;
"""

# A partial index is used only where its tenant is written out in the statement, which a bound parameter is not, and the
# planner is not to guess: on few rows it would sort instead. Row-level security holds in here as anywhere.
INDEXED = """
create function search_impact(frequency real, token_count integer) returns real
language sql immutable parallel safe
return (frequency / (frequency + 0.6 * (0.7 + 0.3 * token_count / 100.0)))::real;

select '[1]'::halfvec;  -- loads the extension, without which its settings are not known
create function tenant_nearest(wanted halfvec, most integer) returns table (item_id uuid)
language plpgsql stable rows 200
set enable_sort = off set enable_seqscan = off set enable_bitmapscan = off
set hnsw.ef_search = 200 set hnsw.iterative_scan = relaxed_order
as $$ begin
    return query execute format(
        'select item_id from embedding where user_id = %L order by embedding <=> $1 limit $2',
        nullif(current_setting('app.user_id', true), '')) using wanted, most;
end $$;

create function tenant_champions(words text[], most integer) returns table (lexeme text, item_id uuid, impact real)
language plpgsql stable rows 2000
set enable_sort = off set enable_seqscan = off set enable_bitmapscan = off
as $$ begin
    return query execute format(
        'select word, posting.item_id, posting.impact
           from unnest($1) as word
          cross join lateral (
                select item_id, search_impact(frequency, token_count) as impact from search_posting
                 where user_id = %L and lexeme = word
                 order by search_impact(frequency, token_count) desc limit $2) as posting',
        nullif(current_setting('app.user_id', true), '')) using words, most;
end $$;

create table tenant_index (
    user_id varchar primary key,
    wanted_at timestamptz not null,
    built_at timestamptz
);
"""

POLICIES = """
alter table {table} enable row level security;
create policy tenant on {table} to {functions}
    using (user_id = nullif(current_setting('app.user_id', true), ''))
    with check (user_id = nullif(current_setting('app.user_id', true), ''));
create policy every_tenant on {table} to {sweeper} using (true) with check (true);
"""

GRANTS = f"""
grant select on search_collection, search_lexeme, tenant_index to {FUNCTIONS};
grant select on search_collection to {SWEEPER};
grant select, insert, delete on tenant_index to {SWEEPER};
"""


def upgrade() -> None:
    for statements in (EXTENSIONS, STATISTICS, COUNTING, LANGUAGES, INDEXED):
        op.execute(statements)
    for table in ("search_collection", "search_lexeme", "tenant_index"):
        op.execute(POLICIES.format(table=table, functions=FUNCTIONS, sweeper=SWEEPER))
    op.execute(GRANTS)
