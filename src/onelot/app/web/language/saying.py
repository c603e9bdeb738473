"""Says in the reader's language what the house says in English: refusals, findings, and words of signed recipes.

English is the language of the record, of the API and of the logs; a page translates when it shows. A language holds in
`LANGUAGE/said/*.json` a catalogue: English template -> its own, with numbered blanks in place of what is filled in. In
its own template a blank says what stands in it:

    {0}     a name, number or identifier: left as it is
    {0:w}   one of our words, or several with commas between: a role, a state, a field
    {0:t}   another text of ours or of a recipe, or several with semicolons between

The template with the most words of its own that fits is taken, so what comes out does not depend on any order. A text
that fits nothing is given back in English, and as English, so that a page can say which language it is in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from string import Formatter

import orjson

from onelot.app.web.language import FIRST, words_of

_LONGEST = 4  # parts of one text between semicolons
_DEEPEST = 4  # texts within texts; deeper is nobody's sentence
_JOINTS = (": ", ", ")
# A template with few letters of its own fits much that is not ours (`{0} at {1}`): below the one it is not looked for
# in what people wrote, below the other its blanks hold single words only.
_LIGHT, _HEAVY = 10, 16
_KEPT = 4096  # texts a speaker remembers
# In place of a recipe's text that is looked at as one stands a character of Unicode's private use.
_KEPT_FROM, _MOST_KEPT = 0xE000, 64
_KEEPS = re.compile("[\ue000-\ue03f]")


@dataclass(frozen=True)
class Piece:
    """Part of what is said; foreign: it stayed in English."""

    text: str
    foreign: bool = False


@dataclass(frozen=True)
class _Template:
    """literals: the fixed parts around and between the blanks, one more than blanks; said: the parts of the other
    language, each a text or (number of the blank, kind)."""

    literals: tuple[str, ...]
    said: tuple[str | tuple[int, str], ...]

    @property
    def weight(self) -> int:
        return sum(map(len, self.literals))

    def fills(self, text: str) -> tuple[str, ...] | None:
        """What stands in the blanks, the earliest fit, in one pass; None when the text is not of this form."""
        first, *between, last = self.literals
        if not text.startswith(first) or not text.endswith(last) or len(text) < self.weight:
            return None
        at, end, found = len(first), len(text) - len(last), []
        for literal in between:
            here = text.find(literal, at, end)
            if here < 0:
                return None
            found.append(text[at:here])
            at = here + len(literal)
        return (*found, text[at:end])


def _template(english: str, own: str) -> _Template:
    literals, blanks = [""], 0
    for literal, name, _, _ in Formatter().parse(english):
        literals[-1] += literal
        if name is not None:
            literals.append("")
            blanks += 1
    said: list[str | tuple[int, str]] = []
    for literal, name, kind, _ in Formatter().parse(own):
        if literal:
            said.append(literal)
        if name is not None:
            said.append((int(name), kind or ""))
    return _Template(tuple(literals), tuple(said))


@cache
def catalogue(language: str) -> dict[str, str]:
    """English template -> template, of everything the house can say in this language; empty for English."""
    folder = files(__package__) / language / "said"
    found: dict[str, str] = {}
    if folder.is_dir():
        for each in sorted(folder.iterdir(), key=lambda each: each.name):
            found |= orjson.loads(each.read_bytes())
    return found


class Speaker:
    """Says texts in one language.

    language: its code. recipes: English -> the language, out of signed recipes. titles: name of a phase, a measured
    value, a test, a parameter or a fact -> what it is called.
    """

    def __init__(
        self, language: str, recipes: Mapping[str, str] | None = None, titles: Mapping[str, str] | None = None
    ) -> None:
        self.language = language
        self._titles = dict(titles or {})
        # A sentence of ours takes a title up in small letters: `supply body weight with its date`.
        self._recipes = {text.lower(): said for text, said in (recipes or {}).items()} | dict(recipes or {})
        self._jointed = _any_of(text for text in self._recipes if any(joint in text for joint in (*_JOINTS, "; ")))
        self._kept: dict[str, tuple[Piece, ...]] = {}

    def say(self, text: str) -> tuple[Piece, ...]:
        """The text in pieces: ours in the reader's language, what has no translation in English."""
        if self.language == FIRST or not text:
            return (Piece(text),)
        found = self._kept.get(text)
        if found is None:
            found = self._whole(text) or (Piece(text, foreign=_is_language(text)),)
            if len(self._kept) < _KEPT:
                self._kept[text] = found
        return found

    def knows(self, text: str) -> bool:
        """Whether this is wholly a text of ours, rather than what a person wrote in words that happen to be alike."""
        if self.language == FIRST:
            return True
        said = self._whole(text, least=_LIGHT)
        return said is not None and not any(piece.foreign for piece in said)

    def _whole(self, text: str, least: int = 0) -> tuple[Piece, ...] | None:
        """A text with what it holds of a recipe kept together: `Identity: the patient's own cells` divides nowhere."""
        held, kept = self._held(text)
        if not kept or text in _exact(self.language):
            return self._said(text, _DEEPEST, least)
        found = self._said(held, _DEEPEST, least)
        whole = tuple(self._given_back(piece, kept) for piece in found) if found else None
        if whole is not None and not _foreign(whole):
            return whole
        plain = self._said(text, _DEEPEST, least)
        return plain if whole is None or (plain is not None and _foreign(plain) < _foreign(whole)) else whole

    def _held(self, text: str) -> tuple[str, list[str]]:
        """A text with one character in place of each text of a recipe that has a joint of its own; and those texts."""
        kept: list[str] = []

        def keep(found: re.Match[str]) -> str:
            kept.append(found[0])
            return chr(_KEPT_FROM + len(kept) - 1)

        if self._jointed is None or _KEEPS.search(text):
            return text, []
        held = self._jointed.sub(keep, text)
        return (held, kept) if len(kept) <= _MOST_KEPT else (text, [])

    def _given_back(self, piece: Piece, kept: list[str]) -> Piece:
        """A piece with the recipe's texts in place of what stood for them."""

        def back(found: re.Match[str]) -> str:
            text = kept[ord(found[0]) - _KEPT_FROM]
            return text if piece.foreign else self._recipes[text]

        return Piece(_KEEPS.sub(back, piece.text), piece.foreign)

    def _said(self, text: str, deep: int, least: int = 0) -> tuple[Piece, ...] | None:
        """The pieces, or None when nothing of ours fits. least: how much of its own a template must have."""
        if not _has_words(text):
            return (Piece(text),)
        known = self._recipes.get(text) or _exact(self.language).get(text) or self.word(text)
        if known is not None:
            return (Piece(known),)
        if deep <= 0:
            return None
        several = self._joined(text, "; ", deep - 1)
        if several is not None:
            return several
        for template in _fitting(self.language, text):
            fills = template.fills(text)
            if template.weight >= least and fills is not None and self._fits(template, fills):
                return tuple(self._fill(template, fills, deep - 1))
        return next((each for joint in _JOINTS if (each := self._joined(text, joint, deep - 1))), None)

    def _fits(self, template: _Template, fills: tuple[str, ...]) -> bool:
        """Whether what stands in the blanks can stand there: a word is one of ours or a name without spaces."""
        kinds = dict(part for part in template.said if not isinstance(part, str))
        for number, given in enumerate(fills):
            kind = kinds.get(number, "")
            if kind == "w" and not all(self.word(each) or not re.search(r"\s", each) for each in given.split(", ")):
                return False
            if kind == "" and template.weight < _HEAVY and re.search(r"\s", given) and given[0] not in "'\"":
                return False
        return True

    def _fill(self, template: _Template, fills: tuple[str, ...], deep: int) -> Iterator[Piece]:
        for part in template.said:
            if isinstance(part, str):
                yield Piece(part)
                continue
            number, kind = part
            given = fills[number]
            if kind == "w":
                yield Piece(", ".join(self.word(each) or each for each in given.split(", ")))
            elif kind == "t":
                yield from self._said(given, deep) or (Piece(given, foreign=_is_language(given)),)
            else:
                yield Piece(given)

    def _joined(self, text: str, joint: str, deep: int) -> tuple[Piece, ...] | None:
        """Several texts in one, every one of them known: `a; b`, `why: what`, `one, two`."""
        # After a colon there may stand another one; the first divides.
        parts = self._together(text.split(joint, 1 if joint == ": " else -1), joint)
        if len(parts) < 2:
            return None
        pieces: list[Piece] = []
        for number, part in enumerate(parts):
            said = self._said(part, deep)
            if said is None or any(each.foreign for each in said):
                return None
            pieces += [Piece(joint)] if number else []
            pieces += said
        return tuple(pieces)

    def _together(self, parts: list[str], joint: str) -> list[str]:
        """Parts that are one text of a recipe, put together again: `up to 30 %; our guess`."""
        found: list[str] = []
        at = 0
        while at < len(parts):
            ends = range(min(len(parts), at + _LONGEST), at + 1, -1)
            end = next((end for end in ends if self._is_one(joint.join(parts[at:end]))), at + 1)
            found.append(joint.join(parts[at:end]))
            at = end
        return found

    def _is_one(self, text: str) -> bool:
        kind, colon, rest = text.partition(": ")
        return text in self._recipes or (
            bool(colon) and f"{kind}: {{0}}" in catalogue(self.language) and rest in self._recipes
        )

    def word(self, name: str) -> str | None:
        """A name in plain words, or None where nobody gave it any."""
        found = words_of(self.language)["names"].get(name) or self._titles.get(name) or _exact(self.language).get(name)
        return str(found) if found else None


