"""An installation on disk: its folder, its keys, its database; made once by `init`, opened by everything else.

HOME/onelot.json   mode, site, who installed it when
HOME/keys/         site.key and vault.key, mode 0600: back them up apart from the database
HOME/seals/        every seal, outside the database
HOME/documents/    certificates and printed records, by digest
HOME/postgres/     the embedded server, unless DATABASE_URL names another
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import orjson
import psycopg
from psycopg.conninfo import conninfo_to_dict

from onelot.adapters.keys import SiteKeys, make_site_keys, read_site_keys, write_site_keys
from onelot.adapters.postgres import embedded
from onelot.adapters.postgres.journal import PostgresJournal
from onelot.adapters.postgres.safe import PostgresSafe
from onelot.adapters.postgres.schema import APP_ROLE, migrate
from onelot.adapters.vault import Entropy
from onelot.app.commands import everything
from onelot.app.entropy import from_system
from onelot.app.house import PRODUCTION, House, assemble, open_journal, system_clock
from onelot.app.sign_in import SignIn, settings
from onelot.app.sign_in.passwords import check_own
from onelot.app.views import PROJECTIONS
from onelot.record.errors import BadInput, NotAllowed, OnelotError, Unreachable

CONFIG = "onelot.json"
_HERE = ("", "localhost", "127.0.0.1", "::1")
# Imported so that every command has its handler wherever an installation is opened.
_COMMANDS = everything.MODULES


@dataclass(frozen=True)
class Database:
    """Where the journal is: addresses for the application's role, the owner and the reader's role; how to let go."""

    app: str
    owner: str
    close: Callable[[], object]
    reader: str = ""


def database(home: Path, *, production: bool = False) -> Database:
    """The database of this installation: DATABASE_URL if set, else the embedded server under `home`.

    DATABASE_URL is for the application's role; DATABASE_READER_URL for the role that screens read as;
    DATABASE_OWNER_URL, needed by `init` and `migrate`, for the owner.
    """
    url = os.environ.get("DATABASE_URL")
    if url:
        for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "DATABASE_READER_URL"):
            check_address(name, os.environ.get(name, ""))
        return Database(
            url, os.environ.get("DATABASE_OWNER_URL", ""), lambda: None, os.environ.get("DATABASE_READER_URL", "")
        )
    binaries: Literal["debian", "wheel"] = "debian" if os.environ.get("ONELOT_POSTGRES") == "debian" else "wheel"
    server = embedded.EmbeddedServer.open(home / "postgres", binaries, production=production)
    return Database(server.dsn("app"), server.dsn("owner"), server.close, server.dsn("reader"))


def check_address(name: str, url: str) -> None:
    """Refuse an address of a database on another machine that is not under TLS with its certificate checked.

    Raises:
        NotAllowed: `sslmode` is weaker than verify-ca; drivers would go on in the clear by themselves.
    """
    try:
        parts = conninfo_to_dict(url)
    except psycopg.ProgrammingError as cause:
        raise BadInput(
            f"{name} is no address of a database",
            rule="postgresql://USER@HOST:PORT/NAME?sslmode=verify-full&sslrootcert=FILE",
            remedy=f"mend {name}",
            place=name,
        ) from cause
    hosts = [str(each).strip() for key in ("host", "hostaddr") for each in str(parts.get(key) or "").split(",")]
    here = all(host in _HERE or host.startswith(("/", "@")) for host in hosts)
    if not here and parts.get("sslmode") not in ("verify-ca", "verify-full"):
        raise NotAllowed(
            f"{name} leads to another machine without TLS that is checked",
            rule="patients' data travel under TLS only, to a server whose certificate was looked at",
            remedy="add sslmode=verify-full and sslrootcert=FILE to the address",
            place=name,
        )


def default_home() -> Path:
    """ONELOT_HOME, or the usual place of this user."""
    return embedded.home()


def config_of(home: Path) -> dict[str, str]:
    """What `init` wrote."""
    try:
        found: dict[str, str] = orjson.loads((home / CONFIG).read_bytes())
    except FileNotFoundError as cause:
        raise Unreachable(
            f"there is no onelot installation in {home}",
            rule="an installation is made once, by `onelot init`",
            remedy="run `onelot init`, or set ONELOT_HOME to the folder it made",
        ) from cause
    except (OSError, orjson.JSONDecodeError) as cause:
        raise BadInput(
            f"{home / CONFIG} cannot be read: {cause}",
            rule="written by `onelot init`",
            remedy="restore it from the backup",
            place=str(home / CONFIG),
        ) from cause
    return found


def init(
    home: Path,
    *,
    mode: str,
    site: str,
    administrator: str,
    printed_name: str,
    password: str,
    clock: Callable[[], datetime] = system_clock,
    entropy: Entropy = from_system,
) -> House:
    """Make an installation: site keys, database, the journal's first words, the first user administrator.

    Raises:
        NotAllowed: there is one already, or the password is too short.
    """
    if (home / CONFIG).exists():
        raise NotAllowed(
            f"{home} already holds an installation",
            rule="site keys and the journal's mode are set once",
            remedy="use it, or choose another folder with ONELOT_HOME",
        )
    check_own(administrator, printed_name, password, (site,))
    make_folder(home)
    if not (home / "keys" / "site.key").exists():
        write_site_keys(home / "keys", make_site_keys(entropy))
    keys = read_site_keys(home / "keys")
    place = database(home, production=mode == PRODUCTION)
    migrate_database(place)
    journal = PostgresJournal(place.app, PROJECTIONS, reader=place.reader)
    # A crash in the middle of init leaves no configuration; the next init goes on from what the journal holds.
    if not journal.read("journal"):
        open_journal(
            journal,
            mode=mode,
            site=site,
            site_keys=keys,
            now=clock(),
            administrator=administrator,
            printed_name=printed_name,
        )
    text = orjson.dumps(
        {"mode": mode, "site": site, "made_at": datetime.now(UTC).isoformat(timespec="seconds")},
        option=orjson.OPT_INDENT_2,
    )
    house = _house(home, place, journal, site, clock, entropy)
    # The first password serves both, until the administrator changes one of them under My sign-in.
    SignIn(PostgresSafe(place.app), clock).set_password(administrator, password)
    if not house.loop.reader.person(administrator).key:
        house.enrol(administrator, password, house.loop.actor(administrator))
    house.seal()
    if mode == PRODUCTION and not (home / settings.FILE).exists():
        (home / settings.FILE).write_bytes(orjson.dumps(settings.IN_PRODUCTION, option=orjson.OPT_INDENT_2))
    (home / CONFIG).write_bytes(text)
    return house


def open_house(home: Path, *, clock: Callable[[], datetime] = system_clock, entropy: Entropy = from_system) -> House:
    """Open the installation in this folder; refuses a database whose schema is behind."""
    config = config_of(home)
    place = database(home, production=config["mode"] == PRODUCTION)
    if place.owner:
        migrate_database(place)
    journal = PostgresJournal(place.app, PROJECTIONS, reader=place.reader)
    try:
        return _house(home, place, journal, config["site"], clock, entropy)
    except OnelotError:
        journal.close()
        place.close()
        raise


def migrate_database(place: Database) -> str:
    """Bring the schema up to date, as its owner. Gives the revision."""
    if not place.owner:
        raise NotAllowed(
            "the schema can be changed by its owner only",
            rule="the application's role owns nothing",
            remedy="set DATABASE_OWNER_URL for this command",
        )
    return migrate(place.owner, APP_ROLE)


def copy_keys(keys: SiteKeys, home: Path) -> None:
    """Put the site keys where this installation looks for them."""
    if not (home / "keys" / "site.key").exists():
        write_site_keys(home / "keys", keys)


def make_folder(home: Path) -> None:
    """Make the installation's folder."""
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o755)
    except OSError as cause:
        raise Unreachable(
            f"{home} cannot be made: {cause.strerror}",
            rule="an installation needs a folder of its own",
            remedy="set ONELOT_HOME to a folder you may write",
        ) from cause


def _house(
    home: Path,
    place: Database,
    journal: PostgresJournal,
    site: str,
    clock: Callable[[], datetime],
    entropy: Entropy,
) -> House:
    safe = PostgresSafe(place.app)
    house = assemble(
        journal=journal,
        safe=safe,
        site_keys=read_site_keys(home / "keys"),
        site=site,
        clock=clock,
        entropy=entropy,
        seals=home / "seals",
        documents=home / "documents",
        looks=home / "looks.jsonl",
    )
    house.on_close += [safe.close, place.close]
    return house
