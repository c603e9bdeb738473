"""Verbs for the whole house: init, serve, board, why, export, verify, keys, views, backup, doctor, and others."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import orjson
import typer

from onelot.app import home as homes
from onelot.app.cli.output import print_json
from onelot.app.components import components as inventory
from onelot.app.context import SYSTEM, Actor
from onelot.app.doctor import examine
from onelot.app.export import export_batch
from onelot.app.house import PRODUCTION, SIMULATION, House
from onelot.app.safekeeping import read_backup, write_backup
from onelot.app.why import why as derive
from onelot.record.errors import BadInput, Unreachable
from onelot.record.evidence import verify as verify_file

Json = Annotated[bool, typer.Option("--json", help="One JSON object.")]
Home = Annotated[Path | None, typer.Option("--home", help="The installation's folder; default ONELOT_HOME.")]
As = Annotated[str, typer.Option("--as", help="Sign-in name of the person who asks.")]


def _home(home: Path | None) -> Path:
    return home or homes.default_home()


def open_for_reading(home: Path | None) -> House:
    """The installation; whoever may run this command on the site's own machine may read its journal."""
    return homes.open_house(_home(home))


def register(app: typer.Typer) -> None:
    """Add these verbs to the command line."""
    for verb in (init, board, why, export, verify, doctor, components, backup, restore, migrate, serve):
        app.command()(verb)
    keys = typer.Typer(help="The site's public keys.", no_args_is_help=True)
    keys.command("export")(keys_export)
    app.add_typer(keys, name="keys")
    views = typer.Typer(help="Views: rows kept beside the record.", no_args_is_help=True)
    views.command("rebuild")(views_rebuild)
    app.add_typer(views, name="views")


def init(
    site: Annotated[str, typer.Option(help="Short name of the site, e.g. plant-1.")],
    administrator: Annotated[str, typer.Option(help="Sign-in name of the first user administrator.")],
    printed_name: Annotated[str, typer.Option(help="Their name as it is printed with signatures.")],
    password_file: Annotated[Path | None, typer.Option(help="File with their password; asked for otherwise.")] = None,
    simulation: Annotated[bool, typer.Option("--simulation", help="A journal of a simulation, for ever.")] = False,
    home: Home = None,
    json: Json = False,
) -> None:
    """Make an installation: site keys, database, the journal's first words, the first user administrator."""
    if password_file is not None:
        password = read_file(password_file).decode().strip()
    else:
        password = typer.prompt("Password (12 characters or more)", hide_input=True, confirmation_prompt=True)
    mode = SIMULATION if simulation else PRODUCTION
    house = homes.init(
        _home(home),
        mode=mode,
        site=site,
        administrator=administrator,
        printed_name=printed_name,
        password=password,
    )
    try:
        found = {"home": str(_home(home)), "mode": mode, "site": site, "site_key": house.site_keys.public}
    finally:
        house.close()
    if json:
        print_json(found)
    else:
        print(f"{mode} journal of {site} in {found['home']}")
        print(f"site key {found['site_key']}")
        print(f"Back up {found['home']}/keys now, apart from the database: without it no value opens.")


def board(
    home: Home = None,
    json: Json = False,
    every: Annotated[bool, typer.Option("--all", help="Also those that are closed.")] = False,
) -> None:
    """List the batches: open ones, or all."""
    house = open_for_reading(home)
    try:
        rows = house.journal.rows("board")
        shown = [row for row in rows.values() if every or json or row["open"]]
        if json:
            print_json({"mode": house.mode, "batches": shown})
            return
        if house.mode == SIMULATION:
            print("SIMULATED")
        for row in sorted(shown, key=lambda row: row["changed_at"]):
            print(f"{row['batch']:34} {row['recipe']:22} {row['state']:24} {row['disposition']:24} {row['phase']}")
    finally:
        house.close()


