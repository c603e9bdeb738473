"""`onelot give` and `onelot enrol`: the same commands as everywhere, from the command line, by a person who proves it.

Whoever gives a command names themselves and proves it with their signing password, also where nothing is signed.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from onelot.app.cli.house import Home, Json, open_for_reading, read_file
from onelot.app.cli.output import print_json
from onelot.app.commands.everything import adapter_of, read_command
from onelot.app.context import Actor
from onelot.app.effects import carry_out
from onelot.app.house import House
from onelot.app.presence import Proof, by_signing_password
from onelot.app.sign_in.passwords import check_own
from onelot.record.errors import BadInput

As = Annotated[str, typer.Option("--as", help="Your sign-in name.")]
PasswordFile = Annotated[Path | None, typer.Option(help="File with your signing password; asked for otherwise.")]


def register(app: typer.Typer) -> None:
    """Add the verbs to the command line."""
    app.command()(give)
    app.command()(enrol)


def proven(house: House, login: str, password_file: Path | None) -> tuple[Actor, str]:
    """The actor, and the signing password that proves them."""
    password = read_file(password_file).decode().strip() if password_file else _ask("Signing password")
    actor = house.loop.actor(login)
    house.people_keys.open(login, password)
    return actor, password


def _proof(house: House, second: str, password_file: Path | None) -> Proof:
    """The second person's proof: their own signing password, from a file of theirs or typed by them."""
    password = read_file(password_file).decode().strip() if password_file else _ask(f"Signing password of {second}")
    return by_signing_password(house.people_keys, house.loop.reader.person, password)


def _ask(what: str) -> str:
    answer: str = typer.prompt(what, hide_input=True)
    return answer


def give(
    command: Annotated[str, typer.Argument(help="Name of the command, e.g. StartPhase.")],
    fields: Annotated[str, typer.Argument(help="Its fields as JSON; `-` reads standard input.")] = "{}",
    as_: As = "",
    password_file: PasswordFile = None,
    verifier_password_file: Annotated[
        Path | None, typer.Option(help="File with the second person's signing password; asked for where one is named.")
    ] = None,
    schema: Annotated[bool, typer.Option("--schema", help="Print the fields it takes, as JSON Schema.")] = False,
    home: Home = None,
    json: Json = False,
) -> None:
    """Give any command: as it is given by screens and the API."""
    if schema:
        print_json(adapter_of(command).json_schema())
        return
    try:
        value: Any = orjson.loads(sys.stdin.buffer.read() if fields == "-" else fields)
    except orjson.JSONDecodeError as cause:
        raise BadInput(
            f"the fields are not JSON: {cause.msg}",
            rule="fields are one JSON object",
            remedy=f"see `onelot give {command} --schema`",
            place=f"line {cause.lineno}, column {cause.colno}",
        ) from cause
    wanted = read_command(command, value)
    house = open_for_reading(home)
    try:
        actor, password = proven(house, as_, password_file)
        second = getattr(wanted, "verified_by", "")
        proof = _proof(house, second, verifier_password_file) if second else None
        done = house.loop.handle(wanted, actor, password if wanted.meaning else None, proof=proof)
        carry_out(house)
        written = [{"stream": each.stream, "seq": each.seq, "type": each.envelope["type"]} for each in done.entries]
    finally:
        house.close()
    if json:
        print_json({"events": written, "answer": done.answer})
        return
    for each in written:
        print(f"{each['stream']}#{each['seq']}  {each['type']}")


def enrol(
    login: Annotated[str, typer.Argument(help="Whose key.")],
    new_password_file: Annotated[Path | None, typer.Option(help="File with their new signing password.")] = None,
    reason: Annotated[str, typer.Option(help="Why: first key, or a reset.")] = "first key",
    as_: As = "",
    password_file: PasswordFile = None,
    home: Home = None,
    json: Json = False,
) -> None:
    """Make and enrol a signing key for a person, under a password they choose; a reset is a new key."""
    house = open_for_reading(home)
    try:
        actor, _ = proven(house, as_, password_file)
        secret = read_file(new_password_file).decode().strip() if new_password_file else _ask(f"Password of {login}")
        check_own(login, house.loop.reader.person(login).printed_name, secret, (house.site,))
        key = house.enrol(login, secret, actor, reason)
    finally:
        house.close()
    print_json({"login": login, "key": key}) if json else print(f"key of {login}: {key}")
