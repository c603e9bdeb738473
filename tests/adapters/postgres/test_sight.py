"""The database itself keeps one site's patients from another: tried as the reader's role, past every line of ours."""

from __future__ import annotations

from datetime import UTC, datetime

import psycopg
import pytest
from alembic import command
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from onelot.adapters.postgres import schema
from onelot.adapters.postgres.embedded import EmbeddedServer
from onelot.adapters.postgres.journal import PostgresJournal
from onelot.adapters.postgres.schema import migrate, pending
from onelot.app.views import PROJECTIONS
from onelot.record import sight
from onelot.record.errors import BadInput, Unreachable
from onelot.record.events.batch import BatchPlanned
from onelot.record.events.therapy import TherapyOrdered
from onelot.record.journal import Append, Draft, Part, Payload
from onelot.record.terms.values import Cite

pytestmark = pytest.mark.postgres
Database = tuple[EmbeddedServer, str]
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
CITE = Cite("document/recipe/r/1", 1, "0" * 64)
TABLES = {"event": 1, "payload": 1, "view_row": 2, "sight": 3}


def fill(dsn: str, projections: bool = True) -> None:
    """Two hospitals with one patient each, and a batch of each at one plant."""
    with PostgresJournal(dsn, PROJECTIONS if projections else ()) as journal:
        for site in ("north", "south"):
            ordered = TherapyOrdered(f"T-{site}", f"p-{site}", "product", CITE, site, "0" * 64, "/")
            planned = BatchPlanned(f"B-{site}", (f"T-{site}",), CITE, None, "plant", "autologous")
            parts = (
                Part(f"therapy/T-{site}", 0, (Draft(ordered, NOON, "system"),)),
                Part(f"batch/B-{site}", 0, (Draft(planned, NOON, "system"),)),
            )
            journal.append(Append(parts, payloads=(Payload(f"a-{site}", f"p-{site}", b"sealed"),)))


@pytest.fixture(scope="module")
def filled(database: Database) -> Database:
    server, name = database
    fill(server.dsn("app", name))
    return database


def count(connection: psycopg.Connection[tuple[int]], table: str) -> int:
    found = connection.execute(f"select count(*) from {table}").fetchone()
    return found[0] if found else -1


def test_without_a_setting_there_is_nobody_to_see(filled: Database) -> None:
    server, name = filled
    with psycopg.connect(server.dsn("reader", name)) as connection:
        for table in ("event", "payload", "view_row", "sight", "claim"):
            assert count(connection, table) == 0


@pytest.mark.parametrize("value", ["", "{}", "{nowhere}", "{NORTH}", "{'north'}"])
def test_other_settings_show_no_patient(filled: Database, value: str) -> None:
    server, name = filled
    with psycopg.connect(server.dsn("reader", name)) as connection:
        connection.execute("select set_config('onelot.sites', %s, true)", [value])
        for table in ("event", "payload", "view_row", "sight"):
            assert count(connection, table) == 0


def test_a_query_without_any_filter_shows_one_sites_patients(filled: Database) -> None:
    server, name = filled
    with psycopg.connect(server.dsn("reader", name)) as connection:
        connection.execute("select set_config('onelot.sites', '{north}', true)")
        for table in ("event", "payload", "view_row", "sight"):
            text = str(connection.execute(f"select t::text from {table} t").fetchall())
            assert "south" not in text and ("north" in text or table == "payload" and b"sealed".hex() in text)
        connection.commit()
        assert count(connection, "event") == 0, "the setting ends with its transaction"


@pytest.mark.parametrize(
    "statement",
    [
        "select * from safe",
        "select * from effect",
        "select * from taken_name",
        "insert into view_kind values ('safe', 'everyone')",
        "insert into sight values ('therapy/T-south', 'north')",
        "update view_row set row = null",
        "delete from payload",
        "insert into seal values (9, now(), 1, '', '', '', '')",
        "alter table event disable row level security",
        "drop policy own_sites on event",
        "set role onelot_app",
        "set session authorization onelot_app",
        "create function mine() returns int language sql security definer as 'select 1'",
        "create temporary table mine ()",
        "select note_sight('therapy/T-south', 'TherapyOrdered', '{}')",
        "select append_group('{}','{}','{}','{}','{}','{}','{}','{}','{}','{}','{}')",
    ],
)
def test_the_reader_has_no_way_around(filled: Database, statement: str) -> None:
    server, name = filled
    with psycopg.connect(server.dsn("reader", name)) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement)


def test_row_security_switched_off_is_an_error_and_shows_nothing(filled: Database) -> None:
    server, name = filled
    with psycopg.connect(server.dsn("reader", name)) as connection:
        connection.execute("set row_security = off")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("select * from event")


