"""Requests about whole accounts, and what keeps a deleted account deleted."""

from alembic import op

revision = "0008"
down_revision = "0007"

FUNCTIONS = "collections_functions"
SWEEPER = "collections_sweeper"

REQUESTS = f"""
create table account_request (
    id uuid primary key,
    user_id varchar not null check (user_id <> ''),
    kind text not null check (kind in ('export', 'deletion')),
    state text not null check (state in ('requested', 'running', 'done', 'failed')),
    lease_until timestamptz,
    attempts integer not null check (attempts >= 0),
    parts jsonb not null,
    cursor uuid,
    error text,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    finished_at timestamptz
);
create unique index account_one_deletion on account_request (user_id) where kind = 'deletion';
create index account_request_by_user on account_request (user_id, created_at);
alter table account_request enable row level security;
create policy tenant on account_request to {FUNCTIONS}
    using (user_id = nullif(current_setting('app.user_id', true), ''))
    with check (user_id = nullif(current_setting('app.user_id', true), ''));
create policy every_tenant on account_request to {SWEEPER} using (true) with check (true);
grant select, insert, update on account_request to {FUNCTIONS};
grant select on account_request to {SWEEPER};
"""

# A table with a user_id that comes later needs this policy too.
KEPT = """
do $$ declare owned name; begin
    for owned in
        select relname from pg_class join pg_attribute on attrelid = pg_class.oid
         where attname = 'user_id' and relkind in ('r', 'p') and relnamespace = 'public'::regnamespace
           and relname <> 'account_request'
    loop
        execute format(
            'create policy account_is_kept on %I as restrictive for insert to collections_functions
                 with check (not exists (select from account_request
                  where kind = ''deletion'' and user_id = nullif(current_setting(''app.user_id'', true), '''')))',
            owned);
    end loop;
end $$;
"""

# The functions may delete hardly anything; this deletes rows of the transaction's tenant alone, and only of one whose
# deletion was asked for. It finds the tables itself, so that none is forgotten. Items come last: what hangs on them is
# gone by then, and does not have to be removed at one go.
REMOVAL = """
create function remove_account_rows(most integer) returns integer language plpgsql security definer
set search_path = pg_catalog, public as $$
declare
    tenant text := nullif(current_setting('app.user_id', true), '');
    owned name;
    removed integer;
begin
    perform from public.account_request where user_id = tenant and kind = 'deletion';
    if not found then
        raise exception 'nobody has asked for the deletion of this account' using errcode = 'insufficient_privilege';
    end if;
    for owned in
        select relname from pg_class join pg_attribute on attrelid = pg_class.oid
         where attname = 'user_id' and relkind in ('r', 'p') and relnamespace = 'public'::regnamespace
           and relname <> 'account_request'
         order by relname = 'item', relname
    loop
        execute format(
            'delete from public.%1$I where ctid = any (array(
                 select ctid from public.%1$I where user_id = $1 limit $2))', owned) using tenant, most;
        get diagnostics removed = row_count;
        if removed > 0 then
            return removed;
        end if;
    end loop;
    delete from public.account_request where user_id = tenant and kind <> 'deletion';
    return 0;
end $$;
revoke all on function remove_account_rows(integer) from public;
grant execute on function remove_account_rows(integer) to collections_functions;
"""


def upgrade() -> None:
    for statements in (REQUESTS, KEPT, REMOVAL):
        op.execute(statements)
