"""GA4GH Phenopackets v2 (JSON): read whole, checked against the library's schema, and taken apart into facts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from google.protobuf.json_format import MessageToDict, ParseDict, ParseError
from phenopackets.schema.v2.phenopackets_pb2 import Phenopacket

from onelot.adapters.json_file import LIMIT_BYTES, check_shape, read_json
from onelot.profile.document import Document, Resource
from onelot.record.errors import BadInput

CAUSAL = {"CAUSATIVE", "CONTRIBUTORY"}
RULE = "GA4GH Phenopackets v2"


@dataclass(frozen=True, slots=True)
class CausalVariant:
    """A variant named as causal: how it is written there, gene, zygosity (GENO label or ""), status and place.

    hgvs: every HGVS expression; vcf: (assembly, chromosome, position, ref, alt) or None. place: RFC 6901 pointer.
    """

    gene: str
    hgvs: tuple[str, ...]
    vcf: tuple[str, str, int, str, str] | None
    zygosity: str
    status: str
    disease: str
    source: str
    place: str


def read_phenopacket(path: Path | str, *, limit_bytes: int = LIMIT_BYTES) -> Document:
    """One phenopacket; every field of the file is kept as it stands, and none is unknown to the v2 schema.

    Raises:
        BadInput: unreadable, broken, not version 2, or a field that the schema does not know; located.
    """
    path = Path(path)
    file = read_json(path, limit_bytes=limit_bytes)
    body = file.value
    if not isinstance(body, dict):
        raise _bad("expected a phenopacket object", f"{path}#")
    check_shape(body, str(path))
    about = body.get("metaData")
    version = about.get("phenopacketSchemaVersion", "") if isinstance(about, dict) else ""
    if not str(version).startswith("2"):
        raise _bad(f"phenopacket schema version {version!r}, not 2", f"{path}#/metaData/phenopacketSchemaVersion")
    _fits(Phenopacket.DESCRIPTOR, body, f"{path}#")
    parse(body, str(path))
    if not body.get("id") or not body.get("subject", {}).get("id"):
        raise _bad("the phenopacket names no subject or has no id", f"{path}#/subject/id")
    resources = [Resource("Phenopacket", "", file.sha256, body)]
    resources += [
        Resource("Disease", f"/diseases/{number}", file.sha256, each)
        for number, each in enumerate(body.get("diseases", ()))
    ]
    return Document(path.name, file.sha256, "phenopacket", tuple(resources))


def parse(body: Mapping[str, Any], place: str) -> Phenopacket:
    """The library's message for this JSON.

    Raises:
        BadInput: with the field the library names.
    """
    try:
        return ParseDict(body, Phenopacket())
    except (ParseError, RecursionError, TypeError, ValueError, ArithmeticError, AttributeError) as cause:
        raise _bad(f"not a phenopacket of version 2: {str(cause)[:300]}", f"{place}#{_pointer(str(cause))}") from cause


def as_json(packet: Phenopacket) -> dict[str, Any]:
    """The message as JSON values again, for comparison with what was read."""
    value: dict[str, Any] = MessageToDict(packet)
    return value


def causal_variants(document: Document) -> tuple[CausalVariant, ...]:
    """Variants interpreted as causative or contributory, with zygosity and place."""
    return tuple(found for packet in document.of("Phenopacket") for found in _variants(packet))


def _variants(packet: Resource) -> Iterator[CausalVariant]:
    for number, interpretation in enumerate(packet.body.get("interpretations", ())):
        diagnosis = interpretation.get("diagnosis", {})
        disease = str(diagnosis.get("disease", {}).get("id", ""))
        for inner, genomic in enumerate(diagnosis.get("genomicInterpretations", ())):
            status = str(genomic.get("interpretationStatus", "UNKNOWN_STATUS"))
            descriptor = genomic.get("variantInterpretation", {}).get("variationDescriptor")
            if status not in CAUSAL or descriptor is None:
                continue
            pointer = f"/interpretations/{number}/diagnosis/genomicInterpretations/{inner}"
            place = f"{pointer}/variantInterpretation/variationDescriptor"
            yield CausalVariant(
                gene=str(descriptor.get("geneContext", {}).get("symbol", "")),
                hgvs=_hgvs(descriptor.get("expressions", ())),
                vcf=_vcf(descriptor.get("vcfRecord")),
                zygosity=str(descriptor.get("allelicState", {}).get("label", "")),
                status=status,
                disease=disease,
                source=packet.source,
                place=place,
            )


def _hgvs(expressions: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    return tuple(str(one["value"]) for one in expressions if str(one.get("syntax", "")).startswith("hgvs"))


def _vcf(record: Mapping[str, Any] | None) -> tuple[str, str, int, str, str] | None:
    if not record:
        return None
    assembly, chromosome = str(record.get("genomeAssembly", "")), str(record.get("chrom", ""))
    return assembly, chromosome, int(record.get("pos", 0)), str(record.get("ref", "")), str(record.get("alt", ""))


def _fits(kind: Any, body: Any, place: str) -> None:
    """Refuse fields that the schema does not know, and lists or texts where it wants an object: the library's reader
    takes an empty one for nothing said.
    """
    if not isinstance(body, dict):
        raise _bad(f"expected {kind.name}, found no object", place)
    for key, value in body.items():
        field = kind.fields_by_camelcase_name.get(key) or kind.fields_by_name.get(key)
        if field is None:
            raise _bad(f"{kind.name} has no field {key[:60]!r}", f"{place}/{key}")
        repeated = isinstance(value, list)
        if repeated != field.is_repeated and not _is_map(field):
            raise _bad(f"{key} is {'a' if repeated else 'no'} list", f"{place}/{key}")
        # Times are texts in JSON, maps have keys of their own: the library's reader checks both.
        if field.message_type is None or _is_map(field) or field.message_type.full_name.startswith("google.protobuf."):
            continue
        for number, child in enumerate(value if repeated else [value]):
            _fits(field.message_type, child, f"{place}/{key}/{number}" if repeated else f"{place}/{key}")


def _is_map(field: Any) -> bool:
    return bool(field.message_type is not None and field.message_type.GetOptions().map_entry)


def _pointer(message: str) -> str:
    """Where protobuf's message says the trouble is: `... at Phenopacket.subject.sex` -> /subject/sex."""
    found = re.search(r"at \"?Phenopacket([\w.\[\]]*)", message) or re.search(r"Failed to parse (\w+) field", message)
    if found is None:
        return ""
    parts = found[1].replace("[", ".").replace("]", "").split(".")
    return "".join(f"/{part}" for part in parts if part)


def _bad(what: str, place: str) -> BadInput:
    return BadInput(
        what, rule=RULE, remedy="export the case as a phenopacket of version 2 and supply it again", place=place
    )
