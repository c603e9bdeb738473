"""Labels read back by a reader; ISBT 128 strings against published examples."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onelot.adapters import isbt128
from onelot.adapters.identity_labels import IdentityLabel
from onelot.adapters.labels import Label, element_string, make_label, modules, read_element_string, read_label
from onelot.app.web.scanning import read_scan
from onelot.record.errors import BadInput
from onelot.record.identity import make_identifier

COI = make_identifier(77)
LABEL = Label(
    "B-1-1", "B-1", "cd19-per-kg", datetime(2027, 3, 1, 12, tzinfo=UTC), coi=COI, amount="68 mL",
    statement="autologous use only; not evaluated; biohazard", storage="at or below -130 Cel", simulated=True,
)  # fmt: skip
WORDS = st.text("ABCDEFGHJKLMNPQRSTUVWXYZ0123456789-/.", min_size=1, max_size=20)


def test_a_printed_label_reads_back() -> None:
    text = read_label(make_label(LABEL, "png"))
    assert read_element_string(text) == {
        "container": "B-1-1", "batch": "B-1", "product": "cd19-per-kg", "expiry": "2027-03-01", "coi": COI,
    }  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(WORDS, WORDS, WORDS, st.integers(0, 36**12 - 1), st.integers(0, 20000))
def test_every_label_reads_back(container: str, batch: str, product: str, number: int, days: int) -> None:
    expires = datetime(2000, 1, 1, tzinfo=UTC) + timedelta(days=days)
    label = Label(container, batch, product, expires, coi=make_identifier(number))
    found = read_element_string(read_label(make_label(label, "png")))
    assert (found["container"], found["batch"], found["product"]) == (container, batch, product)
    assert (found["coi"], found["expiry"][2:]) == (label.coi, expires.date().isoformat()[2:])


@pytest.mark.skipif(not shutil.which("pdftoppm") and os.environ.get("CI") != "true", reason="pdftoppm is not installed")
def test_the_pdf_label_reads_back_at_print_resolution(tmp_path: Path) -> None:
    (tmp_path / "l.pdf").write_bytes(make_label(LABEL, "pdf"))
    subprocess.run(["pdftoppm", "-r", "203", "-png", "l.pdf", "l"], cwd=tmp_path, check=True)
    assert read_label(next(tmp_path.glob("l*.png")).read_bytes()) == element_string(LABEL)


def test_the_svg_holds_every_dark_module_and_the_words() -> None:
    svg = make_label(replace(LABEL, patient="<Ünal & Söhne>"), "svg").decode()
    assert "SIMULATED" in svg and "FOR AUTOLOGOUS USE ONLY" in svg and "BIOHAZARD" in svg
    assert "&lt;Ünal &amp; Söhne&gt;" in svg
    dark = modules(LABEL)
    runs = sum(int((row[1:] & ~row[:-1]).sum()) + int(row[0]) for row in dark)
    assert svg.count("<rect") == runs + 3  # ground, band, rule


def test_the_label_of_a_collected_bag_reads_as_it_was_printed() -> None:
    bag = IdentityLabel("bag", COI, "Ada Byrne", f"{COI}-1-A")
    read = {"container": f"{COI}-1-A", "coi": COI, "batch": "", "product": "", "expiry": ""}
    assert read_element_string(bag.text) == read
    # As a keyboard wedge sends the symbol, and between people: in brackets.
    assert read_scan(f"]d221{COI}-1-A\x1d91{COI}").label == read_scan(bag.text).label == read


@pytest.mark.parametrize("kind", ["png", "svg", "pdf"])
def test_the_same_label_gives_the_same_bytes(kind: Any) -> None:
    assert make_label(LABEL, kind) == make_label(LABEL, kind)
    assert make_label(LABEL, kind) != make_label(replace(LABEL, simulated=False), kind)


@pytest.mark.parametrize(
    "changes", [{"container": "X" * 21}, {"batch": ""}, {"product": "two words"}, {"product": "a(b)"}, {"batch": "ü"}]
)
def test_what_does_not_fit_is_refused(changes: dict[str, str]) -> None:
    with pytest.raises(BadInput):
        make_label(replace(LABEL, **changes))  # type: ignore[arg-type]


@pytest.mark.parametrize("picture", [b"", b"no picture", make_label(LABEL, "svg")])
def test_what_is_no_picture_is_refused(picture: bytes) -> None:
    with pytest.raises(BadInput):
        read_label(picture)


@pytest.mark.parametrize(
    "text",
    [
        "", "hello", "(21)A", "(21)A(10)B(17)271340(92)p", "(21)A(21)A(10)B(17)270301(92)p", "(99)x",
        f"(21)A(10)B(17)270301(91){COI[:-1]}*(92)p", f"(21)A(91){COI[:-1]}*", f"(91){COI}", f"(21)A(10)B(91){COI}",
    ],
)  # fmt: skip
def test_foreign_or_broken_symbols_are_refused(text: str) -> None:
    with pytest.raises(BadInput):
        read_element_string(text)


def _vectors() -> dict[str, Any]:
    root = Path(os.environ.get("ONELOT_SHARED") or Path(__file__).resolve().parents[3] / "shared")
    path = root / "data" / "isbt128-vectors" / "vectors.json"
    if not path.is_file():
        if os.environ.get("CI") == "true":
            pytest.fail(f"{path} is missing, and this is CI")
        pytest.skip(f"{path} is not here")
    found: dict[str, Any] = json.loads(path.read_text())
    return found


@pytest.mark.shared
def test_isbt_strings_read_as_published() -> None:
    names = {"001": "din", "032": "division", "034": "processor_product"}
    for vector in _vectors()["valid"]:
        if vector.get("checksum_valid") is False:
            with pytest.raises(BadInput):
                isbt128.read_string(vector["raw"])
            continue
        found = isbt128.read_string(vector["raw"])
        assert bool(vector.get("compound")) == (found[0].kind == "compound")
        assert bool(vector.get("sec")) == (found[0].kind == "single_european_code")
        for wanted, got in zip(vector.get("structures", ()), found, strict=False):
            assert got.kind == names[wanted["id"]]
            if "fin" in wanted and got.din:
                assert got.din == isbt128.Din(wanted["fin"], wanted["year"], wanted["seq"], wanted["flags"], False)
            if "fin_processor" in wanted:
                assert list(got.parts.values()) == [
                    wanted["fin_processor"], wanted["facility_product_code"], wanted["product_description_code"],
                ]  # fmt: skip


@pytest.mark.shared
def test_isbt_strings_that_are_wrong_are_refused() -> None:
    for raw in _vectors()["invalid"]:
        with pytest.raises(BadInput):
            isbt128.read_string(raw)


@pytest.mark.shared
def test_typed_donation_numbers_need_their_check_character() -> None:
    for vector in _vectors()["mod37_2"]:
        din = isbt128.read_din(vector["din"] + vector["check_character"])
        assert din.checked and din.number == vector["din"]
        wrong = "B" if vector["check_character"] != "B" else "C"
        with pytest.raises(BadInput):
            isbt128.read_din(vector["din"] + wrong)


@given(st.text(max_size=40))
def test_no_text_breaks_the_isbt_reader(text: str) -> None:
    for read in (isbt128.read_string, isbt128.read_din):
        try:
            read(text)
        except BadInput as refusal:
            assert refusal.remedy
