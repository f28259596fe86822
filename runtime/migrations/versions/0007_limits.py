"""How many images count in each user's month."""

from alembic import op

revision = "0007"
down_revision = "0006"

FUNCTIONS = "collections_functions"
SWEEPER = "collections_sweeper"

INTAKE = f"""
create table intake (
    user_id varchar not null check (user_id <> ''),
    month date not null check (extract(day from month) = 1),
    images integer not null check (images >= 0),
    primary key (user_id, month)
);
alter table intake enable row level security;
create policy tenant on intake to {FUNCTIONS}
    using (user_id = nullif(current_setting('app.user_id', true), ''))
    with check (user_id = nullif(current_setting('app.user_id', true), ''));
create policy every_tenant on intake to {SWEEPER} using (true) with check (true);
grant select, insert, update on intake to {FUNCTIONS};
grant select, update on intake to {SWEEPER};
"""

# What was taken in before anybody counted, as far as it is still there.
COUNT = """
insert into intake (user_id, month, images)
select user_id, date_trunc('month', created_at at time zone 'utc')::date, count(*) from item group by 1, 2;
"""


def upgrade() -> None:
    op.execute(INTAKE)
    op.execute(COUNT)
