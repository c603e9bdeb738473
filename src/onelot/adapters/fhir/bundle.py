"""Read a FHIR R4 Bundle: one patient, every resource that facts are read from validated."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from fhir.resources.R4B import get_fhir_model_class
from pydantic import ValidationError

from onelot.adapters.json_file import LIMIT_BYTES, check_shape, read_json
from onelot.profile.document import Document, Resource
from onelot.profile.read_fhir import kinds_read
from onelot.record.errors import BadInput, Mismatch

# What concerns us is validated; the rest (claims, encounters) is carried along unread.
VALIDATED = frozenset(
    (
        *kinds_read(),
        "AllergyIntolerance",
        "Consent",
        "FamilyMemberHistory",
        "Immunization",
        "Procedure",
        "ServiceRequest",
    )
)
BUNDLES = {"document", "message", "transaction", "batch", "history", "searchset", "collection"}
OTHER_VERSIONS = (("R5", "fhir.resources"), ("STU3", "fhir.resources.STU3"))


def read_bundle(path: Path | str, *, limit_bytes: int = LIMIT_BYTES) -> Document:
    """One patient's bundle.

    Raises:
        BadInput: unreadable, broken, not a Bundle, not FHIR R4, or a resource that does not validate; located by line
            and column, or by file and RFC 6901 pointer.
        Mismatch: more than one patient in the bundle.
    """
    path = Path(path)
    file = read_json(path, limit_bytes=limit_bytes)
    value = file.value
    if not isinstance(value, dict) or value.get("resourceType") != "Bundle":
        kind = str(value.get("resourceType", "no FHIR resource"))[:40] if isinstance(value, dict) else "no JSON object"
        raise _bad(f"expected a Bundle, found {kind}", f"{path}#/resourceType", "export the patient as a Bundle")
    check_shape(value, str(path))
    _version(value, f"{path}#")
    if str(value.get("type")) not in BUNDLES:
        raise _bad(f"Bundle.type {str(value.get('type'))[:40]!r} is none of FHIR's", f"{path}#/type", "set Bundle.type")
    resources = tuple(_entries(value, file.sha256, str(path)))
    for resource in resources:
        if resource.kind in VALIDATED:
            validate(resource.kind, resource.body, f"{path}#{resource.pointer}")
    _one_patient(resources, value, str(path))
    return Document(path.name, file.sha256, "fhir", resources)


def read_resources(path: Path | str, *, limit_bytes: int = LIMIT_BYTES) -> Document:
    """A file that holds a Bundle or one single resource; the resource is validated whatever its type."""
    path = Path(path)
    file = read_json(path, limit_bytes=limit_bytes)
    if isinstance(file.value, dict) and file.value.get("resourceType") == "Bundle":
        return read_bundle(path, limit_bytes=limit_bytes)
    if not isinstance(file.value, dict) or not isinstance(file.value.get("resourceType"), str):
        raise _bad("no FHIR resource", f"{path}#/resourceType", "supply FHIR R4 JSON")
    check_shape(file.value, str(path))
    _version(file.value, f"{path}#")
    kind = file.value["resourceType"]
    validate(kind, file.value, f"{path}#")
    return Document(path.name, file.sha256, "fhir", (Resource(kind, "", file.sha256, file.value),))


def validate(kind: str, body: Mapping[str, Any], place: str) -> None:
    """Refuse a resource that is not FHIR R4, naming the first element that does not fit and the version that would."""
    try:
        model = get_fhir_model_class(kind)
    except (KeyError, LookupError) as cause:
        raise _bad(f"{kind[:60]!r} is no resource type of FHIR R4", f"{place}/resourceType", "export as R4") from cause
    try:
        model.model_validate(body)
    except ValidationError as cause:
        first = cause.errors()[0]
        pointer = "".join(f"/{part}" for part in first["loc"])
        other = next((name for name, module in OTHER_VERSIONS if _fits(module, kind, body)), None)
        hint = f"; it reads as FHIR {other}" if other else ""
        raise _bad(
            f"{kind} is not valid FHIR R4: {first['msg']}{hint}",
            f"{place}{pointer}",
            f"export as FHIR R4 (4.0.1), not {other}" if other else "correct this element at its source",
        ) from cause
    except (RecursionError, TypeError, ValueError, ArithmeticError, AttributeError) as cause:
        raise _bad(f"{kind} cannot be read: {str(cause)[:200]}", place, "correct it at its source") from cause


def _fits(module: str, kind: str, body: Mapping[str, Any]) -> bool:
    try:
        importlib.import_module(module).get_fhir_model_class(kind).model_validate(body)
    except Exception:
        # Only a hint for the message: whatever another version's model raises, it does not fit.
        return False
    return True


def _entries(value: Mapping[str, Any], source: str, place: str) -> Iterator[Resource]:
    entries = value.get("entry", [])
    if not isinstance(entries, list):
        raise _bad("Bundle.entry is no list", f"{place}#/entry", "export the patient as a Bundle")
    for number, entry in enumerate(entries):
        where = f"/entry/{number}"
        if not isinstance(entry, dict):
            raise _bad("a bundle entry is no object", f"{place}#{where}", "export the patient as a Bundle")
        body = entry.get("resource")
        if body is None:
            continue
        if not isinstance(body, dict) or not isinstance(body.get("resourceType"), str):
            raise _bad("an entry holds no FHIR resource", f"{place}#{where}/resource", "export the bundle again")
        _version(body, f"{place}#{where}/resource")
        yield Resource(body["resourceType"], f"{where}/resource", source, body, synthetic=_made_up(body))


def _made_up(body: Mapping[str, Any]) -> bool:
    """Whether the resource carries HL7's label for test health data."""
    meta = body.get("meta")
    labels = meta.get("security") if isinstance(meta, dict) else None
    return isinstance(labels, list) and any(isinstance(one, dict) and one.get("code") == "HTEST" for one in labels)


