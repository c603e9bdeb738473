"""Sight: a second role reads only what its user's sites may see, whatever a page asks for.

The application keeps two connections. Its own role writes and sees everything: the loop, the committer, the verifier.
The reader's role serves screens and the API: it has SELECT on a few tables, and policies filter every row by the
sites named in the setting `onelot.sites`, which lives for one transaction. Unset, it sees no patient at all.

Whose a stream is follows from TherapyOrdered and BatchPlanned alone (record/sight.py). A trigger notes it, as the
owner, so that the application can neither forget nor forge it; what was recorded before is noted here.
"""

from __future__ import annotations

from alembic import context, op

revision = "0003"
down_revision = "0002"

_TABLES = """
create table sight (what text collate "C", site text collate "C", primary key (what, site));
comment on table sight is 'therapy/…, batch/… or patient/…, and a site that may see it';
create table view_kind (view text collate "C" primary key, subject text not null);
comment on column view_kind.subject is 'what a row belongs to: therapy or batch named by its key, everyone, or house';
"""

_NOTE = """
create function note_sight(stream text, type text, body bytea) returns void language plpgsql
    set search_path = public, pg_temp as $$
declare data json := convert_from(body, 'UTF8')::json -> 'data';
begin
    if type = 'TherapyOrdered' then
        insert into sight values (stream, data ->> 'site'), ('patient/' || (data ->> 'patient'), data ->> 'site')
            on conflict do nothing;
    else
        insert into sight values (stream, data ->> 'site') on conflict do nothing;
        insert into sight
            select given.what, given.site
            from json_array_elements_text(data -> 'therapies') as coi
            join event on event.stream = 'therapy/' || coi and event.seq = 1 and event.type = 'TherapyOrdered'
            cross join lateral (select convert_from(event.body, 'UTF8')::json -> 'data' as ordered) as therapy
            cross join lateral (values
                (note_sight.stream, ordered ->> 'site'),
                ('therapy/' || coi, data ->> 'site'),
                ('patient/' || (ordered ->> 'patient'), data ->> 'site')
            ) as given (what, site)
            on conflict do nothing;
    end if;
end $$;

create function note_sight() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
    perform note_sight(new.stream, new.type, new.body);
    return null;
end $$;

create trigger note_sight after insert on event for each row
    when (new.seq = 1 and (new.stream like 'therapy/%' and new.type = 'TherapyOrdered'
                           or new.stream like 'batch/%' and new.type = 'BatchPlanned'))
    execute function note_sight();

select note_sight(stream, type, body) from event
    where seq = 1 and (stream like 'therapy/%' and type = 'TherapyOrdered'
                       or stream like 'batch/%' and type = 'BatchPlanned')
    order by number;
"""

# Each `(select …)` is evaluated once a query, not once a row; `offset 0` keeps each look into `sight` a look into its
# index: hashing the whole of it pays for a board and costs every single read.
_POLICIES = """
create function actor_sites() returns text[] language sql stable
    return coalesce(nullif(current_setting('onelot.sites', true), '')::text[], '{{}}');

alter table event enable row level security;
alter table payload enable row level security;
alter table view_row enable row level security;
alter table claim enable row level security;
alter table sight enable row level security;

create policy whole on event to {app} using (true) with check (true);
create policy whole on payload to {app} using (true) with check (true);
create policy whole on view_row to {app} using (true) with check (true);
create policy whole on claim to {app} using (true) with check (true);
create policy whole on sight for select to {app} using (true);

create policy own_sites on sight for select to {reader}
    using (site = any ((select actor_sites())::text[]) or (select '*' = any (actor_sites())));
create policy own_sites on event for select to {reader} using (
    (select '*' = any (actor_sites()))
    or (cardinality((select actor_sites())) > 0
        and split_part(stream, '/', 1) in ('journal', 'site', 'document', 'equipment', 'lot', 'person'))
    or exists (select from sight where what = event.stream and site = any ((select actor_sites())::text[]) offset 0));
create policy own_sites on payload for select to {reader} using (
    (select '*' = any (actor_sites()))
    or exists (select from sight
               where what = 'patient/' || payload.patient and site = any ((select actor_sites())::text[]) offset 0));
create policy own_sites on view_row for select to {reader} using (
    ((select '*' = any (actor_sites())) and view in (select view from view_kind where subject <> 'house'))
    or (cardinality((select actor_sites())) > 0
        and view = any ((select array(select view from view_kind where subject = 'everyone'))::text[]))
    or (view = any ((select array(select view from view_kind where subject = 'batch'))::text[])
        and exists (select from sight where what = 'batch/' || split_part(view_row.key, '/', 1)
                    and site = any ((select actor_sites())::text[]) offset 0))
    or (view = any ((select array(select view from view_kind where subject = 'therapy'))::text[])
        and exists (select from sight where what = 'therapy/' || split_part(view_row.key, '/', 1)
                    and site = any ((select actor_sites())::text[]) offset 0)));
create policy own_sites on claim for select to {reader} using (
    (select '*' = any (actor_sites()))
    or exists (select from sight where what = 'therapy/' || split_part(claim.claim, '/', 2)
               and site = any ((select actor_sites())::text[]) offset 0));
"""

_GRANTS = """
revoke all on function note_sight(text, text, bytea), note_sight(), actor_sites() from public;
grant execute on function actor_sites() to {reader};
grant select on sight to {app}, {reader};
grant select, insert, update on view_kind to {app};
grant select on view_kind, event, payload, view_row, claim, resource, quantity, seal to {reader};
"""


def upgrade() -> None:
    """Make the tables and the policies, and note what was recorded before."""
    roles = {
        name: '"' + context.config.attributes[f"{name}_role"].replace('"', '""') + '"' for name in ("app", "reader")
    }
    for statements in (_TABLES, _NOTE, _POLICIES.format(**roles), _GRANTS.format(**roles)):
        op.get_bind().exec_driver_sql(statements.replace("%", "%%"))


def downgrade() -> None:
    """Refuse: without it every page sees every site."""
    raise NotImplementedError("sight is not migrated away; restore a backup instead")
