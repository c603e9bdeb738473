"""The search equals brute force: on a real genome, on both PAM sides, with IUPAC letters, holes and ends."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from .ask import rows_of
from .oracle import SETS, brute, bulged


def _guides(genome, count, length, seed, pam="NGG", side=3):
    """Half random, half taken from the genome with up to four letters changed, so that near sites exist."""
    rng = random.Random(seed)
    names, guides = list(genome), {}
    while len(guides) < count:
        if len(guides) % 2:
            spacer = "".join(rng.choice("ACGT") for _ in range(length))
        else:
            text = genome[rng.choice(names)].upper()
            at = rng.randrange(len(pam), len(text) - length - len(pam))
            beside = text[at + length : at + length + len(pam)] if side == 3 else text[at - len(pam) : at]
            if "N" in text[at : at + length] or any(b not in SETS[p] for b, p in zip(beside, pam, strict=True)):
                continue
            letters = list(text[at : at + length])
            for _ in range(rng.randrange(5)):
                letters[rng.randrange(length)] = rng.choice("ACGT")
            spacer = "".join(letters)
        guides[f"g{len(guides)}"] = spacer
    return guides


@pytest.mark.shared
def test_yeast_100_guides_0_to_5_mismatches(yeast):
    guides = _guides(yeast, 100, 20, seed=7)
    expected = brute(yeast, guides, "NGG", 3, 5)
    assert len(expected) > 500
    for limit in range(6):
        found = rows_of(yeast, guides, "NGG", 3, limit)
        assert len(found) == len(set(found))
        assert set(found) == {row for row in expected if row[6] <= limit}


@pytest.mark.shared
@pytest.mark.parametrize(
    ("pam", "side", "length"), [("TTTV", 5, 23), ("NNGRRT", 3, 21), ("NRN", 3, 20), ("YTN", 5, 17), ("N", 3, 28)]
)
def test_other_pams_on_either_side(yeast, pam, side, length):
    part = {name: yeast[name][:120_000] for name in ("chrI", "chrM", "chrIV")}
    guides = _guides(part, 8, length, seed=3, pam=pam, side=side)
    found = rows_of(part, guides, pam, side, 6)
    assert found
    assert set(found) == brute(part, guides, pam, side, 6)


@pytest.mark.shared
def test_bulges_on_yeast_against_dynamic_programming(yeast):
    part = {"chrI": yeast["chrI"][10_000:22_000], "chrM": yeast["chrM"][:9_000]}
    guides = _guides(part, 4, 20, seed=11)
    found = rows_of(part, guides, "NGG", 3, 4, 1, 1)
    assert {row[7:] for row in found} >= {(0, 0), (0, 1), (1, 0), (1, 1)}
    assert set(found) == bulged(part, guides, "NGG", 3, 4, 1, 1)


dna = st.text(alphabet="ACGT", min_size=0, max_size=90)


@settings(max_examples=150, deadline=None)
@given(
    left=dna, right=dna, hole=st.text(alphabet="ACGTNnacgtR", max_size=8),
    spacer=st.text(alphabet="AC", min_size=15, max_size=16), cut=st.integers(0, 16), flip=st.booleans(),
    pam=st.sampled_from(["NGG", "TTN", "R", "NN"]), side=st.sampled_from([3, 5]), limit=st.integers(0, 6),
    bulges=st.sampled_from([(0, 0), (1, 0), (0, 1), (1, 1), (2, 2), (2, 0), (0, 2)]),
)  # fmt: skip
def test_any_sequence(left, right, hole, spacer, pam, side, limit, bulges, cut, flip):
    """The guide itself, broken by a hole, lies somewhere, so that near sites, ends and holes all come up."""
    text = left + spacer[:cut] + hole + spacer[cut:] + "TGG" + right
    if flip:
        text = text[::-1]
    genome, guides = {"a": text, "b": right}, {"g": spacer}
    found = rows_of(genome, guides, pam, side, limit, *bulges)
    assert len(found) == len(set(found))
    assert set(found) == (bulged if any(bulges) else brute)(
        genome, guides, pam, side, limit, *(bulges if any(bulges) else ())
    )


def test_rows_are_in_order_and_one_per_guide_strand_and_end():
    rng = random.Random(5)
    genome = {
        "b": "".join(rng.choice("ACG") for _ in range(3000)),
        "a": "".join(rng.choice("ACG") for _ in range(3000)),
    }
    guides = {"z": "ACGACGACGACGACGACGAC", "k": "CCGACGACGGCGACGACGAC"}
    found = rows_of(genome, guides, "NGG", 3, 6, 1, 1)
    keys = [(r[0], r[1], r[4], r[3]) for r in found]
    assert len(found) > 50 and len(keys) == len(set(keys))
    places = [(list(guides).index(r[0]), list(genome).index(r[1]), r[2], r[3], "+-".index(r[4])) for r in found]
    assert places == sorted(places)


def test_chunks_change_nothing():
    from onelot.tailor.offtarget.pattern import Guide, Limits, Pam
    from onelot.tailor.offtarget.planes import planes_of_many
    from onelot.tailor.offtarget.search import Query, chunks, joined, search, search_chunk

    rng = random.Random(6)
    planes = planes_of_many([("a", "".join(rng.choice("ACGT") for _ in range(5000)))])
    query = Query((Guide("g", "ACGTTGCAACGTTGCA"),), Pam.of("NG", 3), Limits(6, 1, 1))
    whole = search(planes, query)
    assert len(whole)
    for size in (64, 100, 777, 4999):
        assert (joined(search_chunk(planes, c, query) for c in chunks(planes, size)) == whole).all()


def test_thousands_of_hits_in_one_chunk():
    """A guide of a repeat has a hit at nearly every base, on both strands: more than any buffer begins with."""
    genome = {"a": "AC" * 3000 + "N" * 70 + "GT" * 2000 + "A" * 130}
    guides = {"r": "ACACACACACACACACACAC", "s": "A" * 24}
    found = rows_of(genome, guides, "N", 3, 6)
    assert len(found) > 5000
    assert set(found) == brute(genome, guides, "N", 3, 6)


@pytest.mark.long
@pytest.mark.shared
@pytest.mark.parametrize(("pam", "side"), [("NGG", 3), ("TTTV", 5)])
def test_two_bulges_of_each_kind_on_yeast(yeast, pam, side):
    part = {"chrII": yeast["chrII"][100_000:200_000]}
    guides = _guides(part, 2, 20, seed=21, pam=pam, side=side)
    found = rows_of(part, guides, pam, side, 4, 2, 2)
    assert {row[7:] for row in found} >= {(2, 1), (2, 2)}
    assert set(found) == bulged(part, guides, pam, side, 4, 2, 2)