def _version(body: Mapping[str, Any], place: str) -> None:
    said = body.get("fhirVersion")
    said = said[0] if isinstance(said, list) and said else said
    if said is not None and not str(said).startswith(("4.0", "4.3")):
        raise _bad(f"FHIR version {said}, not R4", f"{place}/fhirVersion", "export as FHIR R4 (4.0.1)")


def _one_patient(resources: tuple[Resource, ...], bundle: Mapping[str, Any], place: str) -> None:
    patients = [resource for resource in resources if resource.kind == "Patient"]
    if not patients:
        raise _bad("the bundle holds no Patient", f"{place}#/entry", "export the patient with its resources")
    if len(patients) > 1:
        raise Mismatch(
            f"the bundle holds {len(patients)} patients",
            rule="facts of two people never meet in one profile",
            remedy="export one patient per bundle",
            place=f"{place}#{patients[1].pointer}",
        )
    allowed = _names(patients[0], bundle)
    for resource in resources:
        reference = resource.body.get("subject", resource.body.get("patient"))
        if resource.kind not in VALIDATED or not isinstance(reference, dict) or "reference" not in reference:
            continue
        if reference["reference"] not in allowed:
            raise Mismatch(
                f"{resource.kind} is about {str(reference['reference'])[:80]}, not about the patient of this bundle",
                rule="facts of two people never meet in one profile",
                remedy="take the resource out, or correct its subject",
                place=f"{place}#{resource.pointer}",
            )


def _names(patient: Resource, bundle: Mapping[str, Any]) -> set[str]:
    """Every reference by which the bundle may call its patient: fullUrl, type and id, URN."""
    number = int(patient.pointer.split("/")[2])
    full = bundle["entry"][number].get("fullUrl")
    names = {str(full)} if full else set()
    if identifier := patient.body.get("id"):
        names |= {f"Patient/{identifier}", f"urn:uuid:{identifier}"}
    return names


def _bad(what: str, place: str, remedy: str) -> BadInput:
    return BadInput(what, rule="HL7 FHIR R4 (4.0.1)", remedy=remedy, place=place)
