"""Variant identity: digests of the VRS project, grammar lines of the hgvs project, and round trips on any sequence."""

from __future__ import annotations

import csv
import os
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from onelot.profile.naming import (
    Spdi,
    Transcript,
    allele_of,
    hgvs_to_spdi,
    identify,
    justified,
    parse_hgvs,
    parse_spdi,
    refget_accession,
    serialize,
    shifted_right,
    spdi_to_hgvs,
)
from onelot.profile.naming.hgvs import parse_edit, parse_interval
from onelot.profile.naming.vrs import digest, sha512t24u
from onelot.record.errors import BadInput


def shared() -> Path:
    root = Path(os.environ.get("ONELOT_SHARED", Path(__file__).resolve().parents[4] / "shared")) / "data"
    if not root.is_dir():
        if os.environ.get("CI") == "true":
            pytest.fail(f"shared data missing at {root}")
        pytest.skip(f"shared data missing at {root}", allow_module_level=True)
    return root


class Memory:
    """Sequences held as text."""

    def __init__(self, **texts: str) -> None:
        self.texts = texts

    def length(self, name: str) -> int:
        return len(self.texts[name])

    def fetch(self, name: str, start: int, end: int) -> str:
        return self.texts[name][start:end]


# GA4GH VRS


def vrs_models() -> list[tuple[str, dict, dict]]:
    yaml = pytest.importorskip("yaml")
    plain = yaml.safe_load((shared() / "vrs" / "validation" / "models.yaml").read_text())
    return [(f"{kind}-{i}", case["in"], case["out"]) for kind, cases in plain.items() for i, case in enumerate(cases)]


@pytest.mark.shared
@pytest.mark.parametrize(("name", "given_", "out"), vrs_models(), ids=lambda v: v if isinstance(v, str) else "")
def test_vrs_digests(name: str, given_: dict, out: dict) -> None:
    assert identify(given_) == out["ga4gh_identify"]
    if out["ga4gh_digest"] is not None:
        assert digest(given_) == out["ga4gh_digest"]
    if "ga4gh_serialize" in out:
        assert serialize(given_) == out["ga4gh_serialize"]


@pytest.mark.shared
def test_vrs_functions() -> None:
    yaml = pytest.importorskip("yaml")
    plain = yaml.safe_load((shared() / "vrs" / "validation" / "functions.yaml").read_text())
    assert len(vrs_models()) == 19
    for case in plain["sha512t24u"]:
        assert sha512t24u(case["in"]["blob"].encode()) == case["out"]


def test_vrs_refuses_an_unknown_type() -> None:
    with pytest.raises(BadInput, match="unknown type 'Genotype'"):
        identify({"type": "Genotype"})


def test_the_published_repeat_allele_is_built_from_spdi() -> None:
    """NC_000001.11:40819438:CTCCTCCT:CTCCTCCTCCT, of which only these bases and their neighbours matter."""
    flank = "A" * 50
    sequences = Memory(x=flank + "CTCCTCCT" + "G" * 50)
    for place, inserted in ((50, "CTC"), (53, "CTC"), (56, "CTC"), (55, "CCT"), (58, "CCT")):
        allele = allele_of(Spdi("x", place, "", inserted), sequences, "SQ.Ya6Rs7DHhDeg7YaOSg1EoNi3U_nQ9SvO")
        assert (allele["location"]["start"], allele["location"]["end"]) == (50, 58)
        assert allele["state"] == {"type": "ReferenceLengthExpression", "length": 11, "repeatSubunitLength": 3}
        allele["location"] |= {"start": 40819438, "end": 40819446}
        assert identify(allele) == "ga4gh:VA.Oop4kjdTtKcg1kiZjIJAAR3bp7qi4aNT"


@pytest.mark.parametrize(
    ("text", "place", "inserted", "start", "end", "length", "unit"),
    [  # answers of ga4gh.vrs 2.3.3
        ("CACACACA", 3, "AAA", 3, 4, 4, 1),
        ("AACAACAAAAACCAAC", 2, "AAA", 0, 2, 5, 1),
        ("CACAACCACCCCAAAC", 2, "AA", 1, 2, 3, 1),
    ],
)
def test_the_unit_is_what_the_reference_holds_whole(
    text: str, place: int, inserted: str, start: int, end: int, length: int, unit: int
) -> None:
    allele = allele_of(Spdi("x", place, "", inserted), Memory(x=text), "SQ.a")
    assert (allele["location"]["start"], allele["location"]["end"]) == (start, end)
    assert allele["state"] == {"type": "ReferenceLengthExpression", "length": length, "repeatSubunitLength": unit}