def why(
    batch: Annotated[str, typer.Argument(help="Its number, as `onelot board --all` lists it.")],
    parameter: Annotated[str, typer.Argument(help="A parameter of its recipe, e.g. dose; see `onelot recipe show`.")],
    home: Home = None,
    as_: As = "",
    json: Json = False,
) -> None:
    """Why a parameter of a batch is what it is, down to document, place, rule and signature."""
    house = open_for_reading(home)
    try:
        actor: Actor = house.loop.actor(as_) if as_ else SYSTEM
        found = derive(house, batch, parameter, actor)
    finally:
        house.close()
    if json:
        print_json(found)
        return
    if found["mode"] == SIMULATION:
        print("SIMULATED")
    print(f"{found['parameter']} = {found['value']} {found['unit']} ({found['basis']})")
    rule = found["rule"]
    print(f"  rule     {rule['name']}: {rule['formula']}")
    print(f"           {rule['source']}; {rule['recipe']}")
    if found["changed"]:
        new = found["changed"]
        print(
            f"  changed  to {new['value']} {new['unit']}, {new['by']}, {new['at']}: {new['reason']} ({new['recorded']})"
        )
    for given in found["inputs"]:
        told = f"{given['value']} {given['unit']}".strip() + (
            f", {given['observed_at']}" if given["observed_at"] else ""
        )
        print(f"  fact     {given['fact']} = {told}")
        print(f"           {given['place']} of sha256 {given['source_sha256'][:16]}… ({given['recorded']})")
    for told in found["genome"]:
        acts = f"acts on {', '.join(told['acts_on'])}" if told["acts_on"] else "shown, acts on nothing"
        print(f"  genome   {told['fact']} = {told['value']} ({acts})")
        print(f"           {told['place']} of sha256 {told['source_sha256'][:16]}… ({told['recorded']})")
    for signed in found["signed"]:
        print(f"  signed   {signed['name']}, {signed['at']}: {signed['meaning']}")
    if found["stale"]:
        print("  STALE    a source fact was corrected: tailor again, and sign again")


def export(
    batch: str,
    output: Annotated[Path, typer.Option("-o", "--output", help="The file to write.")],
    home: Home = None,
    json: Json = False,
) -> None:
    """Write a batch's whole evidence to one file, sealed; anyone can verify it with the site's public key."""
    house = open_for_reading(home)
    try:
        data = export_batch(house.whole, house.site_keys, batch, house.clock(), house.seals)
    finally:
        house.close()
    write_file(output, data)
    found = {"file": str(output), "bytes": len(data), "root": orjson.loads(orjson.loads(data)["seal"]["body"])["root"]}
    if json:
        print_json(found)
    else:
        print(f"{found['file']}, {found['bytes']} bytes, sealed under {found['root']}")


def verify(
    file: Path,
    key: Annotated[Path, typer.Option(help="The file that `keys export` wrote.")],
    expect_root: Annotated[str | None, typer.Option(help="A root kept elsewhere, in hex.")] = None,
    json: Json = False,
) -> None:
    """Verify an export: no database, no network. Exit 0 when nothing is wrong, 1 otherwise."""
    report = verify_file(read_file(file), _public_key(key), expect_root)
    if json:
        print_json(
            {
                "verified": report.verified,
                "mode": report.mode,
                "streams": report.streams,
                "events": report.events,
                "signatures": report.signatures,
                "root": report.root,
                "sealed_at": report.sealed_at,
                "problems": [{"stream": each.stream, "seq": each.seq, "what": each.what} for each in report.problems],
            }
        )
    else:
        if report.mode == SIMULATION:
            print("SIMULATED")
        for problem in report.problems:
            print(f"NOT VERIFIED  {problem}")
        if report.verified:
            print(
                f"verified: {report.events} events in {report.streams} streams, {report.signatures} signatures,"
                f" sealed {report.sealed_at} under {report.root}"
            )
    if not report.verified:
        raise typer.Exit(1)


def keys_export(
    output: Annotated[Path, typer.Option("-o", "--output", help="The file to write.")],
    home: Home = None,
    json: Json = False,
) -> None:
    """Write the public keys: the site's, which verifies everything, and the people's, for information."""
    house = open_for_reading(home)
    try:
        people = {row["login"]: row["key"] for row in house.journal.rows("people").values() if row["key"]}
        found = {"format": "onelot-keys/1", "site": house.site, "site_key": house.site_keys.public, "people": people}
    finally:
        house.close()
    write_file(output, orjson.dumps(found, option=orjson.OPT_INDENT_2))
    if json:
        print_json(found)
    else:
        print(f"site key {found['site_key']} and {len(people)} people's keys in {output}")


def views_rebuild(home: Home = None, json: Json = False) -> None:
    """Project every view again from the record."""
    house = open_for_reading(home)
    try:
        found = house.whole.rebuild()
    finally:
        house.close()
    if json:
        print_json(found)
    else:
        for name, count in found.items():
            print(f"{name:12} {count} rows")


