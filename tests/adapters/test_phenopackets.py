from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from onelot.adapters.phenopackets import as_json, causal_variants, parse, read_phenopacket
from onelot.profile.document import follow
from onelot.profile.facts import gather
from onelot.record.errors import BadInput, Mismatch
from onelot.record.recipe import FactNeed
from tests.profile.support import NOW, convert, document, shared

SMALL = {
    "id": "case",
    "subject": {"id": "p", "sex": "FEMALE"},
    "diseases": [{"term": {"id": "OMIM:253300", "label": "Spinal muscular atrophy, type I"}}],
    "metaData": {"phenopacketSchemaVersion": "2.0"},
}


def written(folder: Path, value: Any) -> Path:
    path = folder / "p.phenopacket.json"
    path.write_text(value if isinstance(value, str) else json.dumps(value), "utf-8")
    return path


@pytest.mark.parametrize(
    ("value", "says", "place"),
    [
        ('{"id": "x",\n}', "broken JSON", ":2:1"),
        ([], "expected a phenopacket", "#"),
        ({**SMALL, "metaData": {"phenopacketSchemaVersion": "1.0.0"}}, "version '1.0.0'", "phenopacketSchemaVersion"),
        ({k: v for k, v in SMALL.items() if k != "metaData"}, "version ''", "phenopacketSchemaVersion"),
        ({**SMALL, "metaData": 3}, "version ''", "phenopacketSchemaVersion"),
        ({**SMALL, "subject": {"id": "p", "sex": "NEITHER"}}, "NEITHER", "#/subject/sex"),
        ({**SMALL, "subject": {"id": "p", "weight": 3}}, "weight", "#/subject"),
        ({**SMALL, "diseases": {"term": {}}}, "diseases", "#/diseases"),
        ({k: v for k, v in SMALL.items() if k != "subject"}, "no subject", "#/subject/id"),
        ({**SMALL, "subject": 1}, "expected Individual", "#/subject"),
    ],
)
def test_bad_input_is_refused_with_its_place(tmp_path: Path, value: Any, says: str, place: str) -> None:
    with pytest.raises(BadInput) as refusal:
        read_phenopacket(written(tmp_path, value))
    assert says in refusal.value.what
    assert place in str(refusal.value.place)


def test_a_disease_is_a_fact(tmp_path: Path) -> None:
    need = FactNeed("indication", "Indication", "text", codes=("OMIM|OMIM:253300=spinal muscular atrophy",))
    packet = read_phenopacket(written(tmp_path, SMALL))
    fact = gather([packet], [need], NOW, convert=convert).facts["indication"]
    assert (fact.value, fact.place, fact.source) == ("spinal muscular atrophy", "/diseases/0/term/id", packet.sha256)
    excluded = {**SMALL, "diseases": [{**SMALL["diseases"][0], "excluded": True}]}  # type: ignore[index,dict-item]
    assert gather([read_phenopacket(written(tmp_path, excluded))], [need], NOW, convert=convert).facts == {}


def test_a_phenopacket_of_somebody_else_is_refused(tmp_path: Path) -> None:
    packet = read_phenopacket(written(tmp_path, SMALL))
    gather([document({"resourceType": "Patient", "id": "p"}), packet], [], NOW, convert=convert)
    with pytest.raises(Mismatch):
        gather([document({"resourceType": "Patient", "id": "q"}), packet], [], NOW, convert=convert)


def told(value: Any) -> Any:
    """JSON without what protobuf's JSON form leaves out or spells differently: defaults, and large integers as text."""
    if isinstance(value, dict):
        kept = {key: told(inner) for key, inner in value.items()}
        return {k: v for k, v in kept.items() if v not in ("", 0, False, [], {}) and not str(v).startswith("UNKNOWN_")}
    if isinstance(value, list):
        return [told(inner) for inner in value]
    return int(value) if isinstance(value, str) and value.isdigit() else value


def check(path: Path) -> int:
    source = json.loads(path.read_text("utf-8"))
    found = read_phenopacket(path)
    packet = next(found.of("Phenopacket"))
    exact = json.loads(path.read_text("utf-8"), parse_float=Decimal)
    assert packet.body == exact, "nothing is lost on reading, not a digit"
    assert told(as_json(parse(packet.body, path.name))) == told(source), "the library read every field"
    causal = causal_variants(found)
    expected = [
        genomic["variantInterpretation"]["variationDescriptor"]
        for interpretation in source.get("interpretations", [])
        for genomic in interpretation["diagnosis"].get("genomicInterpretations", [])
        if genomic.get("interpretationStatus") in ("CAUSATIVE", "CONTRIBUTORY")
    ]
    assert len(causal) == len(expected)
    for variant, descriptor in zip(causal, expected, strict=True):
        assert follow(source, variant.place) == descriptor
        assert variant.gene == descriptor.get("geneContext", {}).get("symbol", "")
        if "vcfRecord" in descriptor:
            assert variant.vcf is not None
            assert variant.vcf[2] == int(descriptor["vcfRecord"]["pos"])
    return len(causal)


@pytest.mark.shared
def test_a_sample_of_published_cases_is_read_without_loss() -> None:
    files = sorted(shared("phenopackets").glob("*.json"))
    assert len(files) == 719
    assert sum(check(path) for path in files[::7]) > 50


@pytest.mark.shared
@pytest.mark.long
def test_all_719_published_cases_are_read_without_loss() -> None:
    counts = [check(path) for path in shared("phenopackets").glob("*.json")]
    assert len(counts) == 719
    assert all(counts)
