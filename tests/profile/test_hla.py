"""HLA typing on a whole release of IPD-IMGT/HLA, read in place."""

from __future__ import annotations

import os
import random
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onelot.adapters.hla_groups import load_hla_codes, load_hla_groups
from onelot.profile.hla import HlaGroups, match_grade, parse_typing, read_groups
from onelot.profile.hla_codes import expand, read_codes
from onelot.record.errors import BadInput

pytestmark = pytest.mark.shared


@cache
def folder() -> Path:
    root = Path(os.environ.get("ONELOT_SHARED", Path(__file__).resolve().parents[3] / "shared")) / "data"
    if not root.is_dir():
        if os.environ.get("CI") == "true":
            pytest.fail(f"shared data missing at {root}")
        pytest.skip(f"shared data missing at {root}")
    return root / "hla-imgt" / "wmda"


@cache
def groups() -> HlaGroups:
    return load_hla_groups(folder())


def one(text: str) -> str:
    (group,) = groups().p_groups(parse_typing(text))
    return group


def test_the_release_is_named() -> None:
    assert groups().version == "IPD-IMGT/HLA 3.58.0"


@pytest.mark.parametrize(
    ("typed", "g", "p", "two"),
    [
        ("HLA-A*01:01:01:01", {"A*01:01:01G"}, {"A*01:01P"}, {"A*01:01"}),
        ("A*01:01:01G", {"A*01:01:01G"}, {"A*01:01P"}, None),
        ("A*01:01P", None, {"A*01:01P"}, None),
        ("A*01:01:02", {"A*01:01:02"}, {"A*01:01P"}, {"A*01:01"}),
        ("A*01:01:01:02N", {"A*01:01:01G"}, set(), {"A*01:01N"}),
        ("B*57:01:01:01", {"B*57:01:01G"}, {"B*57:01P"}, {"B*57:01"}),
    ],
)
def test_known_names(typed: str, g: set[str] | None, p: set[str], two: set[str] | None) -> None:
    typing = parse_typing(typed)
    assert g is None or groups().g_groups(typing) == g
    assert groups().p_groups(typing) == p
    assert two is None or groups().two_field(typing) == two


def test_every_allele_of_the_release_reduces_as_its_file_says() -> None:
    """An oracle that reads the file itself: each allele is in exactly the group its line names."""
    seen = 0
    for line in (folder() / "hla_nom_g.txt").read_text().splitlines():
        if line.startswith("#"):
            continue
        locus, names, group = line.split(";")
        for name in names.split("/"):
            typing = parse_typing(f"{locus}{name}")
            # a full name may also be the beginning of a longer one; then it is not the whole answer
            assert f"{locus}{group or name}" in groups().g_groups(typing)
            seen += 1
    assert seen > 39_000


def test_low_resolution_stands_for_all_it_could_be() -> None:
    typing = parse_typing("A*02:01")
    full = groups().alleles(typing)
    assert len(full) > 100
    assert all(name.startswith("02:01") for name in full)
    assert len(groups().g_groups(typing)) > 1
    assert "A*02:01P" in groups().p_groups(typing)
    either = parse_typing("A*02:01:01:01/A*03:01:01:01")
    assert groups().p_groups(either) == {"A*02:01P", "A*03:01P"}


@pytest.mark.parametrize(
    "text", ["A2", "A*01:AB", "A*", "*01:01", "A*01:01/B*07:02", "HLA-A*1", "", "A*01:01:01:01:01"]
)
def test_what_is_no_typing_is_refused(text: str) -> None:
    with pytest.raises(BadInput) as refusal:
        parse_typing(text, "report:3")
    assert refusal.value.place == "report:3"


def test_an_allele_the_release_does_not_know_is_refused() -> None:
    with pytest.raises(BadInput, match=r"A\*99:99 is not in IPD-IMGT/HLA 3.58.0"):
        groups().p_groups(parse_typing("A*99:99"))


@settings(max_examples=100, deadline=None)
@given(st.text("ABCDRQ*0123456789:/NGP-HL", max_size=20))
def test_fuzz_a_typing_is_read_or_refused(text: str) -> None:
    try:
        assert str(parse_typing(str(parse_typing(text)))) == str(parse_typing(text))
    except BadInput as refusal:
        assert refusal.remedy


def person(*texts: str) -> dict:
    pairs: dict = {}
    for text in texts:
        typing = parse_typing(text)
        pairs.setdefault(typing.locus, []).append(typing)
    return {locus: (pair[0], pair[-1]) for locus, pair in pairs.items()}


