"""`onelot plan document | in-force`: the network as signed master data."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from onelot.app.cli.give import PasswordFile, proven
from onelot.app.cli.house import Home, Json, open_for_reading, read_file
from onelot.app.cli.output import print_json
from onelot.app.commands.masters import RegisterDocument
from onelot.app.networks import InForce, approved, in_force
from onelot.plan.network import SignedNetwork, read_signed_network
from onelot.record.errors import BadInput


def register(app: typer.Typer) -> None:
    """Add the verbs to `onelot plan`."""
    app.command()(document)
    app.command("in-force")(in_force_)


def document(
    file: Annotated[Path, typer.Argument(help="a network document (data/schemas/network-document.schema.json)")],
    name: Annotated[str, typer.Option("--register", help="Register it under this name, e.g. network/europe.")] = "",
    version: Annotated[str, typer.Option(help="The version it is registered as.")] = "",
    title: Annotated[str, typer.Option(help="What it is, in words.")] = "",
    as_: Annotated[str, typer.Option("--as", help="Your sign-in name.")] = "",
    password_file: PasswordFile = None,
    home: Home = None,
    json: Json = False,
) -> None:
    """Check a network document, and register it where asked to; it is in force once somebody else approved it."""
    data = read_file(file)
    try:
        network = read_signed_network(orjson.loads(data))
    except orjson.JSONDecodeError as fault:
        raise BadInput(
            f"This is not JSON: {fault.msg}",
            rule="RFC 8259",
            remedy="Correct the file at this place.",
            place=f"{file}:{fault.lineno}:{fault.colno}",
        ) from None
    if name:
        _register(name, version, title, data.decode(), as_, password_file, home)
    if json:
        print_json({"valid": True, "registered": f"{name}/{version}" if name else None, **_facts(network)})
        return
    _show(network)
    if name:
        print(f"registered as {name}/{version}; a second person approves it:")
        print(
            f"  onelot give ApproveDocument --as LOGIN"
            f' \'{{"name": "{name}", "version": "{version}", "effective_from": "2026-12-01T00:00:00Z"}}\''
        )


def _register(
    name: str, version: str, title: str, text: str, login: str, password_file: Path | None, home: Path | None
) -> None:
    if not version or not title or not login:
        raise BadInput(
            "to register a document, say its version, its title and who you are",
            rule="--register needs --version, --title and --as",
            remedy="give all three",
        )
    house = open_for_reading(home)
    try:
        actor, _ = proven(house, login, password_file)
        house.loop.handle(RegisterDocument(name, "network", title, version, text), actor)
    finally:
        house.close()


def in_force_(
    recipe: Annotated[str, typer.Option(help="Name of a master recipe: the network its bookings follow.")] = "",
    home: Home = None,
    json: Json = False,
) -> None:
    """The signed networks on record, or the one in force for a recipe."""
    house = open_for_reading(home)
    try:
        reader, now = house.loop.reader, house.clock()
        if recipe:
            one = in_force(reader, recipe, now)
            found = [one] if one else []
        else:
            found = approved(reader)
    finally:
        house.close()
    if json:
        print_json({"networks": [{**_standing(each), **_facts(each.network)} for each in found]})
        return
    if not found:
        print("no network document was ever in force: bookings are not held to one")
    for each in found:
        document, who = each.document, each.document.approved_by.removeprefix("person/")
        since = f"{document.effective_from:%d %b %Y %H:%M} UTC" if document.effective_from else "?"
        print(f"{each.name}  {document.title}: {document.state}, from {since}, approved by {who}")
        print(f"  {each.cite.stream}#{each.cite.seq} {each.cite.hash}")
        _show(each.network)


def _standing(found: InForce) -> dict[str, Any]:
    return {
        "name": found.name,
        "title": found.document.title,
        "state": found.document.state,
        "effective_from": found.document.effective_from,
        "approved_by": found.document.approved_by,
        "cite": {"stream": found.cite.stream, "seq": found.cite.seq, "hash": found.cite.hash},
    }


def _facts(network: SignedNetwork) -> dict[str, Any]:
    return {
        "recipes": network.recipes,
        "limit_days": network.limit_days,
        "sites": [
            {"id": site.id, "hospital": site.hospital, "plants": [each.id for each in network.serving(site.id)]}
            for site in network.sites
        ],
        "plants": [{"id": each.id, "lines": each.lines} for each in network.plants],
    }


def _show(network: SignedNetwork) -> None:
    print(f"  for {', '.join(network.recipes) or 'every recipe'}; at most {network.limit_days} days from vein to vein")
    for site in network.sites:
        plants = ", ".join(each.id for each in network.serving(site.id)) or "nobody"
        print(f"  {site.id}: made by {plants}, back to {site.hospital}")
    for plant in network.plants:
        print(f"  {plant.id}: {plant.lines} lines, {plant.manufacture_days} + {plant.qc_days} days")