def _any_of(texts: Iterable[str]) -> re.Pattern[str] | None:
    """Finds any of these texts where it is not part of a longer word; the longest first. None for no texts."""
    found = sorted(texts, key=lambda text: (-len(text), text))
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, found))})(?!\w)") if found else None


def _foreign(pieces: Iterable[Piece]) -> int:
    """How many characters stayed in English."""
    return sum(len(piece.text) for piece in pieces if piece.foreign)


@cache
def _exact(language: str) -> dict[str, str]:
    return {english: own for english, own in catalogue(language).items() if not _blank(english)}


@cache
def _templates(language: str) -> dict[str, tuple[_Template, ...]]:
    """First two letters of the fixed beginning ("" where a blank stands first) -> templates, heaviest first."""
    found: dict[str, list[tuple[str, _Template]]] = {}
    for english, own in catalogue(language).items():
        if _blank(english):
            template = _template(english, own)
            start = template.literals[0]
            found.setdefault(start[:2] if len(start) >= 2 else "", []).append((english, template))
    return {
        start: tuple(template for _, template in sorted(each, key=lambda one: (-one[1].weight, one[0])))
        for start, each in found.items()
    }


def _fitting(language: str, text: str) -> list[_Template]:
    """The templates this text may be of, the one with the most words of its own first."""
    kept = _templates(language)
    return sorted((*kept.get(text[:2], ()), *kept.get("", ())), key=lambda each: -each.weight)


def _blank(english: str) -> bool:
    return any(name is not None for _, name, _, _ in Formatter().parse(english))


def _is_language(text: str) -> bool:
    """Whether this is in a language at all, and not an identifier, a code or a number."""
    return _has_words(text) and (re.search(r"\s", text) is not None or text.isalpha())


def _has_words(text: str) -> bool:
    return re.search(r"[^\W\d_]{2,}", text) is not None
