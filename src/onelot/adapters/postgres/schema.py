"""Bring a database to this version's schema, as the role that owns it."""

from __future__ import annotations

from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from onelot.record.errors import BadInput, Unreachable

APP_ROLE, READER_ROLE = "onelot_app", "onelot_reader"
_LOCK = 0x6F6E656C6F74  # "onelot": two migrations at once take turns


def _config(connection: Connection, app_role: str, reader_role: str = READER_ROLE) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes.update(connection=connection, app_role=app_role, reader_role=reader_role)
    return config


def migrate(dsn: str, app_role: str = APP_ROLE, reader_role: str = READER_ROLE) -> str:
    """Run every migration that is missing, all or none; open batches stay as they are.

    Args:
        dsn: address of the database for its owner; must not be the application's role.
        app_role: the application's role, which gets its grants and nothing more.
        reader_role: the role that screens read as; policies show it the rows of one user's sites.

    Returns:
        The revision the database now has.

    Raises:
        BadInput: one of the two roles is missing, owns the schema, is a member of its owner or of the other role, or
            could bypass its limits.
        Unreachable: the database does not answer.
    """
    engine = create_engine("postgresql+psycopg://", poolclass=NullPool, creator=lambda: psycopg.connect(dsn))
    try:
        with engine.begin() as connection:
            connection.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            _check_role(connection, app_role)
            _check_role(connection, reader_role, app_role)
            command.upgrade(_config(connection, app_role, reader_role), "head")
            return MigrationContext.configure(connection).get_current_revision() or ""
    except (psycopg.OperationalError, OperationalError) as error:
        raise Unreachable(
            f"The database does not answer: {error}",
            rule="migrations need the database",
            remedy="start it, or correct the address",
        ) from None
    finally:
        engine.dispose()


def pending(dsn: str) -> list[str]:
    """The revisions that `migrate` would run, oldest first; empty when the database is up to date."""
    engine = create_engine("postgresql+psycopg://", poolclass=NullPool, creator=lambda: psycopg.connect(dsn))
    with engine.connect() as connection:
        now = MigrationContext.configure(connection).get_current_revision()
        scripts = ScriptDirectory.from_config(_config(connection, APP_ROLE))
        return [script.revision for script in reversed(list(scripts.iterate_revisions("head", now or "base")))]


def _check_role(connection: Connection, role: str, above: str = "") -> None:
    """Refuse a role that is not there, or is (a member of) the owner, a superuser, or of the role `above`."""
    found = connection.execute(
        text(
            "select rolsuper or rolbypassrls or pg_has_role(rolname, current_user, 'member')"
            " or (:above <> '' and pg_has_role(rolname, (select oid from pg_roles where rolname = :above), 'member'))"
            " from pg_roles where rolname = :role"
        ),
        {"role": role, "above": above},
    ).fetchone()
    if found is None or found[0]:
        over = f", or of {above}" if above else ""
        what = "does not exist" if found is None else f"is the owner of the schema, a member of it{over}, or above it"
        raise BadInput(
            f"The application's role {role} {what}.",
            rule="the application owns nothing, or append-only is void; screens read as a role that sees one user's"
            " sites, or a mistake in a page shows another site's patient",
            remedy=f"create role {role} login; and run the migration as another role",
            place=f"role {role}",
        )
