from __future__ import annotations

import copy
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from onelot.adapters.fhir import identity_of, read_bundle, read_resources
from onelot.record.errors import BadInput, Mismatch, OnelotError
from onelot.twin.cohort import resources as fhir
from tests.profile.support import NOW, shared


def bundle(*resources: dict[str, Any]) -> dict[str, Any]:
    patient = fhir.patient("p", "Family", "Given", "female", NOW.date().replace(year=1980), "1")
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"fullUrl": "urn:uuid:1", "resource": one} for one in (patient, *resources)],
    }


def weight(**changes: Any) -> dict[str, Any]:
    return {**fhir.measured("p", "weight", "29463-7", "Body weight", 80.5, "kg", NOW), **changes}


def written(folder: Path, value: Any) -> Path:
    path = folder / "p.json"
    path.write_text(value if isinstance(value, str) else json.dumps(value), "utf-8")
    return path


def test_a_bundle_is_read_with_digest_and_pointers(tmp_path: Path) -> None:
    path = written(tmp_path, bundle(weight()))
    found = read_bundle(path)
    assert [(one.kind, one.pointer) for one in found.resources] == [
        ("Patient", "/entry/0/resource"),
        ("Observation", "/entry/1/resource"),
    ]
    assert all(one.source == found.sha256 and one.synthetic for one in found.resources)
    assert identity_of(found).identifiers == (("urn:onelot:demo-hospital", "1"), ("id", "p"))


def deep(levels: int) -> str:
    return '{"resourceType": "Bundle", "x": ' + "[" * levels + "]" * levels + "}"


BAD: list[tuple[str, Any, str, str]] = [
    ("broken", '{"resourceType": "Bundle",\n  "type": }', "broken JSON", ":2:11"),
    ("empty", "", "broken JSON", ":1:1"),
    ("truncated", json.dumps(bundle(weight()))[:-40], "broken JSON", ":1:"),
    ("not a bundle", {"resourceType": "Patient"}, "expected a Bundle, found Patient", "#/resourceType"),
    ("a list", [], "no JSON object", "#/resourceType"),
    ("no FHIR", {"a": 1}, "no FHIR resource", "#/resourceType"),
    ("twice", '{"resourceType": "Bundle", "resourceType": "Bundle"}', "stands twice", "p.json"),
    ("NaN", '{"resourceType": "Bundle", "x": NaN}', "NaN", "p.json"),
    ("a trap number", '{"resourceType": "Bundle", "x": 1e999999999}', "number", "p.json"),
    ("a long integer", '{"resourceType": "Bundle", "x": ' + "9" * 5000 + "}", "cannot be taken", "p.json"),
    ("deep", deep(500), "nested deeper", "p.json"),
    ("very deep", deep(100_000), "cannot be taken", "p.json"),
    ("no patient", {"resourceType": "Bundle", "type": "collection"}, "no Patient", "#/entry"),
    ("no type", {"resourceType": "Bundle", "entry": []}, "Bundle.type", "#/type"),
    ("entries no list", {"resourceType": "Bundle", "type": "batch", "entry": {}}, "no list", "#/entry"),
    ("entry no object", {"resourceType": "Bundle", "type": "batch", "entry": [1]}, "no object", "#/entry/0"),
    (
        "resource no object",
        {"resourceType": "Bundle", "type": "batch", "entry": [{"resource": 1}]},
        "no FHIR",
        "/entry/0",
    ),
    ("R5 said", {**bundle(), "fhirVersion": "5.0.0"}, "FHIR version 5.0.0", "#/fhirVersion"),
    (
        "STU3 said",
        bundle({"resourceType": "CapabilityStatement", "fhirVersion": "3.0.1"}),
        "3.0.1",
        "/entry/1/resource",
    ),
    ("unknown element", bundle(weight(colour="red")), "not valid FHIR R4", "#/entry/1/resource/colour"),
    (
        "text for number",
        bundle(weight(valueQuantity={"value": "eighty"})),
        "R4",
        "/entry/1/resource/valueQuantity/value",
    ),
    ("no code", bundle({k: v for k, v in weight().items() if k != "code"}), "not valid FHIR R4", "/entry/1/resource"),
    (
        "bad date",
        bundle(weight(effectiveDateTime="yesterday")),
        "not valid FHIR R4",
        "/entry/1/resource/effectiveDateTime",
    ),
    (
        "R5 consent",
        bundle(
            {"resourceType": "Consent", "status": "active", "decision": "permit", "subject": {"reference": "Patient/p"}}
        ),
        "reads as FHIR R5",
        "/entry/1/resource",
    ),
]


