"""Patient mode equals an exhaustive search of the materialised haplotypes, phased or not, with bulges, SNVs and
indels."""

import random
from itertools import product

import pytest

from onelot.adapters.genome_variants import read_variants
from onelot.record.errors import BadInput
from onelot.tailor.offtarget.calls import Call, variants_of
from onelot.tailor.offtarget.patient import search_patient
from onelot.tailor.offtarget.pattern import Guide, Limits, Pam
from onelot.tailor.offtarget.planes import planes_of_many
from onelot.tailor.offtarget.search import Query, chunks, search_chunk, together

from .oracle import every, materialised


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


def run(planes, query):
    return together(search_chunk(planes, c, query) for c in chunks(planes))


def ask(genome, calls, guides, pam, side, limit, dna=0, rna=0):
    query = Query(tuple(Guide(n, s) for n, s in guides.items()), Pam.of(pam, side), Limits(limit, dna, rna))
    found = run(planes_of_many(tuple(genome.items())), query)
    return search_patient(Text(genome), found, variants_of(calls), query, run)


def as_rows(answer, guides):
    names = list(guides)
    rows = {}
    for i, s in enumerate(answer.sites):
        row = (
            names[s["guide"]], answer.names[s["sequence"]], int(s["start"]), int(s["end"]), "+-"[s["strand"]],
            s["site"].decode(), int(s["mismatches"]), int(s["dna_bulge"]), int(s["rna_bulge"]),
        )  # fmt: skip
        key = (row[0], row[1], row[4], row[3])
        assert key not in rows
        rows[key] = (row, answer.variants[i], answer.haplotypes[i], answer.patient_only[i])
    return rows


def patient(rng, size, count, gap):
    """A genome with a guide sown in it, broken in many ways, and variants of all kinds, some of them at the sown
    sites."""
    spacer = "".join(rng.choice("ACGT") for _ in range(15))
    pieces = []
    while sum(map(len, pieces)) < size:
        pieces.append("".join(rng.choice("ACGT") for _ in range(rng.randrange(2, 9))))
        site = list(spacer + rng.choice(["TGG", "AGG", "TGA"]))
        for _ in range(rng.randrange(3)):
            site[rng.randrange(15)] = rng.choice("ACGT")
        if rng.random() < 0.2:
            site.insert(rng.randrange(15), rng.choice("ACGT"))
        if rng.random() < 0.2:
            del site[rng.randrange(15)]
        text = "CCA" + "".join(site)  # a PAM on either side
        if rng.random() < 0.5:
            text = text[::-1].translate(str.maketrans("ACGT", "TGCA"))
        pieces.append(text)
    genome = {"a": "".join(pieces), "b": "".join(rng.choice("ACGT") for _ in range(60))}
    calls, at = [], 3
    while len(calls) < count and at < len(genome["a"]) - 12:
        at += rng.randrange(gap[0], gap[1])
        if at >= len(genome["a"]) - 12:
            break
        here = genome["a"][at:]
        kind = rng.random()
        if kind < 0.55:
            ref, alts = here[0], [rng.choice("ACGT".replace(here[0], ""))]
        elif kind < 0.75:
            ref, alts = here[0], [here[0] + "".join(rng.choice("ACGT") for _ in range(rng.randrange(1, 5)))]
        elif kind < 0.9:
            ref, alts = here[: rng.randrange(2, 6)], [here[0]]
        else:
            ref, alts = here[:2], [rng.choice("ACGT".replace(here[0], "")) + "".join(rng.choice("ACGT") for _ in "12")]
        if rng.random() < 0.15 and len(ref) == 1 and len(alts[0]) == 1:
            alts.append(next(b for b in "ACGT" if b not in (ref, alts[0])))
        calls.append((at + 1, ref, tuple(alts)))
        at += len(ref)
    return genome, {"g": spacer}, calls


def shown(pos, ref, alts, allele):
    return (pos, ref, alts[allele - 1], f"a:{pos}:{ref}:{alts[allele - 1]}")


