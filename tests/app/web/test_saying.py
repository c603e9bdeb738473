from __future__ import annotations

import re
from string import Formatter

import pytest

from onelot.app.commands import all_commands, everything  # noqa: F401  (registers every command)
from onelot.app.web.language import LANGUAGES, words_of
from onelot.app.web.language.saying import Speaker, catalogue
from onelot.record.errors import Held
from tests.app.web.refusal_texts import BLANK, modules, refusal_texts

OTHERS = sorted(set(LANGUAGES) - {"en"})
# Modules whose refusals no page can show, with the reason. Everything else must be said in every language.
NOT_ON_PAGES = {
    "onelot.app.cli": "the command line speaks the language of the record",
    "onelot.app.api.application": "answers of the API are in the language of the record",
    "onelot.app.api.people": "the same",
    "onelot.app.api.rates": "the same",
    "onelot.app.api.reading": "the same",
    "onelot.app.api.server": "starts before anything is served",
    "onelot.app.api.signing_in": "the same",
    "onelot.app.api.table": "the same",
    "onelot.app.demo": "starts on the command line",
    "onelot.app.cohort": "read before anything is served",
    "onelot.app.doctor": "a command",
    "onelot.app.home": "read before anything is served",
    "onelot.app.schemas": "a developer's command",
    "onelot.app.learning": "a command",
    "onelot.app.syslog": "settings read before anything is served",
    "onelot.app.safekeeping": "backup and restore are commands",
    "onelot.app.offtarget": "searched on the command line; pages read the recorded result",
    "onelot.app.offtarget_ray": "the same",
    "onelot.app.editing": "the same",
    "onelot.app.drawings": "a drawing's own refusals are our defects",
    "onelot.app.simulation.report": "a command",
    "onelot.tailor.editor": "designed on the command line; pages read the recorded result",
    "onelot.tailor.offtarget": "the same",
    "onelot.adapters.genome": "reference genomes are read on the command line",
    "onelot.adapters.genome_genes": "the same",
    "onelot.adapters.genome_sources": "the same",
    "onelot.adapters.genome_variants": "the same",
    "onelot.adapters.hla_groups": "typing is read on the command line",
    "onelot.adapters.isbt128": "a command",
    "onelot.adapters.claims": "no refusal reaches a page",
    "onelot.adapters.label_drawing": "a drawing's own refusals are our defects",
    "onelot.adapters.postgres.embedded": "starts before anything is served",
    "onelot.adapters.postgres.folders": "the same",
    "onelot.adapters.postgres.group": "the same",
    "onelot.adapters.postgres.migrations": "the same",
    "onelot.adapters.postgres.programs": "the same",
    "onelot.adapters.postgres.schema": "the same",
    "onelot.profile.hla": "typing is read on the command line",
    "onelot.profile.naming": "names of variants are made on the command line",
    "onelot.twin.cells": "the world of a simulation refuses its driver, not a person",
    "onelot.twin.cohort": "the same",
    "onelot.twin.equipment": "the same",
    "onelot.twin.faults": "the same",
    "onelot.twin.invariants": "the same",
    "onelot.twin.world": "the same",
}


def reaches_pages(module: str) -> bool:
    return not any(
        module == name or module.startswith(name if name.endswith(".") else f"{name}.") for name in NOT_ON_PAGES
    )


def numbered(text: str) -> str:
    """A template as the catalogue writes it: blanks by their number."""
    parts = [each.replace("{", "{{").replace("}", "}}") for each in text.split(BLANK)]
    return "".join(part + (f"{{{number}}}" if number < len(parts) - 1 else "") for number, part in enumerate(parts))


