"""What is installed that onelot needs, with versions and licences, as a CycloneDX document. Reads this machine only.

CycloneDX 1.6 (ECMA-424), JSON. The document is written here: of the standard it needs a dozen fields, and the library
for it would bring more components than it saves lines.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from platform import python_version
from typing import Any
from urllib.parse import quote

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

OURS = "onelot"
# What somebody may have installed beside what is always needed; the developers' tools are no part of an installation.
OPTIONAL = ("ray",)
# Some packages put a licence's whole text where its name belongs.
_LONGEST_NAME = 100
_MISSING = "not installed"


def components(now: datetime, root: str = OURS) -> dict[str, Any]:
    """The inventory: everything the package needs in this environment, also by way of others, each with its needs.

    now: when it is made (UTC). What is needed and not installed stands there too, as `not installed`, without a
    version: the inventory says so rather than leave it out.
    """
    needs = dict(_walk(root))
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "timestamp": f"{now:%Y-%m-%dT%H:%M:%SZ}",
            "component": _component(root, "application"),
            "properties": [{"name": "python", "value": python_version()}],
        },
        "components": [_component(name, "library") for name in sorted(needs) if name != root],
        "dependencies": [
            {"ref": _ref(name), "dependsOn": sorted(_ref(each) for each in wanted)}
            for name, wanted in sorted(needs.items())
        ],
    }


def _walk(root: str) -> Iterator[tuple[str, set[str]]]:
    """Each package that is reached, and what it needs here. An extra that somebody asks for brings its needs along."""
    asked: dict[str, set[str]] = {}
    needs: dict[str, set[str]] = {}
    waiting: list[tuple[str, frozenset[str]]] = [(root, frozenset(each for each in OPTIONAL if _found(each)))]
    while waiting:
        name, extras = waiting.pop()
        if name in asked and extras <= asked[name]:
            continue
        asked.setdefault(name, set()).update(extras)
        for each in _requirements(name, asked[name]):
            other = canonicalize_name(each.name)
            needs.setdefault(name, set()).add(other)
            waiting.append((other, frozenset(each.extras)))
        needs.setdefault(name, set())
    yield from needs.items()


def _requirements(name: str, extras: set[str]) -> Iterator[Requirement]:
    found = _found(name)
    for line in (found.requires if found else None) or []:
        each = Requirement(line)
        if each.marker is None or any(each.marker.evaluate({"extra": extra}) for extra in ("", *extras)):
            yield each


def _found(name: str) -> Distribution | None:
    try:
        return distribution(name)
    except PackageNotFoundError:
        return None


def _component(name: str, kind: str) -> dict[str, Any]:
    found = _found(name)
    if found is None:
        return {"type": kind, "bom-ref": _ref(name), "name": name, "description": _MISSING}
    said = licence(found)
    return {
        "type": kind,
        "bom-ref": _ref(name),
        "name": found.metadata["Name"],
        "version": found.version,
        "purl": _ref(name),
        **({"licenses": [said]} if said else {}),
    }


def _ref(name: str) -> str:
    found = _found(name)
    version = f"@{quote(found.version, safe='')}" if found else ""
    return f"pkg:pypi/{canonicalize_name(name)}{version}"


def licence(found: Distribution) -> dict[str, Any] | None:
    """A package's licence as CycloneDX has it: an SPDX expression where the package gives one, else its own words."""
    told = found.metadata
    for expression in told.get_all("License-Expression") or []:
        return {"expression": expression}
    words = " ".join(" ".join(told.get_all("License") or []).split())
    if words and len(words) <= _LONGEST_NAME and words.upper() != "UNKNOWN":
        return {"license": {"name": words}}
    classified = [
        line.rpartition(" :: ")[2] for line in told.get_all("Classifier") or [] if line.startswith("License :: ")
    ]
    named = [each for each in classified if each != "OSI Approved"]
    return {"license": {"name": "; ".join(named)}} if named else None
