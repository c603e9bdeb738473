"""The inventory of components, compared with a reading of the installed metadata that is its own."""

from __future__ import annotations

import email
import re
import sys
import sysconfig
import tomllib
from datetime import UTC, datetime
from email.message import Message
from pathlib import Path
from typing import Any

import jsonschema
import orjson
import pytest
from typer.testing import CliRunner

from onelot.app.cli import app
from onelot.app.components import components

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
# What may be combined with Apache-2.0 in one installation; LGPL and MPL as components that we do not change.
COMPATIBLE = re.compile(
    r"(0BSD|Zero-Clause BSD|BSD|\d-Clause BSD|MIT|Apache|ISC|PSF|Python|Zlib|CC0|MPL|LGPL|HPND|Unlicense)",
    re.IGNORECASE,
)
# Of CycloneDX 1.6 what we write, out of its own schema (bom-1.6.schema.json): names, kinds, what must be there.
COMPONENT = {
    "type": "object",
    "required": ["type", "name"],
    "additionalProperties": False,
    "properties": {
        "type": {"enum": ["application", "library"]},
        "bom-ref": {"type": "string", "minLength": 1},
        "name": {"type": "string", "minLength": 1},
        "version": {"type": "string", "maxLength": 1024},
        "description": {"const": "not installed"},
        "purl": {"type": "string", "pattern": "^pkg:pypi/[a-z0-9-]+@[^/@ ]+$"},
        "licenses": {"oneOf": [
            {"type": "array", "maxItems": 1, "items": {
                "type": "object", "required": ["expression"], "additionalProperties": False,
                "properties": {"expression": {"type": "string", "minLength": 1}}}},
            {"type": "array", "items": {
                "type": "object", "required": ["license"], "additionalProperties": False,
                "properties": {"license": {"type": "object", "required": ["name"], "additionalProperties": False,
                                           "properties": {"name": {"type": "string", "minLength": 1}}}}}},
        ]},
    },
}  # fmt: skip
SHAPE = {
    "type": "object",
    "required": ["bomFormat", "specVersion"],
    "additionalProperties": False,
    "properties": {
        "$schema": {"const": "http://cyclonedx.org/schema/bom-1.6.schema.json"},
        "bomFormat": {"const": "CycloneDX"},
        "specVersion": {"const": "1.6"},
        "version": {"type": "integer", "minimum": 1},
        "metadata": {"type": "object", "required": ["timestamp", "component"], "properties": {
            "timestamp": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"}, "component": COMPONENT}},
        "components": {"type": "array", "items": COMPONENT, "uniqueItems": True},
        "dependencies": {"type": "array", "uniqueItems": True, "items": {
            "type": "object", "required": ["ref"], "additionalProperties": False,
            "properties": {"ref": {"type": "string"}, "dependsOn": {
                "type": "array", "uniqueItems": True, "items": {"type": "string"}}}}},
    },
}  # fmt: skip


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def installed() -> dict[str, Message]:
    """METADATA of every package on the path, read as mail, the first of each name."""
    found: dict[str, Message] = {}
    for place in dict.fromkeys([sysconfig.get_path("purelib"), sysconfig.get_path("platlib"), *sys.path]):
        for file in sorted(Path(place).glob("*.dist-info/METADATA")) if place else ():
            told = email.message_from_string(file.read_text(encoding="utf-8"))
            found.setdefault(plain(told["Name"]), told)
    return found


def reached(files: dict[str, Message]) -> dict[str, set[str]]:
    """What onelot needs, by way of all: by names alone, without a requirement that only an extra brings."""
    needs: dict[str, set[str]] = {}
    waiting = ["onelot"]
    while waiting:
        name = waiting.pop()
        if name in needs or name not in files:
            continue
        needs[name] = set()
        for line in files[name].get_all("Requires-Dist") or []:
            wanted, _, marker = line.partition(";")
            other = plain(re.match(r"[A-Za-z0-9._-]+", wanted.strip())[0])  # type: ignore[index]
            if "extra ==" not in marker.replace("extra==", "extra =="):
                needs[name].add(other)
                waiting.append(other)
    return needs


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return components(NOW)


def test_it_has_the_shape_of_cyclonedx(document: dict[str, Any]) -> None:
    jsonschema.validate(document, SHAPE)
    refs = [each["bom-ref"] for each in (document["metadata"]["component"], *document["components"])]
    assert len(set(refs)) == len(refs) > 40
    assert {each["ref"] for each in document["dependencies"]} == set(refs)
    assert all(other in refs for each in document["dependencies"] for other in each["dependsOn"])


def test_it_names_what_is_installed_and_reached_no_more_and_no_less(document: dict[str, Any]) -> None:
    files = installed()
    needs = reached(files)
    found = {plain(each["name"]): each for each in document["components"]}
    for name, each in found.items():
        if "version" in each:
            assert each["version"] == files[name]["Version"] and each["purl"] == f"pkg:pypi/{name}@{each['version']}"
        else:
            assert name not in files and each["description"] == "not installed"
    # By names alone too much is reached, for other systems and older Pythons; those are not installed here, or apply.
    wanted = {name for name in needs if name != "onelot"}
    extras = found.keys() - wanted
    assert extras <= {"psycopg-binary", "ray"} | {name for name in extras if name not in files}, extras
    for name in wanted - found.keys():
        lines = [line for each in found if each in files for line in files[each].get_all("Requires-Dist") or []
                 if plain(re.match(r"[A-Za-z0-9._-]+", line)[0]) == name]  # type: ignore[index]  # fmt: skip
        assert all(";" in line for line in lines), f"{name} is needed without a condition and missing"


def test_what_the_project_names_is_in_it(document: dict[str, Any]) -> None:
    named = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    told = installed()["onelot"].get_all("Requires-Dist") or []
    direct = {plain(re.match(r"[A-Za-z0-9._-]+", each)[0]) for each in named}  # type: ignore[index]
    known = {plain(re.match(r"[A-Za-z0-9._-]+", each)[0]) for each in told}  # type: ignore[index]
    found = {plain(each["name"]) for each in document["components"]}
    assert direct & known <= found
    if direct - known:
        pytest.skip(f"installed before pyproject.toml named {sorted(direct - known)}: install it again")


def test_every_licence_goes_with_apache_2(document: dict[str, Any]) -> None:
    for each in document["components"]:
        if "version" not in each:
            continue
        [said] = each["licenses"]
        text = said.get("expression") or said["license"]["name"]
        assert not re.search(r"(?<![L])GPL|Affero|General Public(?! License v3 or later \(LGPL)", text), (
            each["name"],
            text,
        )
        for choice in re.split(r"\bAND\b", text.replace("(", " ").replace(")", " ")):
            assert COMPATIBLE.search(choice), (each["name"], text)


def test_it_is_written_without_an_installation_or_a_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.socket.connect", lambda *_: pytest.fail("it asked the network"))
    file = tmp_path / "bom.json"
    told = CliRunner().invoke(app, ["components", "-o", str(file), "--json"])
    assert told.exit_code == 0, told.output
    written = orjson.loads(file.read_bytes())
    assert orjson.loads(told.output)["components"] == len(written["components"])
    printed = orjson.loads(CliRunner().invoke(app, ["components"]).output)
    for each in (written, printed):
        jsonschema.validate(each, SHAPE)
        del each["metadata"]["timestamp"]
    assert written == printed