SETTINGS = [("NGG", 3, 5, 0, 0), ("NGG", 3, 3, 1, 1), ("NG", 3, 4, 0, 1), ("CCN", 5, 5, 1, 0)]


@pytest.mark.parametrize("setting", SETTINGS)
def test_phased(setting):
    assert sum(phased(seed, setting) for seed in range(6)) > 15


def phased(seed, setting):
    rng = random.Random(seed)
    genome, guides, sites = patient(rng, 700, 40, [(1, 9), (1, 30)][seed % 2])
    calls, alleles = [], ([], [])
    for pos, ref, alts in sites:
        pair = rng.choice([(0, 1), (1, 0), (1, 1), (0, len(alts)), (len(alts), 1)])
        calls.append(Call("a", pos, ref, alts, pair, True))
        for copy in (0, 1):
            if pair[copy]:
                alleles[copy].append(shown(pos, ref, alts, pair[copy]))
    return compare(genome, guides, calls, [("1", {"a": alleles[0]}), ("2", {"a": alleles[1]})], setting, exact=True)


@pytest.mark.parametrize("setting", SETTINGS)
def test_unphased(setting):
    assert sum(unphased(seed, setting) for seed in range(4)) > 2


def unphased(seed, setting):
    """Up to nine variants, so that all haplotypes of the whole chromosome can be written out."""
    rng = random.Random(100 + seed)
    genome, guides, sites = patient(rng, 130, 8, (1, 9))
    pairs = [rng.choice([(0, 1), (0, 1), (1, 1), (1, len(alts))]) for _, _, alts in sites]
    calls = [Call("a", *site, pair, False) for site, pair in zip(sites, pairs, strict=True)]
    copies = []
    for choice in product((0, 1), repeat=len(sites)):
        taken = [(site, pair[c]) for site, pair, c in zip(sites, pairs, choice, strict=True)]
        copies.append(("any", {"a": [shown(*site, allele) for site, allele in taken if allele]}))
    return compare(genome, guides, calls, copies, setting, exact=False)


@pytest.mark.parametrize("setting", SETTINGS)
def test_phase_sets(setting):
    assert sum(phase_sets(seed, setting) for seed in range(6)) > 5


def phase_sets(seed, setting):
    """Two phase sets of phased calls: four haplotypes."""
    rng = random.Random(500 + seed)
    genome, guides, sites = patient(rng, 200, 14, (1, 8))
    calls, pairs, sets = [], [], []
    for site in sites:
        pairs.append(rng.choice([(0, 1), (1, 0)]))
        sets.append(rng.choice(["10", "20"]))
        calls.append(Call("a", *site, pairs[-1], True, sets[-1]))
    copies = []
    for first, second in product((0, 1), repeat=2):
        taken = [
            (site, pair[first if name == "10" else second]) for site, pair, name in zip(sites, pairs, sets, strict=True)
        ]
        copies.append(("any", {"a": [shown(*site, allele) for site, allele in taken if allele]}))
    return compare(genome, guides, calls, copies, setting, exact=False)


@pytest.mark.parametrize("setting", SETTINGS)
def test_unphased_variants_that_overlap(setting):
    """A deletion and what lies in it cannot be on one copy: of all combinations only those without both are
    haplotypes."""
    total = 0
    for seed in range(12):
        rng = random.Random(900 + seed)
        genome, guides, _ = patient(rng, 120, 0, (1, 2))
        text, sites = genome["a"], []
        for at in (30, 55, 80):
            sites.append((at, text[at - 1 : at + 4], (text[at - 1],)))
            inner = at + rng.randrange(1, 5)
            sites.append((inner, text[inner - 1], ("ACGT".replace(text[inner - 1], "")[0],)))
        calls = [Call("a", *site, (0, 1), False) for site in sites]
        copies = []
        for choice in product((0, 1), repeat=len(sites)):
            if any(choice[i] and choice[i + 1] for i in (0, 2, 4)):
                continue
            copies.append(("any", {"a": [shown(*site, 1) for site, c in zip(sites, choice, strict=True) if c]}))
        total += compare(genome, guides, calls, copies, setting, exact=False)
    assert total > 0