def blanks(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def needed() -> dict[str, str]:
    """Template -> module, of everything a page can be told. A text without a space is a name."""
    return {
        numbered(text): module
        for module, texts in refusal_texts().items()
        if reaches_pages(module)
        for text in texts
        if " " in text.strip() and not text.startswith("select ")
    }


def test_the_reader_of_the_source_sees_what_it_should() -> None:
    found = needed()
    assert len(found) > 1800
    # A plain text, one with blanks, one of two branches, one through a helper, a finding, a constant.
    for text in (
        "this page is not for your role",
        "there is no {0} {1} for you",
        "the password is too short",
        "{0} has no time zone",
        "no identity test",
        "a signature covers what the signer has seen",
        "docs/facts.md: a required fact must be known",
    ):
        assert text in found, text


def test_modules_left_out_exist() -> None:
    known = set(modules())
    for name in NOT_ON_PAGES:
        assert name.rstrip(".") in known, name


@pytest.mark.parametrize("language", OTHERS)
def test_every_refusal_is_said_in_every_language(language: str) -> None:
    said = catalogue(language)
    lacking = {text: module for text, module in needed().items() if text not in said}
    assert not lacking
    for english, own in said.items():
        assert own.strip() or not english.strip(), english
        assert blanks(english) == blanks(own) or english.startswith(PYDANTIC), english
        kinds = {kind for _, name, kind, _ in Formatter().parse(own) if name is not None}
        assert kinds <= {"", "w", "t"}, own


@pytest.mark.parametrize("language", OTHERS)
def test_nothing_in_the_catalogue_is_left_from_a_text_that_is_gone(language: str) -> None:
    kept = {numbered(text) for texts in refusal_texts().values() for text in texts}
    assert not [text for text in catalogue(language) if text not in kept | OWN and not text.startswith(PYDANTIC)]


# How pydantic's messages on a field begin; which of them come up is its business.
PYDANTIC = (
    "Field required", "String should", "Input should", "Expected UploadFile", "Value error", "Extra inputs",
    "Unexpected keyword", "Unable to extract",
)  # fmt: skip
# What the pages build themselves, or rooms by a table: states of a chain, limits, sources with their kind, the verdict
# on a test with its value, what donor testing puts on a label.
OWN = {
    "{0}: {1} ({2})", "{0} is out of specification", "{0} is out of specification: {1}", "{0} is negative to date",
    "{0} was corrected and not judged anew", "{0} was corrected and not judged anew: {1}", "{0} has no valid result",
    "reject, or weigh exceptional supply with the physician", "judge the corrected result anew",
    "wait for the final result, or release conditionally if allowed",
    "test by the specification's method, against today's limit",
    "autologous use only", "autologous use only; not evaluated", "autologous use only; biohazard",
    "{0} (unknown)", "{0} is at {1}", "signing password", "badge and PIN", "own session",
    "{0} withdrawn", "{0} never given", "unverified: {0}", "assumption: {0}", "{0}: refused, {1}",
    "unbroken: {0} events; signatures checked: {1}", "broken at event {0}", "signature of event {0} does not verify",
    "≥ {0} {1} {2} and ≤ {3} {4} {5}", "≥ {0} {1} {2}", "≤ {0} {1} {2}", "none", "past", "erased",
    "not for your role", "yes", "no", "never", "negative to date", "no growth to date", "not detected to date",
    "{0}: {1}. A qualified person has to decide.",
    "{0}: {1}. Decided by {2}.", "{0}: {1}.",
}  # fmt: skip


def shown(text: str, speaker: Speaker | None = None) -> str:
    return "".join(f"<{each.text}>" if each.foreign else each.text for each in (speaker or Speaker("de")).say(text))


@pytest.mark.parametrize(
    ("english", "german"),
    [
        ("this page is not for your role", "diese Seite ist nicht für Ihre Rolle"),
        ("there is no batch B-7 for you", "für Sie gibt es hier nichts unter: Charge B-7"),
        (
            "role table: release is for qp, qa_reviewer",
            "Rollentabelle: Freigabe ist für Sachkundige Person, Qualitätssicherung",
        ),
        (
            "the batch is held: identity does not agree: container: scanned A1, expected A2",
            "die Charge ist angehalten: die Identität stimmt nicht: Behälter: gescannt A1, erwartet A2",
        ),
        # A person's own words stay as they are, inside a sentence of ours too.
        ("major deviation open: the bag leaked", "Abweichung offen (schwer): <the bag leaked>"),
        ("somebody wrote this", "<somebody wrote this>"),
        ("2026-11-22", "2026-11-22"),
        ("", ""),
    ],
)
def test_a_refusal_is_said_in_german(english: str, german: str) -> None:
    assert shown(english) == german
    assert shown(english, Speaker("en")) == english


def test_what_a_person_wrote_is_not_taken_for_ours() -> None:
    speaker = Speaker("de")
    assert speaker.knows("this page is not for your role") and speaker.knows("open") and speaker.knows("B-7")
    assert not any(map(speaker.knows, ("leak at port", "the bag leaked", "pump is warm", "recipe lost")))


def test_a_text_of_a_recipe_with_a_semicolon_is_one_text() -> None:
    speaker = Speaker("de", {"up to 30 %; our guess": "bis zu 30 %; unsere Vermutung", "a kit": "ein Kit"})
    joined = "assumption: up to 30 %; our guess; unverified: a kit"
    assert shown(joined, speaker) == "Annahme: bis zu 30 %; unsere Vermutung; nicht geprüft: ein Kit"


def test_a_verdict_on_a_test_is_said_with_its_value_and_limit() -> None:
    speaker = Speaker("de", {"Viability": "Viabilität", "of CD45+CD3+": "der CD45+CD3+"})
    assert shown("Viability: 89.6 % (≥ 80 % of CD45+CD3+)", speaker) == "Viabilität: 89.6 % (≥ 80 % der CD45+CD3+)"
    assert (
        shown("Viability is out of specification: 60 %", speaker) == "Viabilität ist außerhalb der Spezifikation: 60 %"
    )
    assert shown("Viability is negative to date", speaker) == "Viabilität ist bisher negativ"
    assert shown("autologous use only; biohazard", speaker) == "nur zur autologen Anwendung; biologisches Risiko"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{0}", "{1}"),
        ("{0}: match (match)", "{1}: Übereinstimmung (Übereinstimmung)"),
        ("{0} is out of specification: mismatch", "{1} ist außerhalb der Spezifikation: keine Übereinstimmung"),
        ("{0} has no valid result; Viability is negative to date",
         "{1} hat kein gültiges Ergebnis; Viabilität ist bisher negativ"),
        ("the clinical lot is not ordered: {0}: no document is recorded; Viability: no document is recorded",
         "das klinische Los ist nicht bestellt: {1}: kein Dokument ist aufgenommen; Viabilität: kein Dokument ist "
         "aufgenommen"),
        ("critical, open: {0} is out of specification", "kritisch, offen: {1} ist außerhalb der Spezifikation"),
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    ("title", "own"),
    [("Identity: the patient's own cells", "Identität: Zellen des Patienten selbst"),
     ("Endotoxin, in process", "Endotoxin, im Prozess"), ("Purity; by mass: all", "Reinheit; nach Masse: alles")],
)  # fmt: skip
def test_a_title_with_joints_of_its_own_stays_whole_inside_a_verdict(
    title: str, own: str, text: str, said: str
) -> None:
    speaker = Speaker("de", {title: own, "Viability": "Viabilität"})
    assert shown(text.format(title), speaker) == said.format("", own)
    assert all(not piece.foreign for piece in speaker.say(text.format(title)))


