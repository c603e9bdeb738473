"""What of a page is not in the page's language: an oracle that knows English by its small words, and nothing of onelot.

A text counts when it stands in the page as running text or in an attribute that is read aloud, and not inside something
that says it is another language (`lang`), an identifier (`ident`), code, or a value the reader typed. English is
recognised by words that are no German words and no names.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser

# Small words, and the field's words that have another form in German. Units (cells) are codes and no words.
_ENGLISH = """
    a about above across adequate after again already always and any anybody are as ask asked at available away
    back bags batch be because been before begin being below bedside between both but by can cannot change changed
    check choose clear closed collect collected collection come comes complete compare compared conditioning
    consent container containers correct corrected count day days decide decided decision delivered deviation
    deviations device did document done dose drug drugs each eligible empty ended enough enter entered equipment
    every evidence expired expires fact facts false filled find first following for found freeze from fresh given
    gives go goes greatest ground guidance has have hold holds hour hours how identity if instead into is item its
    itself kept label labels last lead least left less limits look made make makes manufacture many markers may
    measure measured missing more most must named names needs never new next no nobody none nothing now of old on
    once one only open or order ordered other out over own patient's people picked place planned please prescriber
    qualified read reason received receive recipe record recorded refused release released remain requires result
    results room rule run runs said same sample scan scanned second see seen send sent set shelf shipment shipper
    show shown sign signature signed since slot some source stale start started state step stock stop store stored
    supply take taken tailoring tell tested than that the their them then there these they thing things this time
    to told too transfer true two unit unknown unless until unverified use used using valid value values verified
    verify viable viability wait weight well were what when where which while who whole whose why with within
    without work written wrong yes you your
"""
ENGLISH = frozenset(_ENGLISH.split())
# A `title` repeats what its element says, where it can be marked; the others are read aloud in its stead.
_SPOKEN = ("aria-label", "placeholder", "alt")
_VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


class Leftovers(HTMLParser):
    """Reads a page; `found` holds the texts in which English stands where the page says it is in `language`."""

    def __init__(self, text: str, language: str = "de", data: frozenset[str] = frozenset()) -> None:
        super().__init__()
        self.language, self.data, self.found = language, data, []  # type: ignore[var-annotated]
        self._open: list[tuple[str, bool]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        told = self._open[-1][1] if self._open else False
        if "lang" in given:
            told = given["lang"] == self.language
        if given.get("translate") == "no":
            told = False
        apart = tag in ("script", "style", "code", "svg:code") or "ident" in given.get("class", "").split()
        here = told and not apart
        if here or (told and apart and tag not in ("code",)):
            for name in _SPOKEN:
                self._look(given.get(name, ""))
        if tag == "html":
            here = given.get("lang") == self.language
        if tag not in _VOID:
            self._open.append((tag, here))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        while self._open and tag not in _VOID:
            if self._open.pop()[0] == tag:
                break

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1][1]:
            self._look(data)

    def _look(self, text: str) -> None:
        said = " ".join(text.split())
        if not said or said in self.data:
            return
        # What holds digits, strokes or underscores is a name of something.
        words = [each for each in re.split(r"\s+", said) if not re.search(r"[\d_/@#`]|\w-\w|\w\.\w", each)]
        plain = {word for each in words for word in re.findall(r"[^\W\d_]+", each)}
        if ENGLISH & {word.lower() for word in plain if not word.isupper()}:
            self.found.append(said)