def test_a_record_given_twice_is_one_variant():
    spacer = "ACGATTACGCATCAGATCCA"
    genome = {"a": "T" * 40 + spacer + "TGA" + "T" * 40}
    call = Call("a", 63, "A", ("G",), (1, 1), False)
    answer = ask(genome, [call, call], {"g": spacer}, "NGG", 3, 0)
    assert (list(answer.variants), answer.unresolved) == (["a:63:A:G"], ())


@pytest.mark.long
@pytest.mark.parametrize("setting", SETTINGS)
def test_many_more_patients(setting):
    assert sum(phased(seed, setting) for seed in range(1000, 1150)) > 300
    assert sum(unphased(seed, setting) for seed in range(1000, 1020)) > 10
    assert sum(phase_sets(seed, setting) for seed in range(1000, 1050)) > 50


def compare(genome, guides, calls, copies, setting, exact):
    answer = ask(genome, calls, guides, *setting)
    found = as_rows(answer, guides)
    expected = materialised(genome, copies, guides, *setting)
    assert answer.unresolved == ()
    assert {k: v[0] for k, v in found.items()} == {k: v[0] for k, v in expected.items()}
    reference = {(r[0], r[1], r[4], r[3]) for r in every(genome, guides, *setting)}
    for key, (_, variants, labels) in expected.items():
        assert found[key][1] == ",".join(variants)
        assert found[key][3] == (key not in reference)
        if exact:
            assert found[key][2] == ("both" if len(labels) == 2 else next(iter(labels)))
    return sum(bool(v[1]) for v in found.values())


def test_planted_pam_creating_snv_and_indel():
    spacer = "ACGATTACGCATCAGATCCA"
    genome = {"a": "T" * 40 + spacer + "TGA" + "T" * 40 + spacer[:10] + spacer[11:] + "TGG" + "T" * 40}
    before = genome["a"][112]
    calls = [
        Call("a", 63, "A", ("G",), (0, 1), True),
        Call("a", 40 + 23 + 40 + 10, before, (before + spacer[10],), (1, 0), True),
    ]
    found = as_rows(ask(genome, calls, {"g": spacer}, "NGG", 3, 0), {"g": spacer})
    assert [(r[0][2], r[0][3], r[2], r[3]) for r in found.values()] == [(40, 63, "2", True), (103, 125, "1", True)]
    assert [r[1] for r in found.values()] == ["a:63:A:G", f"a:113:{before}:{before + spacer[10]}"]


def test_a_homozygous_variant_removes_the_reference_site():
    spacer = "ACGATTACGCATCAGATCCA"
    genome = {"a": "T" * 40 + spacer + "TGG" + "T" * 40}
    for pair, kept in (((1, 1), set()), ((0, 1), {"1"})):
        found = as_rows(
            ask(genome, [Call("a", 63, "G", ("C",), pair, True)], {"g": spacer}, "NGG", 3, 2), {"g": spacer}
        )
        assert {r[2] for r in found.values()} == kept


def test_too_many_combinations_are_listed_and_the_rest_is_still_searched():
    rng = random.Random(3)
    spacer = "ACGATTACGCATCAGATCCA"
    text = "T" * 50 + "".join(rng.choice("ACGT") for _ in range(30)) + "T" * 60 + spacer + "TGA" + "T" * 50
    calls = [Call("a", 51 + i, text[50 + i], ("ACGT".replace(text[50 + i], "")[0],), (0, 1), False) for i in range(12)]
    calls.append(Call("a", 163, "A", ("G",), (0, 1), False))
    answer = ask({"a": text}, calls, {"g": spacer}, "NGG", 3, 1)
    assert answer.unresolved and all("1,024" in u.reason and 50 <= u.start < u.end <= 63 for u in answer.unresolved)
    assert [v for v in answer.variants if v] == ["a:163:A:G"]
    ten = ask({"a": text}, calls[:9], {"g": spacer}, "NGG", 3, 1)
    assert ten.unresolved == ()


