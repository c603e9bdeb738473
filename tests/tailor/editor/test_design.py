"""Base-editor design equals brute force at every position of synthetic genes; prime designs are carried out and
checked."""

import json
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import onelot
from onelot.record.errors import BadInput
from onelot.tailor.editor.allele import Background, Variant, correction_of, parse_variant
from onelot.tailor.editor.consequence import CODES, amino_acid
from onelot.tailor.editor.design import as_dict, design
from onelot.tailor.editor.ranking import TERMS
from onelot.tailor.editor.table import parse_editors
from onelot.tailor.genes import Genes, Transcript

from .oracle import CODONS, PAIR, changed_residues, flipped, guides, protein

TABLE = Path(onelot.__file__).parent / "data" / "editors.json"
ROWS = json.loads(TABLE.read_text())["editors"]
EDITORS = parse_editors(json.loads(TABLE.read_text()), place="editors.json")
THREE = {
    "A": "Ala", "C": "Cys", "D": "Asp", "E": "Glu", "F": "Phe", "G": "Gly", "H": "His", "I": "Ile",
    "K": "Lys", "L": "Leu", "M": "Met", "N": "Asn", "P": "Pro", "Q": "Gln", "R": "Arg", "S": "Ser",
    "T": "Thr", "V": "Val", "W": "Trp", "Y": "Tyr", "*": "Ter",
}  # fmt: skip


class Text:
    """A reference held as text."""

    digest = "0" * 64

    def __init__(self, sequences):
        self.sequences = sequences

    def names(self):
        return tuple(self.sequences)

    def length(self, name):
        return len(self.sequences[name])

    def fetch(self, name, start, end):
        return self.sequences[name][max(0, start) : max(0, end)]


def gene(strand, seed):
    """A gene of three exons: random flanks, UTRs and introns, a coding sequence that begins with ATG and ends with
    a stop."""
    rng = random.Random(seed)

    def dna(n):
        return "".join(rng.choice("ACGT") for _ in range(n))

    codons = [c for c, a in CODONS.items() if a != "*"]
    coding = "ATG" + "".join(rng.choice(codons) for _ in range(38)) + "TAA"
    pieces = [("out", dna(50)), ("utr", dna(9)), ("cds", coding[:31]), ("intron", dna(20)), ("cds", coding[31:74])]
    pieces += [("intron", dna(13)), ("cds", coding[74:]), ("utr", dna(11)), ("out", dna(50))]
    text = "".join(p for _, p in pieces)
    spans, at = [], 0
    for kind, piece in pieces:
        spans.append((kind, at, at + len(piece)))
        at += len(piece)
    if strand == "-":
        text = flipped(text)
        spans = [(kind, len(text) - b, len(text) - a) for kind, a, b in reversed(spans)]
    cds = tuple((a, b) for kind, a, b in spans if kind == "cds")
    exons = []
    for kind, a, b in spans:
        if kind in ("utr", "cds"):
            if exons and exons[-1][1] == a:
                exons[-1] = (exons[-1][0], b)
            else:
                exons.append((a, b))
    return text, Transcript("t1", "GENE", "c", strand, tuple(exons), cds)


@pytest.mark.parametrize("strand", ["+", "-"])
def test_every_position_of_a_gene_on_both_strands(strand):
    """Each base is made a variant in turn; guides, bystanders and their proteins must equal brute force."""
    text, transcript = gene(strand, 4)
    reference, genes = Text({"c": text}), Genes([transcript])
    spec = (strand, transcript.coding)
    candidates = with_protein = 0
    for at in range(len(text)):
        for alt in "ACGT".replace(text[at], ""):
            patient = text[:at] + alt + text[at + 1 :]
            found = design(reference, Variant("c", at + 1, text[at], alt), "REF", EDITORS, genes)
            expected = guides(patient, at, text[at], ROWS)
            seen = set()
            for candidate, _ in found.candidates:
                others = tuple((b.window_position, b.pos - 1) for b in candidate.bystanders)
                key = (
                    candidate.editor.name,
                    candidate.strand,
                    candidate.spacer,
                    candidate.pam,
                    candidate.target_position,
                )
                seen.add((*key, others))
                here = text[candidate.start : candidate.end]
                if not candidate.start <= at < candidate.end:
                    raise AssertionError("the site does not hold its target")
                assert len(here) == len(candidate.spacer) + len(candidate.pam)
                everything = text
                for bystander in candidate.bystanders:
                    p, new = bystander.pos - 1, bystander.after
                    assert bystander.before == text[p] and new == {"A": "G", "C": "T", "G": "A", "T": "C"}[text[p]]
                    everything = everything[:p] + new + everything[p + 1 :]
                    change = changed_residues(text, text[:p] + new + text[p + 1 :], spec)
                    with_protein += check_protein(bystander.consequences, change, p, transcript, text, spec)
                told = {c.protein for c in candidate.all_edited if c.changing and c.protein}
                assert told == {shown(n, a, b) for n, (a, b) in changed_residues(text, everything, spec).items()}
            assert seen == expected and len(seen) == len(found.candidates)
            assert bool(found.reason) == (not expected)
            candidates += len(seen)
    assert candidates > 1000 and with_protein > 500