def test_refget_accession_is_that_of_the_whole_sequence() -> None:
    assert refget_accession(Memory(x="acgt"), "x") == "SQ.aKF498dAxcJAqme6QYQ7EZ07-fiw8Kw2"
    text = "ACGTTGCA" * 200_000
    assert refget_accession(Memory(x=text), "x") == "SQ." + sha512t24u(text.encode())


# HGVS grammar


def parses(rule: str, text: str) -> str:
    """The text as printed again; raises BadInput where it does not parse."""
    if rule.endswith("variant"):
        name = parse_hgvs(text)
        if rule not in ("hgvs_variant", f"{name.kind}_variant"):
            raise BadInput("kind", rule="", remedy="")
        return str(name)
    if rule.endswith("typed_posedit"):
        return str(parse_hgvs(f"X1:{text}")).removeprefix("X1:")
    if rule.endswith("_posedit"):
        return str(parse_hgvs(f"X1:{rule[0]}.{text}")).removeprefix(f"X1:{rule[0]}.")
    if rule.startswith("dna_"):
        edit = parse_edit(text)
        wanted = {"subst": "sub", "ident": "="}.get(rule.removeprefix("dna_"), rule.removeprefix("dna_"))
        if wanted not in ("edit", "edit_mu", edit.kind):
            raise BadInput("edit", rule="", remedy="")
        return str(edit)
    kind = next(k for k in rule.split("_") if k in "gmnc")
    interval, rest = parse_interval(text, kind)
    single = interval.start == interval.end and len(interval.start) == 1 and not interval.uncertain
    if rest or (rule.endswith("_pos") and not single):
        raise BadInput("rest", rule="", remedy="")
    return str(interval)


DNA_RULES = {
    *(f"{k}_{r}" for k in "gmnc" for r in ("interval", "pos", "posedit", "typed_posedit", "variant")),
    *(f"def_{k}_{r}" for k in "gmnc" for r in ("interval", "pos")),
    *(f"uncertain_{k}_interval" for k in "gmnc"),
    *(f"dna_{e}" for e in ("del", "delins", "dup", "edit", "edit_mu", "ident", "ins", "inv", "subst", "copy")),
}


def grammar() -> list[tuple[str, str, bool, str | None]]:
    rows = []
    with (shared() / "hgvs" / "grammar_test.tsv").open() as lines:
        for row in csv.reader((line for line in lines if not line.startswith("#")), delimiter="\t"):
            if len(row) < 4 or row[0] not in DNA_RULES:
                continue
            many = row[3].strip() == "list"
            texts = row[1].split("|") if many else [row[1]]
            told = row[4].split("|") if len(row) > 4 and row[4] else texts
            for text, expected in zip(texts, told, strict=True):
                rows.append((row[0], text, row[2] == "True", expected if row[2] == "True" else None))
    return rows


@pytest.mark.shared
@pytest.mark.parametrize(("rule", "text", "valid", "printed"), grammar())
def test_hgvs_grammar_lines(rule: str, text: str, valid: bool, printed: str | None) -> None:
    if not valid:
        with pytest.raises(BadInput):
            parses(rule, text)
    else:
        got = parses(rule, text)
        # Two spellings of one thing: HGVS writes a one-base delins of one base as a substitution.
        assert got == printed or (printed, got) in {("A>T", "delinsT"), ("del", "del")} or printed == text, got


@pytest.mark.shared
def test_the_gauntlet() -> None:
    read = 0
    for line in (shared() / "hgvs" / "gauntlet").read_text().splitlines():
        if line.startswith("#") or not line.strip() or ":p." in line or ":r." in line:
            continue
        parse_hgvs(line)
        read += 1
    assert read >= 20


def test_grammar_covers() -> None:
    assert len(grammar()) >= 150


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=30))
def test_fuzz_text_is_read_or_refused(text: str) -> None:
    for read in (parse_hgvs, parse_spdi):
        for whole in (text, f"NC_1.1:g.{text}", f"NM_1.1:c.{text}", f"NC_1.1:{text}"):
            try:
                assert read(str(read(whole))) == read(whole)
            except BadInput as refusal:
                assert refusal.remedy


