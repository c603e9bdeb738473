"""The drawings hold what they are given: every letter, mark and number, well formed and escaped."""

import xml.etree.ElementTree as ET

import pytest

from onelot.app.drawings.editing import counts_table, sequence_view
from onelot.app.web.language import words_of
from onelot.tailor.editor.allele import Variant
from onelot.tailor.editor.design import as_dict, design
from onelot.tailor.genes import Genes

from .test_design import EDITORS, PAIR, Text, gene

SVG = "{http://www.w3.org/2000/svg}"


def texts(svg):
    return [(t.text, t.attrib) for t in ET.fromstring(svg).iter(f"{SVG}text")]


@pytest.mark.parametrize("strand", ["+", "-"])
def test_every_candidate_of_a_stretch_can_be_drawn(strand):
    text, transcript = gene(strand, 4)
    drawn = 0
    for at in range(70, 100):
        alt = {"A": "G", "G": "A", "C": "T", "T": "C"}[text[at]]
        variant = Variant("c", at + 1, text[at], alt)
        told = as_dict(design(Text({"c": text}), variant, "REF", EDITORS, Genes([transcript])))
        for candidate in told["candidates"]:
            svg = sequence_view(candidate, told["correction"], told["allele"])
            words = texts(svg)
            letters = [w for w, a in words if a["font-size"] == "17" and len(w) == 1]
            half = len(letters) // 2
            patient = text[:at] + alt + text[at + 1 :]
            span = patient[max(0, candidate["start"] - 5) : candidate["end"] + 5]
            assert "".join(letters[:half]).strip("·") == span
            assert "".join(letters[half:]) == "".join(PAIR.get(c, "N") if c != "·" else "·" for c in letters[:half])
            root = ET.fromstring(svg)
            classes = [r.attrib["class"] for r in root.iter(f"{SVG}rect")]
            assert classes.count("bystander") == 2 * len(candidate["bystanders"]) and classes.count("target") == 2
            for b in candidate["bystanders"]:
                assert any(f"position {b['window_position']}:" in w and f"at {b['pos']:,}" in w for w, _ in words)
            drawn += 1
    assert drawn > 50


def test_counts_are_told_and_escaped():
    svg = counts_table(
        {"<g&1>": {"0": 1, "1": 23456, "bulged": 0}, "b": {"0": 0, "1": 2, "bulged": 0}}, {"b": {"1": 7}}
    )
    words = [w for w, _ in texts(svg)]
    assert {"<g&1>", "23,456", "+7", "b"} <= set(words) and "bulged" not in words
    assert "never proof of safety" in " ".join(words)
    assert "no guide was searched" in counts_table({})
    many = counts_table({f"g{i}": {"0": i, "bulged": 1} for i in range(45)})
    assert "5 more guides" in many and "bulged" in many


def test_a_drawing_speaks_the_language_of_its_reader():
    german = words_of("de")["drawing"]
    text, transcript = gene("+", 4)
    variant = Variant("c", 81, text[80], {"A": "G", "G": "A", "C": "T", "T": "C"}[text[80]])
    told = as_dict(design(Text({"c": text}), variant, "REF", EDITORS, Genes([transcript])))
    drawn = "".join(sequence_view(each, told["correction"], told["allele"], german) for each in told["candidates"])
    drawn += counts_table({"g": {"0": 1, "bulged": 1}}, {"g": {"0": 1}}, german)
    said = " ".join(ET.fromstring(f"<all>{drawn}</all>").itertext())
    assert "Buchstaben und Orte" in said and "nie ein Beweis" in said and "mit Ausbuchtung" in said
    for each in ("target", "becomes", "other allele", "mismatches", "bulged", "strand", "checked", "missense", "gene"):
        assert f" {each}" not in said, each
