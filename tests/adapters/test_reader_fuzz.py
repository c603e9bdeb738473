"""Bounded fuzzing of the readers: whatever comes in, either a document or a located refusal of ours comes out."""

from __future__ import annotations

import copy
import json
import os
import time
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import pytest

from onelot.adapters.fhir import ConsentFound, consent_of, identity_of, order_of, read_bundle
from onelot.adapters.phenopackets import causal_variants, read_phenopacket
from onelot.app.cohort import cohort_plan
from onelot.profile.facts import gather
from onelot.record.errors import OnelotError
from onelot.record.terms.values import Finding
from onelot.twin.cohort import documents
from tests.profile.support import NOW, convert, needs

SEEDS = 300
JUNK: tuple[Any, ...] = (
    None, True, -1, 0, 1e308, -0.0, "", "x" * 5000, "2020-02-31", "\u0000", "🜁", [], {}, [[]], {"a": {}}, "9999-99-99",
    {"value": "1"}, [None], 10**30, "../../x", "0001-01-01", {"coding": [None]}, {"coding": "x"},
    "9999-12-31T23:59:59+14:00",
)  # fmt: skip


HISTORY: tuple[dict[str, Any], ...] = (
    {"resourceType": "Immunization", "status": "completed", "occurrenceDateTime": "2020-02-03",
     "vaccineCode": {"coding": [{"system": "http://hl7.org/fhir/sid/cvx", "code": "03"}]}},
    {"resourceType": "AllergyIntolerance", "recordedDate": "2020-01-01",
     "code": {"coding": [{"system": "http://snomed.info/sct", "code": "115535002"}]}},
    {"resourceType": "FamilyMemberHistory", "status": "completed", "relationship": {"text": "brother"},
     "condition": [{"code": {"coding": [{"system": "http://snomed.info/sct", "code": "234532001"}]}}]},
)  # fmt: skip


def start(kind: str) -> bytes:
    plan = next(each for each in cohort_plan().patients if each.patient == ("p20" if kind == "phenopacket" else "p04"))
    name = f"{plan.patient}.phenopacket.json" if kind == "phenopacket" else f"{plan.patient}.json"
    data = documents(plan, Random(1))[name].encode()
    if kind == "phenopacket":
        return data
    value = json.loads(data)
    value["entry"] += [{"resource": {**each, "patient": {"reference": "Patient/p04"}}} for each in HISTORY]
    return json.dumps(value).encode()


def paths(value: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [here, *(found for key, child in inner for found in paths(child, (*here, key)))]


def bent(data: bytes, rng: Random) -> bytes:
    """The same document with a few values replaced, dropped or doubled; every fourth time with bytes bent instead."""
    if rng.random() < 0.25:
        raw = bytearray(data)
        for _ in range(rng.randint(1, 6)):
            at = rng.randrange(len(raw))
            raw[at : at + rng.randint(0, 3)] = bytes(rng.randrange(256) for _ in range(rng.randint(0, 3)))
        return bytes(raw[: rng.randrange(len(raw))]) if rng.random() < 0.3 else bytes(raw)
    value = json.loads(data)
    for _ in range(rng.randint(1, 3)):
        *way, last = rng.choice([path for path in paths(value) if path])
        parent = value
        for key in way:
            parent = parent[key]
        what = rng.random()
        if what < 0.6:
            parent[last] = copy.deepcopy(rng.choice(JUNK))
        elif what < 0.8:
            del parent[last]
        elif isinstance(parent, list):
            parent.append(copy.deepcopy(parent[last]))
        else:
            parent[str(last) + "x"] = copy.deepcopy(parent[last])
    return json.dumps(value).encode()


def use_bundle(path: Path) -> None:
    found = read_bundle(path)
    read = gather([found], (*needs("facts"), *needs("markers")), NOW, convert=convert)
    assert all(fact.place.startswith("/entry/") for fact in read.facts.values())
    assert isinstance(consent_of(found, NOW), ConsentFound | Finding)
    order_of(found, "cd19-per-kg", NOW)
    identity_of(found)


def use_phenopacket(path: Path) -> None:
    found = read_phenopacket(path)
    causal_variants(found)
    gather([found], (*needs("facts"), *needs("markers")), NOW, convert=convert)


READERS = pytest.mark.parametrize(("kind", "use"), [("bundle", use_bundle), ("phenopacket", use_phenopacket)])


@READERS
@pytest.mark.long
def test_many_more_bent_documents(tmp_path: Path, kind: str, use: Any) -> None:
    bend_and_use(tmp_path, kind, use, 6000)


@READERS
def test_bent_documents_are_read_or_refused(tmp_path: Path, kind: str, use: Any) -> None:
    bend_and_use(tmp_path, kind, use, SEEDS)


@READERS
def test_a_value_of_ten_million_characters_is_read_or_refused_in_bounded_time(
    tmp_path: Path, kind: str, use: Any
) -> None:
    """One line of ten million characters, as a text, as a name, as digits and as brackets."""
    sound = start(kind).decode()
    at = sound.index(":") + 1
    long = {"text": '"' + "x" * 10**7 + '"', "digits": "1" * 10**7, "brackets": "[" * 10**7}
    for name, value in long.items():
        path = tmp_path / f"{name}.json"
        path.write_text(sound[:at] + value + "," + '"more":' + sound[at:], "utf-8")
        began = time.monotonic()
        try:
            use(path)
        except OnelotError as refusal:
            assert refusal.place and len(refusal.what) < 500, "a refusal does not repeat what it refuses"
        assert time.monotonic() - began < 30, name


# Bounded in time, whatever the machine: new ground each day, told so that it can be walked again.
SECONDS = float(os.environ.get("ONELOT_FUZZ_SECONDS", "3"))


@READERS
def test_fuzz_for_a_bounded_time(tmp_path: Path, kind: str, use: Any) -> None:
    data, path = start(kind), tmp_path / "p.json"
    first = date.today().toordinal() * 1_000_000
    until, tried = time.monotonic() + SECONDS, 0
    while time.monotonic() < until:
        path.write_bytes(bent(data, Random(first + tried)))
        try:
            use(path)
        except OnelotError as refusal:
            assert refusal.place, f"seed {first + tried}: a refusal without a place"
        except Exception as error:
            raise AssertionError(f"seed {first + tried}") from error
        tried += 1
    assert tried > 3


def bend_and_use(tmp_path: Path, kind: str, use: Any, seeds: int) -> None:
    data, path = start(kind), tmp_path / "p.json"
    read = refused = 0
    for seed in range(seeds):
        path.write_bytes(bent(data, Random(seed)))
        try:
            use(path)
            read += 1
        except OnelotError as refusal:
            assert refusal.place, f"seed {seed}: a refusal without a place"
            refused += 1
    assert read > 10
    assert refused > 100