@pytest.mark.parametrize(
    "text", ["NC_1.1:g.5insA", "NP_1.1:p.Ala1Ser", "NM_1.1:c.[76A>C;77G>T]", "NC_1.1:g." + "1" * 200_000]
)
def test_what_is_not_read_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        parse_hgvs(text)


# On a sequence

BASES = st.text("AC", min_size=1, max_size=14)  # two letters, so that repeats are common


def edited(text: str, start: int, deleted: int, inserted: str) -> str:
    return text[:start] + inserted + text[start + deleted :]


@st.composite
def variants(draw: st.DrawFn) -> tuple[str, Spdi]:
    text = draw(BASES)
    start = draw(st.integers(0, len(text)))
    end = draw(st.integers(start, min(len(text), start + 4)))
    return text, Spdi("x", start, text[start:end], draw(st.text("AC", max_size=4)))


@settings(max_examples=600, deadline=None)
@given(variants())
def test_equal_variants_get_equal_names(case: tuple[str, Spdi]) -> None:
    """All ways to write a pure insertion or deletion justify to one; the edited sequence is always the same."""
    text, variant = case
    sequences = Memory(x=text)
    wanted = edited(text, variant.position, variant.deleted_length, variant.inserted)
    start, deleted, inserted = justified(variant, sequences)
    assert text[start : start + len(deleted)] == deleted
    assert edited(text, start, len(deleted), inserted) == wanted
    at, gone, new = shifted_right(variant, sequences)
    assert edited(text, at, len(gone), new) == wanted
    size = len(wanted) - len(text)
    if size and not (gone and new):
        others = [
            (p, text[p : p + max(0, -size)], wanted[p : p + max(0, size)])
            for p in range(len(text) - max(0, -size) + 1)
            if edited(text, p, max(0, -size), wanted[p : p + max(0, size)]) == wanted
        ]
        assert at == max(p for p, _, _ in others)
        assert start == min(p for p, _, _ in others)
        for p, g, n in others:
            assert justified(Spdi("x", p, g, n), sequences) == (start, deleted, inserted)
            assert identify(allele_of(Spdi("x", p, g, n), sequences, "SQ.a")) == identify(
                allele_of(variant, sequences, "SQ.a")
            )


@settings(max_examples=400, deadline=None)
@given(variants())
def test_genomic_names_go_there_and_back(case: tuple[str, Spdi]) -> None:
    text, variant = case
    sequences = Memory(x=text)
    name = spdi_to_hgvs(variant, sequences)
    if name.edit.kind == "=":
        return
    back = hgvs_to_spdi(parse_hgvs(str(name)), sequences)
    wanted = edited(text, variant.position, variant.deleted_length, variant.inserted)
    assert edited(text, back.position, back.deleted_length, back.inserted) == wanted
    assert str(spdi_to_hgvs(back, sequences)) == str(name)


@pytest.mark.parametrize(
    ("spdi", "hgvs"),
    [
        ("x:3:A:G", "x:g.4A>G"),
        ("x:4:C:", "x:g.6del"),
        ("x:4::C", "x:g.6dup"),
        ("x:0:GTT:", "x:g.1_3del"),
        ("x:3::GG", "x:g.3_4insGG"),
        ("x:3:AC:GG", "x:g.4_5delinsGG"),
        ("x:0:GTTA:TAAC", "x:g.1_4inv"),
        ("x:3:1:G", "x:g.4A>G"),
    ],
)
def test_names_by_hand(spdi: str, hgvs: str) -> None:
    assert str(spdi_to_hgvs(parse_spdi(spdi), Memory(x="GTTACCGGG"))) == hgvs


def test_stated_bases_must_be_those_of_the_reference() -> None:
    sequences = Memory(x="GTTACCGGG")
    for bad in ("x:3:C:G", "x:8:GG:", "x:99::A"):
        with pytest.raises(BadInput):
            justified(parse_spdi(bad), sequences)
    for bad in ("x:g.4C>G", "x:g.99del", "x:g.(1_2)_5del", "x:g.4_6insA", "x:g.4_5del3", "x:g.1_2copy3", "x:c.4A>G"):
        with pytest.raises(BadInput):
            hgvs_to_spdi(parse_hgvs(bad), sequences)