def shown(number, old, new):
    if number == 1:
        return "p.(Met1?)"
    if old == "*":
        return f"p.(Ter{number}{THREE[new]}ext*?)"
    return f"p.({THREE[old]}{number}{THREE[new]})"


def check_protein(consequences, change, p, transcript, text, spec):
    """One bystander's consequence against whole translation and against its place in the gene."""
    inside = transcript.start <= p < transcript.end
    assert len(consequences) == int(inside)
    if not inside:
        assert not change
        return 0
    told = consequences[0]
    if any(a <= p < b for a, b in transcript.coding):
        if change:
            ((number, (old, new)),) = change.items()
            assert told.protein == shown(number, old, new) and told.changing
        else:
            assert told.effect == "synonymous" and not told.changing
            number = int("".join(c for c in told.protein if c.isdigit()))
            assert told.protein == f"p.({THREE[protein(text, spec)[number - 1]]}{number}=)"
        return 1
    assert not change and not told.protein
    exon = any(a <= p < b for a, b in transcript.exons)
    near = any(a - 2 <= p < a or b <= p < b + 2 for a, b in transcript.exons)
    assert told.effect == ("UTR" if exon else "splice" if near else "intron")
    return 0


@pytest.mark.parametrize("seed", range(3))
def test_correct_to_alt_is_the_mirror_image(seed):
    text, _ = gene("+", seed)
    for at in range(60, 90):
        alt = {"A": "G", "G": "A", "C": "T", "T": "C"}[text[at]]
        found = design(Text({"c": text}), Variant("c", at + 1, text[at], alt), "ALT", EDITORS)
        seen = {
            (c.editor.name, c.strand, c.spacer, c.pam, c.target_position,
             tuple((b.window_position, b.pos - 1) for b in c.bystanders))
            for c, _ in found.candidates
        }  # fmt: skip
        assert seen == guides(text, at, alt, ROWS)


def test_ranking_follows_its_terms_and_shows_them():
    text, transcript = gene("+", 9)
    at = 80
    alt = {"A": "G", "G": "A", "C": "T", "T": "C"}[text[at]]
    told = as_dict(design(Text({"c": text}), Variant("c", at + 1, text[at], alt), "REF", EDITORS, Genes([transcript])))
    keys = [tuple(c["terms"].values()) for c in told["candidates"]]
    assert len(keys) > 3 and keys == sorted(keys)
    assert all(list(c["terms"]) == list(TERMS) for c in told["candidates"])
    assert "never" not in told["candidates"][0] and "not assessed" in told["statement"]
    for c in told["candidates"]:
        assert c["terms"]["bystanders"] == len(c["bystanders"])
        assert c["terms"]["changing_bystanders"] == sum(b["changing"] for b in c["bystanders"])


def test_the_other_allele_and_the_patients_own_variants():
    """A patient whose own variant makes the PAM on the allele to correct only: the guide cannot act on the other
    one."""
    text = "T" * 60 + "CCATCATAGCCATCATCATCATCATC" + "T" * 60
    at = 60 + 7 - 2  # an A at protospacer position 6 of a site that starts at 60
    assert text[at] == "A"
    reference = Text({"c": text[:at] + "G" + text[at + 1 :]})
    near = Background(wanted={81: "G", 82: "G"}, other={})
    without = design(reference, Variant("c", at + 1, "G", "A"), "REF", EDITORS)
    having = design(reference, Variant("c", at + 1, "G", "A"), "REF", EDITORS, background=near)
    assert "ABE8e" not in {c.editor.name for c, _ in without.candidates}
    found = next(c for c, _ in having.candidates if c.editor.name == "ABE8e" and c.start == 60)
    assert (found.pam[1:], found.other_allele.pam_present, found.other_allele.may_be_edited) == ("GG", False, False)
    both = design(
        reference, Variant("c", at + 1, "G", "A"), "REF", EDITORS,
        background=Background(wanted={81: "G", 82: "G"}, other={81: "G", 82: "G"}, both_alleles=True),
    )  # fmt: skip
    found = next(c for c, _ in both.candidates if c.editor.name == "ABE8e" and c.start == 60)
    assert found.other_allele.mismatches == 0 and found.other_allele.may_be_edited


def test_no_candidate_has_a_reason():
    reference = Text({"c": "T" * 100 + "ACGT" + "T" * 100})
    transversion = design(reference, Variant("c", 101, "A", "C"), "REF", EDITORS)
    assert not transversion.candidates and "no editor of the table makes C>A" in transversion.reason
    deletion = design(reference, Variant("c", 101, "ACGT", "A"), "REF", EDITORS)
    assert "insertion, deletion" in deletion.reason
    poor = design(Text({"c": "T" * 100 + "G" + "T" * 100}), Variant("c", 101, "G", "A"), "REF", EDITORS[:1])
    assert "none of them has the editor's PAM" in poor.reason
    assert as_dict(poor)["candidates"] == [] and as_dict(poor)["no_candidate"] == poor.reason


