"""What a large tenant's indexes know of the documents that they nominate, so that it need not be looked up."""

from alembic import op

revision = "0010"
down_revision = "0009"

# Earlier releases read the columns that they know, by name.
NOMINATIONS = """
select '[1]'::halfvec;  -- loads the extension, without which its settings are not known
drop function tenant_nearest(halfvec, integer);
create function tenant_nearest(wanted halfvec, most integer) returns table (item_id uuid, cosine double precision)
language plpgsql stable rows 200
set enable_sort = off set enable_seqscan = off set enable_bitmapscan = off
set hnsw.ef_search = 100 set hnsw.iterative_scan = relaxed_order
as $$ begin
    return query execute format(
        'select item_id, 1 - (embedding <=> $1) from embedding where user_id = %L order by embedding <=> $1 limit $2',
        nullif(current_setting('app.user_id', true), '')) using wanted, most;
end $$;

drop function tenant_champions(text[], integer);
create function tenant_champions(words text[], most integer)
returns table (lexeme text, item_id uuid, impact real, frequency real, token_count integer)
language plpgsql stable rows 2000
set enable_sort = off set enable_seqscan = off set enable_bitmapscan = off
as $$ begin
    return query execute format(
        'select word, posting.*
           from unnest($1) as word
          cross join lateral (
                select item_id, search_impact(frequency, token_count) as impact, frequency, token_count
                  from search_posting
                 where user_id = %L and lexeme = word
                 order by search_impact(frequency, token_count) desc limit $2) as posting',
        nullif(current_setting('app.user_id', true), '')) using words, most;
end $$;
"""


def upgrade() -> None:
    op.execute(NOMINATIONS)
