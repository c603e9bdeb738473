"""Notes: what stands beside a name that was taken, so that a request sent again gets its first answer again.

Not part of a backup: after a restore the name is still taken, and the request is refused instead.
"""

from __future__ import annotations

from alembic import context, op

revision = "0004"
down_revision = "0003"

_TABLE = """
create table note (
    name text collate "C" primary key references taken_name,
    data bytea not null,
    kept_at timestamptz not null default now()
);
grant select, insert on note to {app};
"""


def upgrade() -> None:
    """Make the table."""
    app = context.config.attributes["app_role"]
    op.get_bind().exec_driver_sql(_TABLE.format(app='"' + app.replace('"', '""') + '"').replace("%", "%%"))


def downgrade() -> None:
    """Refuse, as every revision does."""
    raise NotImplementedError("a record is not migrated away; restore a backup instead")