dna = st.text(alphabet="ACGT", min_size=1, max_size=6)


@settings(max_examples=120, deadline=None)
@given(st.integers(0, 10_000), dna, dna, st.sampled_from(["REF", "ALT"]))
def test_prime_designs_write_the_corrected_allele(seed, ref, alt, to):
    """Each design is carried out on paper: find the spacer, nick, prime with the PBS, write the template, compare
    alleles."""
    rng = random.Random(seed)
    left, right = ("".join(rng.choice("ACGT") for _ in range(130)) for _ in range(2))
    if ref == alt:
        return
    reference = Text({"c": left + ref + right})
    found = design(reference, Variant("c", 131, ref, alt), to, EDITORS)
    patient, corrected = (left + alt + right, left + ref + right)
    if to == "ALT":
        patient, corrected = corrected, patient
    tail = 0
    while tail < min(len(ref), len(alt)) and ref[-1 - tail] == alt[-1 - tail]:
        tail += 1
    head = 0
    while head < min(len(ref), len(alt)) - tail and ref[head] == alt[head]:
        head += 1
    nicks = {("+", 130 + head - n) for n in range(31) if patient[134 + head - n : 136 + head - n] == "GG"}
    mirror, edit = flipped(patient), 130 + tail
    nicks |= {("-", edit - n) for n in range(31) if mirror[edit - n + 4 : edit - n + 6] == "GG"}
    assert {(p.strand, (130 + head if p.strand == "+" else edit) - p.to_edit) for p in found.prime} == nicks
    for p in found.prime:
        text, goal = (patient, corrected) if p.strand == "+" else (flipped(patient), flipped(corrected))
        site = p.spacer + p.pam
        assert p.pam[1:] == "GG" and p.extension == p.template + p.pbs
        written = flipped(p.extension)
        places = [i for i in range(len(text)) if text.startswith(site, i)]
        assert places
        outcomes = set()
        for i in places:
            nick = i + 17
            if text[nick - len(p.pbs) : nick] != flipped(p.pbs):
                continue
            new = written[len(p.pbs) :]
            # the new flap replaces as many old bases as make the text beyond it agree
            for gone in range(len(new) + 12):
                if text[:nick] + new + text[nick + gone :] == goal:
                    outcomes.add(nick)
        assert outcomes
    if found.prime and to == "ALT":
        p = found.prime[0]
        boundary = p.nick if p.strand == "+" else len(left + ref + right) - p.nick
        own = left + ref + right if p.strand == "+" else flipped(left + ref + right)
        assert own[boundary - 17 : boundary + 3] == p.spacer


def test_table_and_code_are_what_they_say():
    assert all(e.reference and e.status in ("checked", "unverified") for e in EDITORS)
    assert {e.kind for e in EDITORS} == {"adenine", "cytosine"} and {e.pam.side for e in EDITORS} == {3, 5}
    assert all(amino_acid(codon) == letter for codon, letter in CODONS.items())
    assert all(len(table) == 64 for table in CODES.values())
    assert amino_acid("TGA", 2) == "W" and amino_acid("CTT", 3) == "T" and amino_acid("ANA") == "X"
    assert set(PAIR) == set("ACGT")


@pytest.mark.parametrize(
    "text", ["chr1:5:A", "chr1:x:A:G", "chr1:5:A:A", "chr1:5:N:A", "chr1:5::A", ":5:A:G", "chr1:٥:A:G"]
)
def test_bad_variants_are_refused(text):
    with pytest.raises(BadInput) as refused:
        parse_variant(text)
    assert text in (refused.value.place or "")


def test_variant_against_reference_and_allele():
    reference = Text({"chr1": "ACGTACGT"})
    assert parse_variant("HLA:A*01:3:g:t") == Variant("HLA:A*01", 3, "G", "T")
    with pytest.raises(BadInput, match="the reference has G"):
        correction_of(reference, Variant("chr1", 3, "A", "T"), "REF")
    with pytest.raises(BadInput, match="neither REF"):
        correction_of(reference, Variant("chr1", 3, "G", "T"), "C")
    assert correction_of(reference, Variant("chr1", 3, "G", "T"), "g").after == "G"
    deleted = correction_of(reference, Variant("chr1", 3, "GTA", "GA"), "REF")
    assert (deleted.start, deleted.before, deleted.after) == (3, "", "T")


@pytest.mark.parametrize(
    ("row", "word"),
    [
        ({"kind": "guanine"}, "neither adenine"),
        ({"window": [0, 5]}, "does not lie inside"),
        ({"window": [5]}, "cannot be read"),
        ({"status": "sure"}, "status"),
        ({"pam": "NGZ"}, "no IUPAC"),
    ],
)
def test_bad_tables_are_refused(row, word):
    with pytest.raises(BadInput, match=word):
        parse_editors({"editors": [{**ROWS[0], **row}]}, place="t")
