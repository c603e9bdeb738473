from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path
from string import Formatter

import pytest

import onelot.app.web as web
from onelot.app.authority import table
from onelot.app.commands import all_commands, everything  # noqa: F401  (registers every command)
from onelot.app.web.language import LANGUAGES, preferred, words_of
from onelot.app.web.language.saying import Speaker
from onelot.app.web.shown import shown_unit, with_moments
from onelot.app.web.shown import words as said_in_words
from onelot.record.events import types
from onelot.record.life import TABLES

FOLDER = Path(web.__file__).parent / "templates"
PAGES = sorted(FOLDER.rglob("*.html"))


@pytest.mark.parametrize("language", sorted(set(LANGUAGES) - {"en"}))
def test_a_language_has_every_word_with_the_same_blanks(language: str) -> None:
    first, other = words_of("en"), words_of(language)
    assert set(first) == set(other)
    for room in set(first) - {"names"}:
        assert set(first[room]) == set(other[room]), room
        for key, text in first[room].items():
            assert str(other[room][key]).strip(), (room, key)
            blanks = [
                {name for _, name, _, _ in Formatter().parse(str(each)) if name} for each in (text, other[room][key])
            ]
            assert blanks[0] == blanks[1], (room, key)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_templates_hold_no_words_of_their_own(page: Path) -> None:
    body = re.sub(r"\{% block kind %\}[a-z ]*\{% endblock %\}", " ", page.read_text())  # a class, not a word
    text = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", " ", body, flags=re.S)
    said = re.sub(r"<[^>]*>|&\w+;", " ", text, flags=re.S).replace("onelot", "")
    assert not re.findall(r"[A-Za-zÄÖÜäöüß]{2,}", said)
    spoken = re.findall(r'(?:aria-label|title|placeholder|alt)="([^"]*)"', text)
    assert not [each for each in spoken if re.search(r"[A-Za-z]{2,}", each) and each != "SIMULATED"]


def test_german_has_a_word_for_every_name_that_is_shown() -> None:
    names = words_of("de")["names"]
    states = {
        state for rows, _ in TABLES.values() for state in (*rows, *(to for row in rows.values() for to in row.values()))
    }
    states |= {to for _, anywhere in TABLES.values() for to in anywhere.values() if to}
    shown = {field.name for event in types().values() for field in fields(event)}
    for what in (types(), all_commands(), table()["roles"], table()["pages"], states, shown):
        assert not sorted(set(what) - set(names))
    assert all(str(word).strip() and not re.search(r"[_{}]", str(word)) for word in names.values())


@pytest.mark.parametrize(
    ("ucum", "shown"),
    [
        ("{copies}/{cells}", "copies/cells"),
        ("{score}", "score"),
        ("10*6/kg", "10*6/kg"),
        ("[iU]/mL", "[iU]/mL"),
        ("", ""),
    ],
)
def test_units_are_read_without_ucum_s_braces(ucum: str, shown: str) -> None:
    assert shown_unit(ucum) == shown


def test_no_word_bears_the_name_of_something_a_template_would_find_first() -> None:
    # In a template `t.room.values` is the dictionary's own method, whatever stands in the file.
    for room, said in words_of("en").items():
        assert room == "names" or not set(said) & set(dir(dict)), room


def test_every_page_in_the_head_has_its_word() -> None:
    assert set(words_of("en")["nav"]) <= set(table()["pages"])


def test_the_browser_s_first_known_language_is_spoken() -> None:
    assert preferred("", "fr-CH, de;q=0.9, en;q=0.8") == "de"
    assert preferred("en", "de") == "en" and preferred("xx", "") == "en"


def test_numbers_of_ours_and_symbols_of_genes_are_no_words() -> None:
    given = {"t": words_of("en"), "speaker": Speaker("en")}
    said = {"DEV-B-Q83SKOJKT6U5K-1-2": "DEV-B-Q83SKOJKT6U5K-1-2", "pgx_ABCG2": "ABCG2",
            "NothingOfTheKind": "nothing of the kind", "some_state": "some state"}  # fmt: skip
    for name, wanted in said.items():
        assert said_in_words(given, name) == wanted  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "typed", ["2026-02-30T10:00Z", "0000-01-01T00:00Z", "9999-12-31T23:59-23:59", "2026-01-01T24:61Z"]
)
def test_what_looks_like_a_moment_and_is_none_is_shown_as_it_was_typed(typed: str) -> None:
    given = {"t": words_of("en")}
    assert with_moments(given, f"'{typed}' is no time") == f"'{typed}' is no time"  # type: ignore[arg-type]
    assert with_moments(given, "until 2026-11-22T09:12+00:00, then") == "until 22 Nov 2026 09:12 UTC, then"  # type: ignore[arg-type]