# On transcripts


@st.composite
def transcripts(draw: st.DrawFn) -> tuple[str, Transcript]:
    text = draw(st.text("ACGT", min_size=30, max_size=60))
    cuts = sorted(draw(st.sets(st.integers(2, len(text) - 1), min_size=4, max_size=8)))
    cuts = cuts[: len(cuts) // 2 * 2]
    exons = [(a, b) for a, b in zip(cuts[::2], cuts[1::2], strict=True)]
    assume(all(one[1] + 1 < two[0] for one, two in pairwise(exons)))
    forward = draw(st.booleans())
    size = sum(b - a + 1 for a, b in exons)
    assume(size >= 3)
    first = draw(st.integers(1, size - 1))
    coding = draw(st.one_of(st.none(), st.tuples(st.just(first), st.integers(first + 1, size))))
    ordered = tuple(exons if forward else exons[::-1])
    return text, Transcript("NM_1.1", "x", forward, ordered, coding)


@settings(max_examples=400, deadline=None)
@given(transcripts(), st.data())
def test_transcript_names_go_there_and_back(case: tuple[str, Transcript], data: st.DataObject) -> None:
    text, transcript = case
    sequences = Memory(x=text)
    low = min(a for a, _ in transcript.exons)
    high = max(b for _, b in transcript.exons)
    start = data.draw(st.integers(low - 1, high - 1))
    end = data.draw(st.integers(start + 1, min(high, start + 3)))
    variant = Spdi("x", start, text[start:end], data.draw(st.text("ACGT", max_size=3)))
    try:
        name = spdi_to_hgvs(variant, sequences, transcript)
    except BadInput as refusal:
        assert "outside the transcript" in refusal.what  # noqa: PT017 - shifted out of it
        return
    assert name.kind == ("c" if transcript.coding else "n")
    if name.edit.kind == "=":
        return
    back = hgvs_to_spdi(parse_hgvs(str(name)), sequences, transcript)
    wanted = edited(text, start, end - start, variant.inserted)
    assert edited(text, back.position, back.deleted_length, back.inserted) == wanted


@settings(max_examples=200, deadline=None)
@given(transcripts())
def test_every_base_of_a_transcript_has_one_name(case: tuple[str, Transcript]) -> None:
    _, transcript = case
    low = min(a for a, _ in transcript.exons)
    high = max(b for _, b in transcript.exons)
    names = set()
    for genomic in range(low, high + 1):
        number, offset = transcript.place(genomic)
        assert transcript.genomic(number, offset) == genomic
        for kind in ("n", "c") if transcript.coding else ("n",):
            position = transcript.named(number, offset, kind)
            assert transcript.number(position, kind) == (number, offset)
        names.add(str(transcript.named(number, offset, "c" if transcript.coding else "n")))
    assert len(names) == high - low + 1
    for outside in (low - 1, high + 1):
        with pytest.raises(BadInput):
            transcript.place(outside)


def test_a_published_shape_by_hand() -> None:
    """Reverse strand, two exons, coding from the third base: positions before, in, between and after."""
    text = "".join("ACGT"[i % 4] for i in range(40))
    model = Transcript("NM_1.1", "x", False, ((31, 36), (11, 20)), (3, 14))
    sequences = Memory(x=text)
    for name, genomic in (
        ("c.-2", 36),
        ("c.1", 34),
        ("c.4", 31),
        ("c.4+1", 30),
        ("c.5-1", 21),
        ("c.5", 20),
        ("c.*1", 12),
    ):
        base = {"A": "T", "C": "G", "G": "C", "T": "A"}[text[genomic - 1]]
        other = "A" if base != "A" else "C"
        got = hgvs_to_spdi(parse_hgvs(f"NM_1.1:{name}{base}>{other}"), sequences, model)
        assert got.position == genomic - 1
        assert str(spdi_to_hgvs(got, sequences, model)) == f"NM_1.1:{name}{base}>{other}"
    with pytest.raises(BadInput, match="transcript is not the one named"):
        hgvs_to_spdi(parse_hgvs("NM_2.1:c.1A>T"), sequences, model)
