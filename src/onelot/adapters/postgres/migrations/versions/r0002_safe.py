"""The safe: small encrypted values by kind and name (wrapped keys, identities, sign-in secrets).

Not append-only: erasing a key is what makes values unreadable for good.
"""

from __future__ import annotations

from alembic import context, op

revision = "0002"
down_revision = "0001"

_TABLE = """
create table safe (
    kind text collate "C" not null,
    name text collate "C" not null,
    data bytea not null,
    primary key (kind, name)
);
grant select, insert, update, delete on safe to {app};
"""


def upgrade() -> None:
    """Make the table."""
    app = context.config.attributes["app_role"]
    op.get_bind().exec_driver_sql(_TABLE.format(app='"' + app.replace('"', '""') + '"').replace("%", "%%"))


def downgrade() -> None:
    """Refuse: the keys of every patient are in it."""
    raise NotImplementedError("keys are not migrated away; restore a backup instead")
