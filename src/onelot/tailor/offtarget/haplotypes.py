"""The stretches of a patient's haplotypes that differ from the reference, as far as a site can reach.

For every locus and every copy that differs there, a path runs from it to the right, taking at each further locus what a
copy carries that is consistent with the choices made so far; and to the left through reference letters only, since a
path whose first difference lies further left begins there. So every window of every consistent haplotype that holds a
difference lies whole in some path, and nothing in a path is inconsistent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from onelot.tailor.offtarget.calls import Loci, Locus, Unit, Unusable

#: Consistent combinations of copies searched in one window.
COMBINATIONS = 1024

Fetch = Callable[[int, int], str]


@dataclass(frozen=True, slots=True)
class Step:
    """What a path has at one locus: letters [first, last) of the path, as copy `copy` carries them."""

    locus: Locus
    first: int
    last: int
    copy: int

    def inside(self, start: int, end: int) -> bool:
        """Whether a site at letters [start, end) of the path holds a letter of it, or spans it where it has none."""
        return (start < self.last and self.first < end) if self.last > self.first else start < self.first < end


@dataclass(slots=True)
class Path:
    """A stretch of haplotype. `places[i]` is the reference position of letter i, `inserted[i]` that it is an
    insertion there."""

    text: list[str] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    inserted: list[bool] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    choices: dict[Unit, int] = field(default_factory=dict)
    position: int = 0

    def copy(self) -> Path:
        """A path that goes on independently."""
        return Path(self.text[:], self.places[:], self.inserted[:], self.steps[:], dict(self.choices), self.position)

    def add(self, letters: str) -> None:
        """Reference letters from the current position on."""
        self.text += letters
        self.places += range(self.position, self.position + len(letters))
        self.inserted += [False] * len(letters)
        self.position += len(letters)

    def take(self, locus: Locus, copy: int) -> None:
        """What a copy carries at a locus that starts at the current position.

        Its letters stand for the locus's reference letters one by one; further ones are inserted after those.
        """
        letters, size = locus.letters[copy], locus.end - locus.start
        self.steps.append(Step(locus, len(self.text), len(self.text) + len(letters), copy))
        self.text += letters
        self.places += [locus.start + min(i, size) for i in range(len(letters))]
        self.inserted += [i >= size for i in range(len(letters))]
        self.position = locus.end
        if locus.unit is not None:
            self.choices[locus.unit] = copy

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Letters [start, end) on the reference; an inserted letter lies at its point of insertion, without width."""
        last = self.places[end - 1] + (0 if self.inserted[end - 1] else 1)
        return self.places[start], last


def copies_at(locus: Locus, choices: dict[Unit, int]) -> tuple[int, ...]:
    """The copies a path may take at a locus, one for each different allele."""
    if locus.unit is None:
        return (0,)
    if locus.unit in choices:
        return (choices[locus.unit],)
    return (0, 1)


def paths(chrom: str, loci: Loci, fetch: Fetch, length: int, reach: int) -> Iterator[Path | Unusable]:
    """Every path of one sequence, and the windows left out.

    Args:
        chrom: the sequence's name.
        loci: the patient's loci on it.
        fetch: reference letters [start, end) of it.
        length: its length in bases.
        reach: letters of the longest site.
    """
    for number, locus in enumerate(loci.rows):
        for copy in (0,) if locus.unit is None else (0, 1):
            if not locus.changed(copy):
                continue
            for start, choices in _leftwards(loci, number, copy, reach):
                path = Path(choices=choices, position=start)
                path.add(fetch(start, locus.start))
                path.take(locus, copy)
                yield from _rightwards(chrom, loci, number, path, fetch, length, reach)


def _leftwards(loci: Loci, number: int, copy: int, reach: int) -> Iterator[tuple[int, dict[Unit, int]]]:
    """Where a path may begin left of a locus, reference letters only, with the choices that makes necessary."""
    locus = loci.rows[number]
    choices: dict[Unit, int] = {} if locus.unit is None else {locus.unit: copy}
    limit = max(0, locus.start - (reach - 1))
    near = loci.rows[loci.first_from(limit - loci.longest) : number]
    for other in near:
        if other.end <= locus.start:
            continue
        # overlaps the locus taken: only a copy that is unchanged there is consistent with it
        possible = [c for c in copies_at(other, choices) if not other.changed(c)]
        if not possible:
            return
        if other.unit is not None:
            choices = {**choices, other.unit: possible[0]}
    for other in reversed(near):
        if other.end <= limit or other.end > locus.start:
            continue
        possible = [c for c in copies_at(other, choices) if not other.changed(c)]
        if possible and other.unit in choices:
            continue
        # a window may begin right of it whatever it holds
        yield other.end, dict(choices)
        if not possible:
            return
        if other.unit is not None:
            choices = {**choices, other.unit: possible[0]}
    yield limit, choices


def _rightwards(
    chrom: str, loci: Loci, number: int, path: Path, fetch: Fetch, length: int, reach: int
) -> Iterator[Path | Unusable]:
    """All consistent ways on from a locus, `reach - 1` letters after it."""
    begun = len(path.text)
    open_paths, done = [path], []
    at = number + 1
    while open_paths and at < len(loci.rows):
        further = loci.rows[at]
        still, grown = [], []
        for each in open_paths:
            if further.start - each.position >= reach - 1 - (len(each.text) - begun):
                done.append((each, further.start))
                continue
            still.append(each)
            onward = _past(each, further, fetch)
            if not onward:
                yield Unusable(chrom, further.start, further.end, "overlaps another variant on the same haplotype")
            grown += onward
        if len(grown) * 2 > COMBINATIONS:
            yield Unusable(
                chrom, loci.rows[number].start, further.end + 1,
                f"more than {COMBINATIONS:,} consistent combinations in windows that hold both ends",
            )  # fmt: skip
            done += [(each, max(each.position, further.start)) for each in still]
            grown = []
        open_paths = grown
        at += 1
    done += [(each, length) for each in open_paths]
    for each, stop in done:
        free = reach - 1 - (len(each.text) - begun)
        if free > 0 and each.position < stop:
            each.add(fetch(each.position, min(stop, each.position + free)))
        yield each


def _past(path: Path, locus: Locus, fetch: Fetch) -> list[Path]:
    """A path led past one more locus, once for every allele it may take
    there."""
    if locus.start < path.position:
        # inside what an earlier allele replaced: consistent only for a copy that is unchanged here
        same = [c for c in copies_at(locus, path.choices) if not locus.changed(c)]
        if not same:
            return []
        kept = path.copy()
        if locus.unit is not None:
            kept.choices[locus.unit] = same[0]
        return [kept]
    led = []
    for copy in copies_at(locus, path.choices):
        onward = path.copy()
        onward.add(fetch(onward.position, locus.start))
        onward.take(locus, copy)
        led.append(onward)
    return led
