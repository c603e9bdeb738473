"""The newest events of all records: an index by time, and how far back so many of them reach.

Policies filter rows after they were found: a user who may see little would have the whole journal read for a page of
it. So a search names the stretch of time that it reads, and this function, which alone counts what the user may not
see, says how long a stretch holds a given number of events; to the minute, and nothing else of them.
"""

from __future__ import annotations

from alembic import context, op

revision = "0005"
down_revision = "0004"

_NEWEST = """
create index event_at on event (at);
create function events_reach(before timestamptz, most integer) returns timestamptz
    language sql stable security definer set search_path = public, pg_temp as $$
    select date_trunc('minute', at, 'UTC') from event where at < before
        order by at desc offset greatest(most, 1) limit 1
$$;
revoke all on function events_reach(timestamptz, integer) from public;
grant execute on function events_reach(timestamptz, integer) to {app}, {reader};
"""


def upgrade() -> None:
    """Make both."""
    roles = {
        name: '"' + context.config.attributes[f"{name}_role"].replace('"', '""') + '"' for name in ("app", "reader")
    }
    op.get_bind().exec_driver_sql(_NEWEST.format(**roles).replace("%", "%%"))


def downgrade() -> None:
    """Refuse, as every revision does."""
    raise NotImplementedError("a record is not migrated away; restore a backup instead")