def test_the_application_cannot_forge_sight(filled: Database) -> None:
    server, name = filled
    for statement in ("insert into sight values ('therapy/T-south', 'north')", "delete from sight"):
        with (
            psycopg.connect(server.dsn("app", name)) as connection,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            connection.execute(statement)


def test_neither_role_owns_bypasses_or_is_member_of_the_other(filled: Database) -> None:
    server, name = filled
    with psycopg.connect(server.dsn("owner", name)) as connection:
        rows = connection.execute(
            "select rolname::text, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication from pg_roles"
            " where rolname in ('onelot_app', 'onelot_reader') order by 1"
        ).fetchall()
        members = connection.execute("select count(*) from pg_auth_members m join pg_roles r on r.oid = m.member"
                                     " where r.rolname in ('onelot_app', 'onelot_reader')").fetchone()  # fmt: skip
        guarded = connection.execute(
            "select relname::text from pg_class where relrowsecurity and relnamespace = 'public'::regnamespace"
        ).fetchall()
        owned = connection.execute(
            "select relname::text from pg_class where pg_get_userbyid(relowner) = 'onelot_reader'"
        ).fetchall()
    assert rows == [("onelot_app", *[False] * 5), ("onelot_reader", *[False] * 5)]
    assert members == (0,) and owned == []
    assert {name for (name,) in guarded} == {"event", "payload", "view_row", "claim", "sight"}


def test_every_table_with_a_patient_in_it_is_guarded_or_closed(filled: Database) -> None:
    """A table of a later revision is either guarded by policies or not the reader's to read."""
    server, name = filled
    open_to_all = {"view_kind", "resource", "quantity", "seal"}  # no patient in them
    with psycopg.connect(server.dsn("reader", name)) as connection:
        readable = {
            table
            for (table,) in connection.execute(
                "select relname::text from pg_class where relkind in ('r', 'v', 'm', 'p')"
                " and relnamespace = 'public'::regnamespace and not relrowsecurity"
                " and has_any_column_privilege(oid, 'select')"
            )
        }
    assert readable == open_to_all


def test_what_was_recorded_before_the_upgrade_is_seen_after_it(database: Database) -> None:
    server, name = database
    empty = server.create_database(f"{name}_upgrade")
    owner = server.dsn("owner", empty)
    engine = create_engine("postgresql+psycopg://", poolclass=NullPool, creator=lambda: psycopg.connect(owner))
    with engine.begin() as connection:
        command.upgrade(schema._config(connection, "onelot_app"), "0002")
    assert pending(owner)[0] == "0003"
    fill(server.dsn("app", empty), projections=False)
    assert migrate(owner) >= "0003"
    with PostgresJournal(server.dsn("app", empty), PROJECTIONS, reader=server.dsn("reader", empty)) as journal:
        journal.rebuild()
        assert list(journal.seen_by(["north"]).rows("therapies")) == ["T-north"]
        assert list(journal.seen_by(["south"]).heads()) == ["batch/B-south", "therapy/T-south"]
        assert sorted(journal.seen_by(["plant"]).rows("board")) == ["B-north", "B-south"]
        assert journal.seen_by(["north"]).payload("a-south") is None
        assert journal.seen_by(["north"]).payload("a-north") is not None
    fresh, name = server, server.create_database(f"{empty}_fresh")
    migrate(fresh.dsn("owner", name))
    fill(fresh.dsn("app", name))
    sights = "select what, site from sight order by 1, 2"
    with psycopg.connect(server.dsn("owner", empty)) as old, psycopg.connect(server.dsn("owner", name)) as new:
        assert old.execute(sights).fetchall() == new.execute(sights).fetchall() != []


def test_the_reader_must_be_a_role_apart(database: Database) -> None:
    server, name = database
    for role in ("onelot_owner", "onelot_app", "onelot_super", "onelot_nobody"):
        with pytest.raises(BadInput, match=role):
            migrate(server.dsn("owner", name), reader_role=role)


def test_without_its_address_nothing_is_read(database: Database) -> None:
    server, name = database
    with (
        PostgresJournal(server.dsn("app", name)) as journal,
        pytest.raises(Unreachable, match="address for reading") as refused,
    ):
        journal.seen_by(["north"])
    assert "DATABASE_READER_URL" in refused.value.remedy


def test_every_view_says_whose_its_rows_are() -> None:
    for view in PROJECTIONS:
        assert view.of in (sight.THERAPY, sight.BATCH, sight.EVERYONE, sight.HOUSE), view.name
