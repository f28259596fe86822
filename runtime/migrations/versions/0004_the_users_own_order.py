"""How users order their items themselves: a category of their own choice, tags and albums."""

from alembic import op

revision = "0004"
down_revision = "0003"

FUNCTIONS = "collections_functions"
SWEEPER = "collections_sweeper"

ITEM = "alter table item add column category varchar check (category <> '');"

# Names are compared without regard to case, and shown as the user wrote them.
TAG = """
create table tag (
    id uuid primary key,
    user_id varchar not null check (user_id <> ''),
    name varchar not null check (name <> ''),
    created_at timestamptz not null,
    constraint tag_of_user unique (id, user_id)
);
create unique index tag_name on tag (user_id, lower(name));

create table item_tag (
    item_id uuid not null,
    tag_id uuid not null,
    user_id varchar not null,
    primary key (item_id, tag_id),
    constraint item_tag_of_item foreign key (item_id, user_id) references item (id, user_id) on delete cascade,
    constraint item_tag_of_tag foreign key (tag_id, user_id) references tag (id, user_id) on delete cascade
);
create index item_tag_by_tag on item_tag (tag_id, item_id);
"""

ALBUM = """
create table album (
    id uuid primary key,
    user_id varchar not null check (user_id <> ''),
    name varchar not null check (name <> ''),
    description varchar,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint album_of_user unique (id, user_id)
);
create index album_by_creation on album (user_id, created_at, id);

create table album_item (
    album_id uuid not null,
    item_id uuid not null,
    user_id varchar not null,
    added_at timestamptz not null,
    primary key (album_id, item_id),
    constraint album_item_of_item foreign key (item_id, user_id) references item (id, user_id) on delete cascade,
    constraint album_item_of_album foreign key (album_id, user_id) references album (id, user_id) on delete cascade
);
create index album_item_by_addition on album_item (album_id, added_at, item_id);
create index album_item_item on album_item (item_id);
"""

POLICIES = f"""
alter table {{table}} enable row level security;
create policy tenant on {{table}} to {FUNCTIONS}
    using (user_id = nullif(current_setting('app.user_id', true), ''))
    with check (user_id = nullif(current_setting('app.user_id', true), ''));
create policy every_tenant on {{table}} to {SWEEPER} using (true) with check (true);
"""

GRANTS = f"""
grant select, insert, update, delete on tag, album to {FUNCTIONS};
grant select, insert, delete on item_tag, album_item to {FUNCTIONS};
"""


def upgrade() -> None:
    for statements in (ITEM, TAG, ALBUM):
        op.execute(statements)
    for table in ("tag", "item_tag", "album", "album_item"):
        op.execute(POLICIES.format(table=table))
    op.execute(GRANTS)