def test_a_title_is_not_found_inside_another_word_nor_in_what_is_no_text_of_ours() -> None:
    speaker = Speaker("de", {"Dose: least": "Dosis: kleinste"})
    assert shown("Overdose: least seen by many", speaker) == "<Overdose: least seen by many>"
    assert shown("he said Dose: least, and left", speaker) == "<he said Dose: least, and left>"
    assert not speaker.knows("he said Dose: least, and left")
    assert shown("\ue000 Dose: least", speaker) == "<\ue000 Dose: least>"


def test_words_of_a_recipe_are_said_inside_a_refusal() -> None:
    speaker = Speaker("de", {"Body weight": "Körpergewicht"})
    refusal = Held("x", rule="y", remedy="supply body weight in kg with its date")
    assert shown(refusal.remedy, speaker) == "liefern Sie Körpergewicht in kg, mit Datum"
    assert shown(refusal.remedy) == "liefern Sie <body weight> in kg, mit Datum"


@pytest.mark.parametrize("text", ["; " * 2000, ": " * 2000, "a, b; " * 600, "is " * 1300, "{0}" * 1300, "\0" * 4000])
def test_a_hostile_text_is_looked_through_in_one_pass(text: str) -> None:
    assert "".join(each.text for each in Speaker("de").say(text)) == text


def test_every_meaning_of_a_signature_has_its_words() -> None:
    for command in all_commands().values():
        if command.meaning:
            assert Speaker("de").knows(command.meaning), command.meaning


def test_no_english_is_left_in_german_words() -> None:
    small = re.compile(r"\b(the|of|and|with|from|to|not|is|are|this|each|every|by|for)\b")
    for room in ("refused", "step", "bedside", "intake"):
        assert not [text for text in words_of("de")[room].values() if small.search(str(text))]
