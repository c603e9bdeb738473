"""Backup and restore of an installation: one file, chains and roots verified before anything is used.

The keys are not in the file: back up HOME/keys apart, or whoever finds the backup can read every value.
"""

from __future__ import annotations

import io
import os
import tarfile
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
import psycopg
from psycopg import sql

from onelot.adapters.keys import SiteKeys, read_site_keys
from onelot.adapters.postgres.journal import PostgresJournal
from onelot.app import home as homes
from onelot.app.house import PRODUCTION
from onelot.app.views import PROJECTIONS
from onelot.record import chain
from onelot.record.errors import BadInput, Broken, NotAllowed, Unreachable
from onelot.record.evidence import broken_seal
from onelot.record.journal import Journal

FORMAT = "onelot-backup/1"
# In the order in which they can be filled again. Views are not here: they are projected again.
TABLES = ("event", "resource", "quantity", "claim", "taken_name", "payload", "effect", "seal", "safe")
# Columns the database numbers by itself, and what goes on numbering after them.
_NUMBERED = {"event": "number", "resource": "rid", "effect": "number"}


def write_backup(home: Path, output: Path) -> dict[str, Any]:
    """Seal, and write every table in one snapshot with the configuration. Gives counts and the root."""
    house = homes.open_house(home)
    try:
        made, heads = house.seal()
        place = homes.database(home, production=house.mode == PRODUCTION)
        try:
            members = dict(_tables(place.owner or place.app))
        finally:
            place.close()
        members[homes.CONFIG] = (home / homes.CONFIG).read_bytes()
        manifest = {
            "format": FORMAT,
            "mode": house.mode,
            "site": house.site,
            "site_key": house.site_keys.public,
            "root": made.root.hex(),
            "members": {name: sha256(data).hexdigest() for name, data in sorted(members.items())},
        }
    finally:
        house.close()
    _write_tar(output, {"manifest.json": orjson.dumps(manifest, option=orjson.OPT_INDENT_2), **members})
    return {
        "file": str(output),
        "streams": len(heads),
        "events": sum(head.seq for head in heads.values()),
        "root": made.root.hex(),
    }


def _tables(dsn: str) -> Iterator[tuple[str, bytes]]:
    with psycopg.connect(dsn) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        for table in TABLES:
            found = io.BytesIO()
            with connection.cursor().copy(
                sql.SQL("copy {} to stdout (format binary)").format(sql.Identifier(table))
            ) as copy:
                for block in copy:
                    found.write(block)
            yield f"{table}.copy", found.getvalue()


def _write_tar(output: Path, members: dict[str, bytes]) -> None:
    part = output.with_name(output.name + ".part")
    try:
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            with tarfile.open(fileobj=file, mode="w") as tar:
                for name, data in members.items():
                    entry = tarfile.TarInfo(name)
                    entry.size = len(data)
                    tar.addfile(entry, io.BytesIO(data))
            file.flush()
            os.fsync(file.fileno())
        part.replace(output)
    except OSError as cause:
        part.unlink(missing_ok=True)
        raise Unreachable(
            f"{output} cannot be written: {cause.strerror}",
            rule="a backup is written whole or not at all",
            remedy="free space, or name a folder this user may write to",
            place=str(output),
        ) from cause