def test_what_cannot_be_searched_is_listed():
    text = "ACGT" * 40
    calls = [
        Call("a", 5, "A", ("<DEL>",), (0, 1), True),
        Call("a", 20, "T", ("C",), (None, None), False),
        Call("a", 33, "A", ("C",), (None, 1), False),
        Call("a", 41, "A", ("C",), (0, 1, 1), False),
        Call("a", 60, "TACG", ("T",), (1, 1), True),
        Call("a", 62, "C", ("G",), (1, 1), True),
        Call("a", 80, "T", ("*",), (0, 1), True),
    ]
    answer = ask({"a": text}, calls, {"g": "ACGTACGTACGTACGTACGT"}, "NNN", 3, 1)
    reasons = {(u.start, u.reason.split(" ")[0] + " " + u.reason.split(" ")[1]) for u in answer.unresolved}
    assert reasons == {
        (4, "a symbolic"),
        (19, "the genotype"),
        (32, "one allele"),
        (40, "the genotype"),
        (61, "overlaps another"),
    }


VCF = (
    "##fileformat=VCFv4.3\n##contig=<ID=a,length=160>\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tS1\tS2\n"
)


def vcf(tmp_path, *lines, head=VCF):
    path = tmp_path / "p.vcf"
    path.write_text(head + "".join(f"{line}\n" for line in lines))
    return path


def test_reading_a_vcf(tmp_path):
    reference = Text({"a": "ACGT" * 40})
    path = vcf(
        tmp_path,
        "a\t1\t.\tA\tC,G\t.\t.\t.\tGT:PS\t0|2:7\t0/0",
        "a\t5\t.\tA\tT\t.\t.\t.\tGT:DP\t0/1:3\t1:3",
        "a\t9\t.\tA\tT\t.\t.\t.\tGT\t0/0\t./1",
    )
    assert [(c.pos, c.alts, c.alleles, c.phased, c.phase_set) for c in read_variants(path, reference, "S1")] == [
        (1, ("C", "G"), (0, 2), True, "7"),
        (5, ("T",), (0, 1), False, None),
    ]
    assert [c.pos for c in read_variants(path, reference, "S1", ("a", 2, 5))] == [5]
    assert [c.pos for c in read_variants(path, reference, "S1", ("b", 1, 9))] == []
    assert [(c.pos, c.alleles) for c in read_variants(path, reference, "S2")] == [(5, (1,)), (9, (None, 1))]


@pytest.mark.parametrize(
    ("line", "head", "sample", "word"),
    [
        ("a\t1\t.\tC\tT\t.\t.\t.\tGT\t0/1\t0/0", VCF, "S1", "the reference has A"),
        ("x\t1\t.\tC\tT\t.\t.\t.\tGT\t0/1\t0/0", VCF, "S1", "not in the reference"),
        ("a\t1\t.\tA\tT\t.\t.\t.\tGT\t0/2\t0/0", VCF, "S1", "not in ALT"),
        ("a\tx\t.\tA\tT\t.\t.\t.\tGT\t0/1\t0/0", VCF, "S1", "POS"),
        ("a\t1\t.\tA\tT", VCF, "S1", "columns"),
        ("a\t1\t.\tA\tT\t.\t.\t.\tGT\t0/1\t0/0", VCF, None, "2 samples"),
        ("a\t1\t.\tA\tT\t.\t.\t.\tGT\t0/1\t0/0", VCF, "S3", "no sample 'S3'"),
        ("", VCF.replace("160", "161"), "S1", "161 bases"),
        ("", "no vcf\n", "S1", "first line"),
        ("", "##fileformat=VCFv4.3\n", "S1", "#CHROM"),
    ],
)
def test_bad_vcfs_are_refused_with_the_line(tmp_path, line, head, sample, word):
    path = vcf(tmp_path, line, head=head)
    with pytest.raises(BadInput, match=word) as refused:
        list(read_variants(path, Text({"a": "ACGT" * 40}), sample))
    assert str(path) in (refused.value.place or "")