FULL = ("A*01:01:01:01", "A*02:01:01:01", "B*07:02:01:01", "B*57:01:01:01", "C*07:01:01:01", "C*06:02:01:01",
        "DRB1*15:01:01:01", "DRB1*07:01:01:01", "DQB1*06:02:01:01", "DQB1*03:03:02:01")  # fmt: skip


def test_match_grades() -> None:
    patient = person(*FULL)
    assert str(match_grade(patient, patient, groups())) == "10/10 by P group (IPD-IMGT/HLA 3.58.0)"
    swapped = {locus: pair[::-1] for locus, pair in patient.items()}
    assert match_grade(patient, swapped, groups()).certain == 10
    other = patient | person("A*03:01:01:01", "A*02:01:01:01")
    assert (match_grade(patient, other, groups()).certain, match_grade(patient, other, groups()).possible) == (9, 9)
    synonymous = patient | person("A*01:01:02", "A*02:01:01:01")
    assert match_grade(patient, synonymous, groups()).certain == 10  # same protein
    null = patient | person("A*01:01:01:02N", "A*02:01:01:01")
    assert match_grade(patient, null, groups()).certain == 9  # not expressed
    coarse = patient | person("A*01", "A*02")
    grade = match_grade(patient, coarse, groups())
    assert (grade.certain, grade.possible) == (8, 10)
    assert "at best 10/10" in str(grade)
    with pytest.raises(BadInput, match="HLA-DPB1 is not typed"):
        match_grade(patient, patient, groups(), ("A", "DPB1"))


def test_matching_is_symmetric_and_finer_typing_only_sharpens() -> None:
    chance = random.Random(3)
    names = {locus: sorted(groups().g[locus]) for locus in ("A", "B")}
    for _ in range(100):
        one, two = (person(*(f"{locus}*{chance.choice(names[locus])}" for locus in "AABB")) for _ in range(2))
        full = match_grade(one, two, groups(), "AB")
        assert full.loci == match_grade(two, one, groups(), "AB").loci
        coarse = {
            locus: tuple(parse_typing(f"{locus}*{t.names[0].split(':')[0]}") for t in pair)
            for locus, pair in one.items()
        }
        blurred = match_grade(coarse, two, groups(), "AB")
        assert blurred.certain <= full.certain
        assert blurred.possible >= full.possible


def test_broken_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput):
        load_hla_groups(tmp_path)
    good = ["# version: X 1", "A*;01:01:01:01/01:01:01:03;01:01:01G"]
    for g, p in (
        (good, ["# version: X 2", "A*;01:01:01:01;01:01P"]),
        (good, ["A*;01:01:01:01;01:01P"]),
        (["nonsense"], good),
    ):
        with pytest.raises(BadInput):
            read_groups(g, p, "here")


# Multiple-allele codes: a table of the test's own, in the published form.
TABLE = "LAST UPDATED: 11/02/2026\n*\tCODE\tSUBTYPE\n\n\tAB\t01/02\n\tAD\t01/04\n*\tZZZ\t01:01/02:05/01:03\n"


def test_codes_are_written_out_by_the_sites_table(tmp_path: Path) -> None:
    assert load_hla_codes(tmp_path) is None
    (tmp_path / "alpha.v3.txt").write_text(TABLE)
    codes = load_hla_codes(tmp_path)
    assert expand("A*01:AB", codes) == "A*01:01/A*01:02"
    assert expand("HLA-B*57:AD", codes) == "HLA-B*57:01/HLA-B*57:04"
    assert expand("A*01:ZZZ", codes) == "A*01:01/A*02:05/A*01:03"
    assert expand("A*01:01:01G", codes) == "A*01:01:01G" and expand("A*24:09N/A*01:AB", codes).count("A*") == 3
    assert set(parse_typing(expand("A*01:AB", codes)).names) == {"01:01", "01:02"}


@pytest.mark.parametrize("text", ["A*01:AC", "A*01:XX", "A*07:ZZZ"])
def test_a_code_that_is_not_in_the_table_or_does_not_fit_is_refused(text: str) -> None:
    codes = read_codes(TABLE.splitlines(), "alpha.v3.txt")
    with pytest.raises(BadInput):
        expand(text, codes, "typing:3")


def test_without_a_table_a_code_is_refused_and_nothing_is_guessed() -> None:
    with pytest.raises(BadInput, match="no table of codes"):
        expand("A*01:AB", None)


@pytest.mark.parametrize("line", ["AB 01/02", "\tAB\t", "\tAB\t01/02\n\tAB\t01", "\tab\t01", ""])
def test_a_table_of_another_form_is_refused_with_its_line(line: str) -> None:
    with pytest.raises(BadInput) as caught:
        read_codes(line.splitlines(), "alpha.v3.txt")
    assert caught.value.place
