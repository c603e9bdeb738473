"""The doctor: looks at everything an installation needs, and says what is wrong and what to do."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import psycopg

from onelot.adapters.keys import read_site_keys
from onelot.adapters.postgres.schema import pending
from onelot.app import home as homes
from onelot.app.house import PRODUCTION, House
from onelot.app.safekeeping import verify_journal
from onelot.app.sealing import read_seals
from onelot.app.shipping import read_state, waiting_bytes
from onelot.app.sign_in import read_settings
from onelot.app.sign_in.guessable import check_list
from onelot.app.syslog import FILE as LOGS
from onelot.app.syslog import read_log_settings
from onelot.record.errors import OnelotError

T = TypeVar("T")
LEAST_FREE = 1 << 30
SEALED_WITHIN = timedelta(days=1)


@dataclass(frozen=True)
class Health:
    """One thing looked at: whether it is well, what it is, and what to do when it is not."""

    ok: bool
    what: str
    remedy: str = ""


def examine(home: Path) -> list[Health]:
    """Everything, in the order in which it has to be mended."""
    found: list[Health] = []
    for look in (_config, _sign_in, _logs, _keys, _space, _schema, _rights):
        found += _safely(look, home)
        if not all(each.ok for each in found):
            return found
    house = homes.open_house(home)
    try:
        for part in (_chains, _views, _seals, _effects, _clock):
            found += _safely(part, house)
    finally:
        house.close()
    return found


def _safely(look: Callable[[T], Iterator[Health]], what: T) -> list[Health]:
    try:
        return list(look(what))
    except OnelotError as refusal:
        return [Health(False, refusal.what, refusal.remedy)]
    except psycopg.Error as cause:
        return [Health(False, f"the database refused: {cause}", "look at the database's log")]


def _config(home: Path) -> Iterator[Health]:
    config = homes.config_of(home)
    yield Health(True, f"{config['mode']} journal of {config['site']} in {home}")


def _sign_in(home: Path) -> Iterator[Health]:
    settings = read_settings(home)
    asked = settings.second_factor.roles or settings.second_factor.sites
    yield Health(True, f"settings of sign-in fit; a second factor for {', '.join(asked) or 'whoever has one'}")
    if settings.breached_passwords:
        check_list(Path(settings.breached_passwords))
        yield Health(True, "the list of breached passwords can be read")


def _logs(home: Path) -> Iterator[Health]:
    settings = read_log_settings(home)
    if settings is None:
        yield Health(True, f"the logs stay on this machine: there is no {LOGS} that names a receiver")
        return
    state, waiting = read_state(home), waiting_bytes(home)
    since, why = state.get("failing_since", ""), state.get("why", "")
    yield Health(
        not since,
        f"logs are not shipped since {since}: {why}; {waiting} bytes wait" if since
        else f"logs are shipped to {settings.ship_to}, {waiting} bytes wait for `onelot serve`",
        f"look after {settings.ship_to}; what waits follows by itself",
    )  # fmt: skip
    missed = state.get("missed", [])
    yield Health(
        not missed, "no file of a log was cut before it was shipped" if not missed else
        f"cut or replaced before it was shipped: {', '.join(missed)}",
        "rotate logs by moving them beside where they are; then remove `missed` from shipping.json",
    )  # fmt: skip


def _keys(home: Path) -> Iterator[Health]:
    keys = read_site_keys(home / "keys")
    yield Health(True, f"site key {keys.public[:16]}…, readable by its owner only")


def _space(home: Path) -> Iterator[Health]:
    free = shutil.disk_usage(home).free
    yield Health(free >= LEAST_FREE, f"{free / 1e9:.1f} GB free", f"free at least {LEAST_FREE / 1e9:.0f} GB")


def _schema(home: Path) -> Iterator[Health]:
    place = homes.database(home, production=homes.config_of(home)["mode"] == PRODUCTION)
    try:
        missing = pending(place.owner or place.app)
    finally:
        place.close()
    yield Health(not missing, f"schema up to date, {len(missing)} migrations missing", "run `onelot migrate`")


def _rights(home: Path) -> Iterator[Health]:
    """Tried as the application's role, and rolled back."""
    place = homes.database(home, production=homes.config_of(home)["mode"] == PRODUCTION)
    try:
        for verb in ("update event set type = type", "delete from event", "truncate event"):
            with psycopg.connect(place.app) as connection:
                try:
                    connection.execute(verb.encode())
                    refused = False
                except psycopg.errors.InsufficientPrivilege:
                    refused = True
                connection.rollback()
            name = verb.split()[0].upper()
            yield Health(refused, f"the application may not {name} events", "revoke it; run `onelot migrate`")
        yield from _reader(place.reader)
    finally:
        place.close()


def _reader(dsn: str) -> Iterator[Health]:
    """Tried as the role that screens read as, with nobody's sites set."""
    if not dsn:
        yield Health(False, "screens cannot read", "set DATABASE_READER_URL to the address for role onelot_reader")
        return
    with psycopg.connect(dsn) as connection:
        found = connection.execute("select count(*) from event").fetchone()
        bypass = connection.execute(
            "select rolsuper or rolbypassrls from pg_roles where rolname = current_user"
        ).fetchone()
    ok = found == (0,) and bypass == (False,)
    yield Health(ok, "screens read by site, and nothing before that", "give the role neither SUPERUSER nor BYPASSRLS")


def _chains(house: House) -> Iterator[Health]:
    found = verify_journal(house.whole, house.site_keys)
    yield Health(True, f"{found['events']} events in {found['streams']} chains verify, {found['seals']} seals follow")


def _views(house: House) -> Iterator[Health]:
    rows = house.whole.rows("board")
    heads = house.whole.heads("batch/")
    behind = [name for name, row in rows.items() if heads[f"batch/{name}"].seq != row["events"]]
    missing = len(heads) - len(rows)
    ok = not behind and not missing
    yield Health(
        ok, f"the board has {len(rows)} batches, {len(behind)} behind, {missing} missing", "`onelot views rebuild`"
    )


def _seals(house: House) -> Iterator[Health]:
    kept = house.whole.seals()
    if house.seals is not None and house.seals.exists():
        outside = read_seals(house.seals)
        ok = [each.body for each in outside] == [each.body for each in kept]
        remedy = "compare the two, and have quality look into it"
        yield Health(ok, f"{len(outside)} seals outside the database, {len(kept)} inside, the same", remedy)
    if house.mode == PRODUCTION:
        fresh = bool(kept) and datetime.now(UTC) - kept[-1].at < SEALED_WITHIN
        yield Health(fresh, "sealed within a day", "run `onelot serve`, or export a batch: either seals")


def _effects(house: House) -> Iterator[Health]:
    waiting = house.whole.effects(1000)
    yield Health(not waiting, f"{len(waiting)} side effects wait to be done", "run `onelot serve`: it carries them out")


def _clock(house: House) -> Iterator[Health]:
    if house.mode != PRODUCTION:
        return
    newest = max((seal.at for seal in house.whole.seals()), default=datetime.min.replace(tzinfo=UTC))
    ok = newest <= datetime.now(UTC) + timedelta(minutes=5)
    yield Health(ok, "the clock does not stand before the newest seal", "set the machine's clock (chrony, NTP)")
