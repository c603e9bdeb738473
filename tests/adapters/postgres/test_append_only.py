"""The database itself refuses to rewrite history, tried as the application's role and as the owner."""

from __future__ import annotations

from datetime import UTC, datetime

import psycopg
import pytest

from onelot.adapters.postgres.embedded import EmbeddedServer
from onelot.adapters.postgres.journal import PostgresJournal
from onelot.adapters.postgres.schema import migrate, pending
from onelot.record.errors import BadInput
from onelot.record.events.batch import PhaseStarted
from onelot.record.journal import Append, Draft, Part, Seal

pytestmark = pytest.mark.postgres
Database = tuple[EmbeddedServer, str]
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def filled(database: Database) -> Database:
    server, name = database
    with PostgresJournal(server.dsn("app", name)) as journal:
        journal.append(Append((Part("batch/1", 0, (Draft(PhaseStarted("thaw", 1), NOON, "system"),)),)))
        journal.keep_seal(Seal(1, NOON, 1, bytes(32), bytes(32), b"{}", bytes(64)))
    return database


@pytest.mark.parametrize("table", ["event", "seal"])
@pytest.mark.parametrize(
    "statement",
    ["update {} set body = '{{}}'", "delete from {}", "truncate {}", "update {} set signature = null where false"],
)
def test_history_cannot_be_rewritten(filled: Database, table: str, statement: str) -> None:
    server, name = filled
    for role in ("app", "owner"):
        with (
            psycopg.connect(server.dsn(role, name)) as connection,
            pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only" if role == "owner" else "denied"),
        ):
            connection.execute(statement.format(table))
    with psycopg.connect(server.dsn("app", name)) as connection:
        assert connection.execute(f"select count(*) from {table}").fetchone() == (1,)


@pytest.mark.parametrize(
    "statement",
    [
        "alter table event disable trigger append_only",
        "drop trigger append_only on event",
        "drop table event",
        "create table mine ()",
        "create or replace function refuse_change() returns trigger language plpgsql as 'begin return null; end'",
        "set session_replication_role = replica",
        "set role onelot_owner",
        "update claim set claim = 'x'",
        "delete from claim",
        "delete from taken_name",
        "delete from effect",
        "update quantity set rid = 1",
        "update payload set data = ''",
        "delete from view_row",
    ],
)
def test_the_application_has_no_way_around(filled: Database, statement: str) -> None:
    server, name = filled
    with (
        psycopg.connect(server.dsn("app", name)) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(statement)


def test_the_application_owns_nothing(filled: Database) -> None:
    server, name = filled
    with psycopg.connect(server.dsn("app", name)) as connection:
        owned = connection.execute(
            "select relname::text from pg_class where pg_get_userbyid(relowner) = 'onelot_app'"
            " union all select proname::text from pg_proc where pg_get_userbyid(proowner) = 'onelot_app'"
            " union all select nspname::text from pg_namespace where pg_get_userbyid(nspowner) = 'onelot_app'"
            " union all select datname::text from pg_database where pg_get_userbyid(datdba) = 'onelot_app'"
        ).fetchall()
        writable = connection.execute(
            "select c.relname::text, p.privilege from pg_class c"
            " cross join (values ('DELETE'), ('TRUNCATE'), ('TRIGGER'), ('REFERENCES')) as p (privilege)"
            " where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace"
            " and has_table_privilege(c.oid, p.privilege)"
        ).fetchall()
    assert owned == []
    assert ("event", "DELETE") not in writable and ("seal", "DELETE") not in writable
    assert {row[1] for row in writable} <= {"DELETE"}


def test_migrations_are_refused_when_the_application_could_own_the_schema(database: Database) -> None:
    server, name = database
    for role in ("onelot_owner", "onelot_super", "onelot_nobody"):
        with pytest.raises(BadInput, match=role):
            migrate(server.dsn("owner", name), role)


def test_migrating_twice_changes_nothing(database: Database) -> None:
    server, name = database
    assert pending(server.dsn("owner", name)) == []
    first = migrate(server.dsn("owner", name))
    assert migrate(server.dsn("owner", name)) == first
    empty = server.create_database(f"{name}_empty")
    assert pending(server.dsn("owner", empty))[0] == "0001"