@pytest.mark.parametrize(("value", "says", "place"), [each[1:] for each in BAD], ids=[each[0] for each in BAD])
def test_bad_input_is_refused_with_its_place(tmp_path: Path, value: Any, says: str, place: str) -> None:
    with pytest.raises(BadInput) as refusal:
        read_bundle(written(tmp_path, value))
    assert says in refusal.value.what
    assert place in str(refusal.value.place)
    assert refusal.value.rule
    assert refusal.value.remedy


def test_two_patients_and_foreign_subjects_are_refused(tmp_path: Path) -> None:
    two = bundle()
    two["entry"].append(copy.deepcopy(two["entry"][0]))
    with pytest.raises(Mismatch, match="2 patients") as refusal:
        read_bundle(written(tmp_path, two))
    assert "#/entry/1/resource" in str(refusal.value.place)
    with pytest.raises(Mismatch, match="not about the patient") as refusal:
        read_bundle(written(tmp_path, bundle(weight(subject={"reference": "Patient/q"}))))
    assert "#/entry/1/resource" in str(refusal.value.place)


def test_a_file_of_two_gigabytes_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "big.json"
    with path.open("wb") as stream:
        stream.truncate(2 * 1024**3)
    with pytest.raises(BadInput, match="larger than"):
        read_bundle(path)


def test_never_more_than_the_limit_is_read(tmp_path: Path) -> None:
    """A device or pipe has no size: the limit holds while reading as well."""
    with pytest.raises(BadInput, match="larger than"):
        read_bundle(Path("/dev/zero"), limit_bytes=1000)
    path = written(tmp_path, bundle())
    assert read_bundle(path, limit_bytes=path.stat().st_size)


@pytest.mark.parametrize("make", [lambda p: p / "none.json", lambda p: p], ids=["missing", "a folder"])
def test_unreadable_files(tmp_path: Path, make: Callable[[Path], Path]) -> None:
    with pytest.raises(BadInput, match="cannot be read"):
        read_bundle(make(tmp_path))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_no_permission(tmp_path: Path) -> None:
    path = written(tmp_path, bundle())
    path.chmod(0)
    with pytest.raises(BadInput, match="Permission denied"):
        read_bundle(path)


def test_no_permission_by_the_system_s_own_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, bundle())

    def denied(*_: Any, **__: Any) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "open", denied)
    with pytest.raises(BadInput, match="Permission denied"):
        read_bundle(path)


def test_a_line_of_ten_million_characters(tmp_path: Path) -> None:
    long = weight(note=[{"text": "x" * 10_000_000}])
    assert len(read_bundle(written(tmp_path, bundle(long))).resources) == 2


@pytest.mark.shared
def test_every_official_example_is_read() -> None:
    files = [path for path in sorted(shared("fhir-r4").glob("*.json")) if path.name != "fhir.schema.json"]
    assert len(files) > 300
    for path in files:
        found = read_resources(path)
        assert found.resources[0].kind == path.name.split("-")[0]


@pytest.mark.shared
def test_an_official_example_with_one_element_broken_is_refused() -> None:
    """Validation that would accept anything would pass the test above."""
    refused = 0
    for path in sorted(shared("fhir-r4").glob("*.json"))[::10]:
        body = json.loads(path.read_text("utf-8"))
        if "resourceType" not in body:
            continue
        body["noSuchElementOfR4"] = True
        from onelot.adapters.fhir.bundle import validate

        with pytest.raises(OnelotError):
            validate(body["resourceType"], body, path.name)
        refused += 1
    assert refused > 25
