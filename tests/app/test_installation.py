"""An installation on a real database: init, backup and restore with open batches, migrate, doctor, and what production
refuses."""

from __future__ import annotations

import io
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from onelot.adapters.postgres.embedded import EmbeddedServer
from onelot.adapters.postgres.schema import pending
from onelot.app import demo, home
from onelot.app.commands import masters
from onelot.app.doctor import examine
from onelot.app.entropy import from_seed
from onelot.app.house import PRODUCTION, SIMULATION
from onelot.app.safekeeping import read_backup, write_backup
from onelot.record.errors import BadInput, Broken, NotAllowed, Unreachable
from onelot.twin.clock import SimulatedClock

PASSWORD = "four words make one"
SEED = 7


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="onelot-i-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture(scope="module")
def running(place: Path) -> Path:
    """A simulation with open batches: the demo of three patients, stopped in the middle."""
    folder = place / "open"
    folder.mkdir(mode=0o755)

    def some(recipes: object) -> demo.Cohort:
        found = demo.own_cohort(folder / "cohort", SEED, recipes)  # type: ignore[arg-type]
        return replace(found, cases={key: found.cases[key] for key in ("p01", "p02", "p10")})

    run = demo.prepare(folder, SEED, some, lambda now, who, what: None)

    class Enough(Exception):
        pass

    def stop(now: datetime, who: str, what: str) -> None:
        if "start grow" in what:
            raise Enough

    run.driver.tell = stop
    with pytest.raises(Enough):
        run.run()
    assert any(row["open"] for row in run.house.journal.rows("board").values())
    run.house.close()
    return folder


def heads(folder: Path) -> dict[str, str]:
    house = home.open_house(folder)
    try:
        return {stream: head.hash.hex() for stream, head in house.journal.heads().items()}
    finally:
        house.close()


def test_backup_and_restore_with_open_batches(place: Path, running: Path) -> None:
    before = heads(running)
    told = write_backup(running, place / "b.tar")
    assert told["streams"] == len(before)
    with tarfile.open(place / "b.tar") as tar:
        assert not [name for name in tar.getnames() if "key" in name]
    restored = place / "again"
    found = read_backup(place / "b.tar", restored, running / "keys")
    assert found["events"] == told["events"]
    assert heads(restored) == before
    assert all(each.ok for each in examine(restored)), [each for each in examine(restored) if not each.ok]
    with pytest.raises(NotAllowed, match="already holds"):
        read_backup(place / "b.tar", restored, running / "keys")


def test_a_restored_simulation_goes_on_to_its_end(place: Path, running: Path) -> None:
    folder = place / "goes-on"
    write_backup(running, place / "c.tar")
    read_backup(place / "c.tar", folder, running / "keys")
    shutil.copytree(running / "cohort", folder / "cohort")
    shutil.copy(running / "twin-devices", folder / "twin-devices")

    def some(recipes: object) -> demo.Cohort:
        found = demo.own_cohort(folder / "cohort", SEED, recipes)  # type: ignore[arg-type]
        return replace(found, cases={key: found.cases[key] for key in ("p01", "p02", "p10")})

    run = demo.prepare(folder, SEED, some, lambda now, who, what: None)
    report = run.run()
    run.house.close()
    assert [row.end for row in report.rows] == ["administered"] * 3
    assert report.chains_verified


