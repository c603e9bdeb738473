"""A search spread over Ray gives what one machine gives, and goes on from what was kept."""

import random
import sys
from pathlib import Path

import numpy as np
import pytest

from onelot.adapters.genome import open_genome
from onelot.app import offtarget as running
from onelot.app.offtarget import Kept, run_chunks
from onelot.app.offtarget_ray import LOCAL, on_ray
from onelot.record.errors import Mismatch, Refused
from onelot.tailor.offtarget import search as searching
from onelot.tailor.offtarget.pattern import Guide, Limits, Pam
from onelot.tailor.offtarget.search import Query, chunks
from tests.tailor.offtarget.test_cli import call


@pytest.fixture(scope="module")
def genome(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two sequences of more than one chunk together, and guides that are found in both."""
    folder, rng = tmp_path_factory.mktemp("ray"), random.Random(3)
    letters = ["".join(rng.choices("ACGT", k=size)) for size in (searching.CHUNK + 5000, 40_000)]
    (folder / "g.fa").write_text("".join(f">s{n}\n{text}\n" for n, text in enumerate(letters)))
    places = (letters[0].index("GG", 3000), letters[1].index("GG", 3000), letters[0].index("GG", searching.CHUNK + 100))
    spacers = [letters[n][at - 21 : at - 1] for n, at in zip((0, 1, 0), places, strict=True)]
    (folder / "guides.txt").write_text("\n".join(spacers) + "\n")
    open_genome(folder / "g.fa")
    return folder


def query(folder: Path) -> Query:
    spacers = (folder / "guides.txt").read_text().split()
    return Query(tuple(Guide(each, each) for each in spacers), Pam("NGG", 3), Limits(4, 1, 1))


def test_without_ray_it_says_what_to_install(genome: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(Refused, match="not installed") as refused:
        on_ray(genome / "g.fa", "", query(genome), LOCAL)
    assert "onelot[ray]" in refused.value.remedy


def test_the_table_is_the_same_byte_for_byte(genome: Path) -> None:
    pytest.importorskip("ray", reason="the optional extra ray is not installed")
    words = ("offtarget", "--reference", genome / "g.fa", "--guides", genome / "guides.txt", "--mismatches", "4")
    words = (*words, "--dna-bulges", "1", "--rna-bulges", "1", "--json")
    for out, more in (("one.tsv", ()), ("ray.tsv", ("--ray", LOCAL, "--workers", "2"))):
        assert call(*words, "-o", genome / out, *more).exit_code == 0
    assert (genome / "one.tsv").read_bytes() == (genome / "ray.tsv").read_bytes()
    assert len((genome / "one.tsv").read_text().splitlines()) > 3


def test_another_genome_on_a_node_is_refused(genome: Path) -> None:
    pytest.importorskip("ray", reason="the optional extra ray is not installed")
    found = open_genome(genome / "g.fa")
    with pytest.raises(Mismatch, match="another genome"):
        run_chunks(
            found.planes, query(genome), workers=1,
            spread=on_ray(genome / "g.fa", "0" * 64, query(genome), LOCAL, cpus=1),
        )  # fmt: skip


def test_what_was_kept_is_not_carried_out_again(genome: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Any way of spreading: a run that stopped after a chunk sends out only the others."""
    found, asked = open_genome(genome / "g.fa"), query(genome)
    monkeypatch.setattr(running, "KEEP_AFTER_S", -1.0)
    kept = Kept(genome / "out.tsv", found.digest, asked)
    whole = run_chunks(found.planes, asked, workers=2)
    carried: list[list[int]] = []
    ended: list[bool] = []

    def spread(waiting):
        carried.append([number for number, _ in waiting])
        try:
            for number, _ in waiting:
                yield number, whole[number]
        finally:
            ended.append(True)

    def stop(done: int, of: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_chunks(found.planes, asked, workers=1, kept=kept, progress=stop, spread=spread)
    told: list[tuple[int, int]] = []
    again = run_chunks(
        found.planes, asked, workers=1, kept=kept, progress=lambda done, of: told.append((done, of)), spread=spread
    )
    every = list(range(len(chunks(found.planes))))
    assert len(every) >= 3 and carried == [every, every[1:]] and ended == [True, True]
    assert told == [(n, len(every)) for n in range(2, len(every) + 1)]
    assert all(np.array_equal(a, b) for a, b in zip(again, whole, strict=True))
    kept.forget()