def read_backup(file: Path, home: Path, keys: Path | None) -> dict[str, Any]:
    """Restore a backup into an empty home, with the keys that belong to it.

    The tables are filled in one transaction and verified inside it; what does not verify is rolled back whole.

    Raises:
        NotAllowed: the home holds an installation. BadInput: not a whole backup. Broken: a chain or seal does not
        verify, or the keys are not this site's.
    """
    if (home / homes.CONFIG).exists():
        raise NotAllowed(
            f"{home} already holds an installation",
            rule="a backup is restored into an empty home",
            remedy="choose another folder with --home",
        )
    members = _read_tar(file)
    manifest = orjson.loads(members["manifest.json"])
    site_keys = read_site_keys(keys or home / "keys")
    if site_keys.public != manifest["site_key"]:
        raise Broken(
            "these keys belong to another site than the backup",
            rule="a journal and its site keys belong together",
            remedy="name the folder with the keys that were backed up with this journal",
        )
    homes.make_folder(home)
    if keys is not None and keys != home / "keys":
        homes.copy_keys(site_keys, home)
    place = homes.database(home, production=manifest["mode"] == PRODUCTION)
    try:
        homes.migrate_database(place)
        _fill(place.owner, members)
        journal = PostgresJournal(place.app, PROJECTIONS)
        try:
            found = verify_journal(journal, site_keys)
            journal.rebuild()
        finally:
            journal.close()
    finally:
        place.close()
    # The configuration comes last: without it, a half restored home is no installation.
    (home / homes.CONFIG).write_bytes(members[homes.CONFIG])
    return found


def _read_tar(file: Path) -> dict[str, bytes]:
    try:
        with tarfile.open(file) as tar:
            members = {entry.name: _member(tar, entry) for entry in tar.getmembers() if entry.isfile()}
        manifest = orjson.loads(members["manifest.json"])
        wanted = manifest["members"]
        wrong = [name for name, digest in wanted.items() if sha256(members.get(name, b"")).hexdigest() != digest]
        if manifest["format"] != FORMAT or wrong or {f"{table}.copy" for table in TABLES} - wanted.keys():
            raise KeyError(", ".join(wrong) or "a table")
    except (OSError, tarfile.TarError, KeyError, TypeError, orjson.JSONDecodeError) as cause:
        raise BadInput(
            f"{file} is not a whole backup: {cause}",
            rule=f"{FORMAT}: every member is there with its digest",
            remedy="take another copy of the backup",
            place=str(file),
        ) from cause
    return members


def _member(tar: tarfile.TarFile, entry: tarfile.TarInfo) -> bytes:
    found = tar.extractfile(entry)
    return found.read() if found else b""


def _fill(dsn: str, members: dict[str, bytes]) -> None:
    with psycopg.connect(dsn) as connection, connection.cursor() as cursor:
        cursor.execute("select exists (select from event)")
        row = cursor.fetchone()
        if row and row[0]:
            raise NotAllowed(
                "the database already holds events",
                rule="a backup is restored into an empty database",
                remedy="name an empty database",
            )
        for table in TABLES:
            statement = sql.SQL("copy {} from stdin (format binary)").format(sql.Identifier(table))
            with cursor.copy(statement) as copy:
                copy.write(members[f"{table}.copy"])
        for table, column in _NUMBERED.items():
            cursor.execute(
                sql.SQL(
                    "select setval(pg_get_serial_sequence({}, {}), (select coalesce(max({}), 0) + 1 from {}), false)"
                ).format(sql.Literal(table), sql.Literal(column), sql.Identifier(column), sql.Identifier(table))
            )


def verify_journal(journal: Journal, keys: SiteKeys) -> dict[str, Any]:
    """Verify every chain, every seal, and that no stream stands before the newest seal's head.

    Raises:
        Broken: naming the first stream and event, or the seal, that does not verify.
    """
    heads = journal.heads()
    for stream in heads:
        entries = journal.read(stream)
        bodies = [entry.body for entry in entries]
        broken = chain.first_break(stream, [(entry.body, entry.hash) for entry in entries])
        broken = broken or chain.misplaced(stream, bodies)
        if broken:
            raise Broken(
                f"the chain of {stream} breaks: {broken.what}",
                rule="hash chain per stream",
                remedy="restore an earlier backup, and have quality look into it",
                place=f"{stream}#{broken.seq}",
            )
    seals = journal.seals()
    wrong = broken_seal(seals, keys.public)
    if wrong:
        raise Broken(wrong, rule="seals follow each other, signed by the site", remedy="restore an earlier backup")
    return {
        "streams": len(heads),
        "events": sum(head.seq for head in heads.values()),
        "seals": len(seals),
        "root": seals[-1].root.hex() if seals else "",
    }
