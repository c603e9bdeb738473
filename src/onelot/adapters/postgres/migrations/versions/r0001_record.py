"""The record: events append-only, claims, views, payloads, side effects, seals.

The application's role owns nothing here and gets exactly the grants below. On events and seals it has SELECT and
INSERT; a trigger refuses UPDATE, DELETE and TRUNCATE to everyone else as well, so that rewriting history takes a
deliberate change of the schema by its owner.
"""

from __future__ import annotations

from alembic import context, op

revision = "0001"
down_revision = None

_TABLES = """
create table event (
    stream text collate "C" not null,
    seq integer not null check (seq > 0),
    type text not null,
    at timestamptz not null,
    body bytea not null,
    hash bytea not null check (octet_length(hash) = 32),
    signature bytea check (octet_length(signature) = 64),
    number bigint generated always as identity,
    recorded_at timestamptz not null default now(),
    primary key (stream, seq)
);
comment on column event.body is 'canonical JSON (RFC 8785), UTF-8, exactly as hashed';
comment on column event.number is 'order in which events were written; views are rebuilt in it';
comment on column event.recorded_at is 'time of the database; the time in the body is that of the application';

create table view_row (
    view text collate "C" not null,
    key text collate "C" not null,
    version integer not null,
    row json,
    primary key (view, key)
) with (fillfactor = 70);
comment on column view_row.version is 'rises by one with each change, which is how a stale writer is found out';
comment on column view_row.row is 'null: a rebuild found no such row';

create table resource (
    rid integer generated always as identity primary key,
    name text collate "C" not null unique
);
create table quantity (
    rid integer primary key references resource,
    available numeric not null constraint quantity_never_negative check (available >= 0)
);
create table claim (
    claim text collate "C" primary key,
    rid integer not null references resource,
    during tstzrange,
    amount numeric,
    held boolean not null default true,
    check ((during is null) <> (amount is null)),
    -- One integer as a range, since plain equality in gist needs an extension that not every server has.
    constraint claim_one_at_a_time
        exclude using gist (int4range(rid, rid, '[]') with &&, during with &&) where (held and during is not null)
);
create table taken_name (name text collate "C" primary key);

create table payload (address text collate "C" primary key, patient text collate "C" not null, data bytea not null);
create index payload_patient on payload (patient);

create table effect (
    key text collate "C" primary key,
    kind text not null,
    data json not null,
    number bigint generated always as identity,
    done_at timestamptz
);
create index effect_open on effect (number) where done_at is null;

create table seal (
    number integer primary key,
    at timestamptz not null,
    size integer not null,
    root bytea not null,
    previous bytea not null,
    body bytea not null,
    signature bytea not null
);
"""

_APPEND_ONLY = """
create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '% is append-only: % is refused', tg_table_name, tg_op using errcode = 'insufficient_privilege';
end $$;
create trigger append_only before update or delete or truncate on event
    for each statement execute function refuse_change();
create trigger append_only before update or delete or truncate on seal
    for each statement execute function refuse_change();
"""

# One call, one statement, one commit for a whole group. A view row whose version is not the one the writer has read
# makes the statement fail as a whole (SQLSTATE OL001).
_APPEND_GROUP = """
create function append_group(
    streams text[], seqs integer[], types text[], ats timestamptz[],
    bodies bytea[], hashes bytea[], signatures bytea[],
    views text[], keys text[], versions integer[], rows text[]
) returns void language plpgsql as $$
declare written integer;
begin
    insert into event (stream, seq, type, at, body, hash, signature)
        select * from unnest(streams, seqs, types, ats, bodies, hashes, signatures);
    if cardinality(views) > 0 then
        insert into view_row (view, key, version, row)
            select v, k, n, r::json from unnest(views, keys, versions, rows) as given (v, k, n, r)
            on conflict (view, key) do update set version = excluded.version, row = excluded.row
            where view_row.version = excluded.version - 1;
        get diagnostics written = row_count;
        if written <> cardinality(views) then
            raise exception 'a view row moved on' using errcode = 'OL001';
        end if;
    end if;
end $$;
"""

_GRANTS = """
revoke all on function append_group, refuse_change from public;
grant execute on function append_group to {app};
grant select, insert on event, seal, resource, taken_name, claim, quantity, view_row, effect, payload to {app};
grant update on view_row to {app};
grant update (available) on quantity to {app};
grant update (held) on claim to {app};
grant update (done_at) on effect to {app};
grant delete on payload to {app};
"""


def upgrade() -> None:
    """Make everything."""
    app = context.config.attributes["app_role"]
    for statements in (_TABLES, _APPEND_ONLY, _APPEND_GROUP, _GRANTS.format(app='"' + app.replace('"', '""') + '"')):
        op.get_bind().exec_driver_sql(statements.replace("%", "%%"))


def downgrade() -> None:
    """Refuse: the first revision holds the record itself."""
    raise NotImplementedError("a record is not migrated away; restore a backup instead")