def migrate(home: Home = None, json: Json = False) -> None:
    """Bring the database's schema up to date; open batches stay as they are."""
    where = _home(home)
    mode = homes.config_of(where)["mode"]
    place = homes.database(where, production=mode == PRODUCTION)
    try:
        revision = homes.migrate_database(place)
    finally:
        place.close()
    if json:
        print_json({"revision": revision})
    else:
        print(f"schema at revision {revision}")


def backup(
    output: Annotated[Path, typer.Option("-o", "--output", help="The file to write (.tar).")],
    home: Home = None,
    json: Json = False,
) -> None:
    """Write the whole journal, its safe and its seals to one file. The keys are not in it: back them up apart."""
    found = write_backup(_home(home), output)
    print_json(found) if json else print(f"{found['events']} events in {found['streams']} streams, in {output}")


def restore(
    file: Path,
    home: Home = None,
    keys: Annotated[Path | None, typer.Option(help="The folder with site.key and vault.key.")] = None,
    json: Json = False,
) -> None:
    """Restore a backup into an empty home; every chain and every seal is verified before it is used."""
    found = read_backup(file, _home(home), keys)
    print_json(found) if json else print(f"{found['events']} events in {found['streams']} streams, all verified")


def doctor(home: Home = None, json: Json = False) -> None:
    """Look at everything an installation needs, and say what is wrong and what to do. Exit 1 when something is."""
    found = examine(_home(home))
    if json:
        print_json({"healthy": all(each.ok for each in found), "findings": [vars(each) for each in found]})
    else:
        for each in found:
            print(f"{'ok   ' if each.ok else 'WRONG'} {each.what}" + ("" if each.ok else f"\n      now: {each.remedy}"))
    if not all(each.ok for each in found):
        raise typer.Exit(1)


def components(
    output: Annotated[Path | None, typer.Option("-o", "--output", help="The file to write; else printed.")] = None,
    json: Json = False,
) -> None:
    """Write what is installed that onelot needs, with versions and licences: a CycloneDX document. Asks no network."""
    found = inventory(datetime.now(UTC))
    if output is None:
        print_json(found)
        return
    write_file(output, orjson.dumps(found, option=orjson.OPT_INDENT_2))
    missing = [each["name"] for each in found["components"] if "version" not in each]
    if json:
        print_json({"file": str(output), "components": len(found["components"]), "not_installed": missing})
    else:
        print(
            f"{output}, {len(found['components'])} components" + "".join(f"\nnot installed: {each}" for each in missing)
        )


def serve(
    home: Home = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port.")] = 8400,
    certificate: Annotated[Path | None, typer.Option(help="TLS certificate (PEM).")] = None,
    key: Annotated[Path | None, typer.Option(help="Key of the certificate (PEM).")] = None,
) -> None:
    """Serve the screens and the API. Without TLS only on this machine's own address."""
    from onelot.app.api.server import serve as run

    run(_home(home), host, port, certificate, key)


def read_file(path: Path) -> bytes:
    """A file's bytes, bounded."""
    try:
        if path.stat().st_size > 2**31:
            raise BadInput(
                f"{path} is larger than 2 GiB",
                rule="an export or key file is read whole, and bounded",
                remedy="name the right file",
                place=str(path),
            )
        return path.read_bytes()
    except OSError as cause:
        raise Unreachable(
            f"{path} cannot be read: {cause.strerror}",
            rule="the file must be there and readable",
            remedy="name a file this user may read",
            place=str(path),
        ) from cause


def write_file(path: Path, data: bytes) -> None:
    """Write a file whole or not at all."""
    part = path.with_name(path.name + ".part")
    try:
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as cause:
        part.unlink(missing_ok=True)
        raise Unreachable(
            f"{path} cannot be written: {cause.strerror}",
            rule="a file is written whole or not at all",
            remedy="free space, or name a folder this user may write to",
            place=str(path),
        ) from cause


def _public_key(path: Path) -> str:
    try:
        found = str(orjson.loads(read_file(path))["site_key"])
        if len(bytes.fromhex(found)) != 32:
            raise ValueError(found)
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError) as cause:
        raise BadInput(
            f"{path} holds no site key",
            rule="onelot-keys/1: what `onelot keys export` writes",
            remedy="ask the site for its key file",
            place=str(path),
        ) from cause
    return found