@pytest.mark.parametrize("spoil", ["cut", "byte", "member"])
def test_a_spoilt_backup_is_refused_whole(place: Path, running: Path, spoil: str) -> None:
    good = place / f"{spoil}.tar"
    write_backup(running, good)
    data = bytearray(good.read_bytes())
    if spoil == "cut":
        data = data[: len(data) // 2]
    elif spoil == "byte":
        data[len(data) // 2] ^= 1
    else:
        with tarfile.open(good) as tar:
            members = {entry.name: tar.extractfile(entry).read() for entry in tar.getmembers()}  # type: ignore[union-attr]
        del members["event.copy"]
        found = io.BytesIO()
        with tarfile.open(fileobj=found, mode="w") as tar:
            for name, content in members.items():
                entry = tarfile.TarInfo(name)
                entry.size = len(content)
                tar.addfile(entry, io.BytesIO(content))
        data = bytearray(found.getvalue())
    good.write_bytes(bytes(data))
    target = place / f"into-{spoil}"
    with pytest.raises((BadInput, Broken)):
        read_backup(good, target, running / "keys")
    assert not (target / home.CONFIG).exists()
    with pytest.raises(Unreachable, match="no onelot installation"):
        home.open_house(target)


def test_foreign_keys_are_refused(place: Path, running: Path) -> None:
    other = place / "other"
    house = home.init(other, mode=SIMULATION, site="other", administrator="a", printed_name="A", password=PASSWORD)
    house.close()
    write_backup(running, place / "d.tar")
    with pytest.raises(Broken, match="another site"):
        read_backup(place / "d.tar", place / "foreign", other / "keys")


def test_the_doctor_sees_a_rewritten_event(place: Path, running: Path) -> None:
    folder = place / "sick"
    write_backup(running, place / "e.tar")
    read_backup(place / "e.tar", folder, running / "keys")
    with EmbeddedServer.open(folder / "postgres") as server, psycopg.connect(server.dsn("super")) as connection:
        connection.execute("alter table event disable trigger all")
        connection.execute(
            "update event set body = convert_to(replace(convert_from(body, 'UTF8'), 'mL', 'uL'), 'UTF8')"
            " where type = 'MaterialCharged' and seq = (select max(seq) from event where type = 'MaterialCharged')"
        )
        connection.execute("alter table event enable trigger all")
    wrong = [each for each in examine(folder) if not each.ok]
    assert len(wrong) == 1
    assert "breaks" in wrong[0].what
    (folder / "keys" / "site.key").chmod(0o644)
    assert "can be read by others" in next(each for each in examine(folder) if not each.ok).what


def test_migrate_keeps_open_batches(running: Path) -> None:
    before = heads(running)
    base = home.database(running)
    try:
        with psycopg.connect(base.owner) as connection:
            kept = connection.execute("select kind, name, data from safe").fetchall()
            # Back to the first revision, as an installation of then would be.
            connection.execute("drop table safe")
            for table in ("event", "payload", "view_row", "claim"):
                connection.execute(f"drop policy own_sites on {table}")
                connection.execute(f"drop policy whole on {table}")
                connection.execute(f"alter table {table} disable row level security")
            connection.execute("drop trigger note_sight on event")
            connection.execute("drop function note_sight(), note_sight(text, text, bytea)")
            sights = connection.execute("select what, site from sight order by 1, 2").fetchall()
            connection.execute("drop table note, sight, view_kind")
            connection.execute("drop function actor_sites()")
            connection.execute("drop index event_at")
            connection.execute("drop function events_reach(timestamptz, integer)")
            connection.execute("update alembic_version set version_num = '0001'")
        home.migrate_database(base)
        assert pending(base.owner) == []
        with psycopg.connect(base.owner) as connection, connection.cursor() as cursor:
            cursor.executemany("insert into safe values (%s, %s, %s)", kept)
            cursor.execute("select what, site from sight order by 1, 2")
            assert cursor.fetchall() == sights != []
    finally:
        base.close()
    assert heads(running) == before


def test_production_refuses_the_twin(place: Path) -> None:
    folder = place / "real"
    house = home.init(
        folder, mode=PRODUCTION, site="plant", administrator="anna", printed_name="Anna", password=PASSWORD
    )
    try:
        admin = house.loop.actor("anna")
        house.loop.handle(masters.RegisterPerson("meg", "Meg", ("metrology",), ("plant",)), admin)
        with pytest.raises(NotAllowed, match="twin"):
            house.loop.handle(
                masters.RegisterEquipment("x-1", "suite", "plant", "S", True, False), house.loop.actor("meg")
            )
        with pytest.raises(NotAllowed, match="already holds"):
            home.init(folder, mode=PRODUCTION, site="p", administrator="b", printed_name="B", password=PASSWORD)
    finally:
        house.close()
    for made_up in ({"entropy": from_seed(1)}, {"clock": SimulatedClock(datetime(2026, 1, 1, tzinfo=UTC)).now}):
        with pytest.raises(NotAllowed, match="seeded keys and made-up clocks"):
            home.open_house(folder, **made_up)  # type: ignore[arg-type]
    with pytest.raises(NotAllowed, match="production"):
        demo.prepare(folder, 1, lambda recipes: demo.own_cohort(place / "x", 1, recipes), lambda *_: None)
    assert (folder / "keys" / "vault.key").stat().st_mode & 0o077 == 0


def test_no_short_password(place: Path) -> None:
    with pytest.raises(NotAllowed, match="too short"):
        home.init(place / "w", mode=PRODUCTION, site="p", administrator="a", printed_name="A", password="short")
    assert not (place / "w").exists()
