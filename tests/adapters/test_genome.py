"""The genome on disk: every format gives the same bases, and an index that is not whole is never used."""

import gzip
import os
import resource
import struct
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onelot.adapters.genome import Genome, build_index, index_places, open_genome, open_index
from onelot.record.errors import BadInput, Broken, Refused
from onelot.tailor.reference import Reference, check_allele

SHARED = Path(os.environ.get("ONELOT_SHARED", Path(__file__).resolve().parents[2].parent / "shared"))
CASES = {"chr1 first": "ACGTNacgtn" * 13 + "RYK-A", "chr2": "", "chr3": "T" * 64, "chr4": "G" * 200}


def cleaned(text):
    return "".join(c if c in "ACGT" else "N" for c in text.upper())


def write_fasta(path, sequences, width=37, end="\n"):
    lines = []
    for name, text in sequences.items():
        lines += [f">{name}", *(text[i : i + width] for i in range(0, len(text), width))]
    path.write_bytes((end.join(lines) + end).encode())
    return path


def write_2bit(path, sequences, order="<"):
    """A writer of the test's own; N runs become N blocks, and everything is written as soft-masked."""
    names, records = list(sequences), []
    for text in sequences.values():
        letters = cleaned(text)
        runs, at = [], 0
        while at < len(letters):
            if letters[at] == "N":
                stop = at
                while stop < len(letters) and letters[stop] == "N":
                    stop += 1
                runs.append((at, stop - at))
                at = stop
            at += 1
        codes = ["TCAG".index(c) if c != "N" else 0 for c in letters] + [0] * (-len(letters) % 4)
        packed = bytes(
            codes[i] << 6 | codes[i + 1] << 4 | codes[i + 2] << 2 | codes[i + 3] for i in range(0, len(codes), 4)
        )
        record = struct.pack(f"{order}II", len(letters), len(runs))
        record += b"".join(struct.pack(f"{order}I", start) for start, _ in runs)
        record += b"".join(struct.pack(f"{order}I", size) for _, size in runs)
        records.append(record + struct.pack(f"{order}IIII", 1, 0, len(letters), 0) + packed)
    at = 16 + sum(5 + len(n) for n in names)
    head = struct.pack(f"{order}IIII", 0x1A412743, 0, len(names), 0)
    for name, record in zip(names, records, strict=True):
        head += bytes([len(name)]) + name.encode() + struct.pack(f"{order}I", at)
        at += len(record)
    path.write_bytes(head + b"".join(records))
    return path


def contents(genome: Genome):
    return {n: genome.fetch(n, 0, genome.length(n)) for n in genome.names()}


@pytest.mark.parametrize("form", ["fasta", "windows", "gzip", "2bit", "2bit-big"])
def test_every_format_gives_the_same_bases(tmp_path, form):
    names = {name.split()[0]: text for name, text in CASES.items()}
    path = tmp_path / "genome"
    if form.startswith("2bit"):
        write_2bit(path, names, ">" if form.endswith("big") else "<")
    else:
        write_fasta(path, CASES, end="\r\n" if form == "windows" else "\n")
        if form == "gzip":
            path.write_bytes(gzip.compress(path.read_bytes()))
    genome = open_genome(path, tmp_path / "cache")
    assert contents(genome) == {name: cleaned(text) for name, text in names.items()}
    genome.verify()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(alphabet="ACGTNacgtn", max_size=300), min_size=1, max_size=4), st.integers(1, 90), st.data())
def test_any_fasta_and_any_fetch(tmp_path_factory, texts, width, data):
    folder = tmp_path_factory.mktemp("g")
    sequences = {f"s{i}": text for i, text in enumerate(texts)}
    genome = open_genome(write_fasta(folder / "g.fa", sequences, width), folder / "cache")
    for name, text in sequences.items():
        start = data.draw(st.integers(-5, len(text) + 5))
        end = data.draw(st.integers(-5, len(text) + 5))
        assert genome.fetch(name, start, end) == cleaned(text)[max(0, start) : max(0, end)]
        assert genome.length(name) == len(text)


@pytest.mark.shared
def test_yeast_equals_an_independent_reading():
    path = SHARED / "data" / "genome" / "sacCer3.2bit"
    if not path.exists():
        if os.environ.get("CI") == "true":
            pytest.fail(f"{path} is missing")
        pytest.skip(f"{path} is not here")
    import tempfile

    from tests.tailor.offtarget.conftest import read_2bit

    with tempfile.TemporaryDirectory() as folder:
        genome = build_index(path, Path(folder) / "yeast.onelot")
        assert contents(genome) == read_2bit(path)


def test_index_is_found_again_and_rebuilt_when_the_source_changes(tmp_path):
    source = write_fasta(tmp_path / "g.fa", {"a": "ACGT"})
    first = open_genome(source, tmp_path / "cache")
    written = first.index.stat().st_mtime_ns
    assert first.index == index_places(source, tmp_path)[0]
    assert open_genome(source, tmp_path / "cache").index.stat().st_mtime_ns == written
    os.utime(source, ns=(1, 1))
    assert open_genome(source, tmp_path / "cache").index.stat().st_mtime_ns == written  # same bytes, other time
    write_fasta(source, {"a": "ACGA"})
    assert open_genome(source, tmp_path / "cache").fetch("a", 0, 9) == "ACGA"


def test_a_read_only_folder_gets_no_index(tmp_path):
    folder = tmp_path / "archive"
    folder.mkdir()
    source = write_fasta(folder / "g.fa", {"a": "ACGT"})
    folder.chmod(0o555)
    try:
        genome = open_genome(source, tmp_path / "cache")
        assert genome.index.is_relative_to(tmp_path / "cache")
        assert [p.name for p in folder.iterdir()] == ["g.fa"]
    finally:
        folder.chmod(0o755)


def test_no_cut_of_an_index_is_ever_used(tmp_path):
    source = write_fasta(tmp_path / "g.fa", {"a": "ACGTACGTTT", "b": "GGGG"})
    index = open_genome(source, tmp_path / "cache").index
    whole = index.read_bytes()
    for size in range(len(whole)):
        index.write_bytes(whole[:size])
        with pytest.raises(Broken):
            open_index(index)
    index.write_bytes(whole[: len(whole) // 2])
    assert open_genome(source, tmp_path / "cache").fetch("a", 0, 10) == "ACGTACGTTT"
    assert index.read_bytes() == whole


def test_verify_names_the_damaged_sequence(tmp_path):
    index = open_genome(write_fasta(tmp_path / "g.fa", {"a": "ACGT", "b": "G" * 100}), tmp_path / "c").index
    damaged = bytearray(index.read_bytes())
    damaged[16 + 8 * 6] ^= 1
    index.write_bytes(damaged)
    with pytest.raises(Broken, match="'b'"):
        open_index(index).verify()


def test_a_full_disk_is_refused_and_leaves_nothing(tmp_path):
    """A real limit on file size stands in for the full disk: the write fails in the middle, by the kernel."""
    source = write_fasta(tmp_path / "g.fa", {"a": "ACGT" * 200_000})
    program = textwrap.dedent(
        """
        import resource, sys
        from pathlib import Path
        from onelot.adapters.genome import build_index
        from onelot.record.errors import Refused
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, resource.RLIM_INFINITY))
        try:
            build_index(Path(sys.argv[1]), Path(sys.argv[2]))
        except Refused as refusal:
            print(refusal.what, refusal.place)
        """
    )
    target = tmp_path / "out" / "g.onelot"
    open_genome(write_fasta(tmp_path / "warm.fa", {"a": "A"}), tmp_path / "c")  # the loops are compiled and kept
    done = subprocess.run(
        [sys.executable, "-c", program, str(source), str(target)], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == f"no room to write the index {target}"
    assert list(target.parent.iterdir()) == []
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "no sequence"),
        (b"ACGT\n", "before the first header"),
        (b">a\nAC1T\n", "no nucleotide letter"),
        (b">a\nA\n>a\nC\n", "repeated"),
        (b">\nA\n", "empty"),
        (gzip.compress(b">a\n" + b"ACGT" * 999, mtime=0)[:-9], "reading stopped"),
        (struct.pack("<IIII", 0x1A412743, 0, 3, 0), "cut short"),
        (struct.pack("<IIII", 0x1A412743, 7, 0, 0), "version 7"),
    ],
)
def test_bad_references_are_refused_with_the_place(tmp_path, content, word):
    path = tmp_path / "g"
    path.write_bytes(content)
    with pytest.raises(BadInput, match=word) as refused:
        open_genome(path, tmp_path / "cache")
    assert str(path) in (refused.value.place or "") and refused.value.remedy
    assert [p.name for p in tmp_path.iterdir()] == ["g"]


def test_no_right_to_write_is_refused(tmp_path):
    source = write_fasta(tmp_path / "g.fa", {"a": "ACGT"})
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(Refused, match="cannot write"):
        build_index(source, blocked / "g.onelot")


def test_a_variant_of_another_assembly_is_refused(tmp_path):
    genome: Reference = open_genome(write_fasta(tmp_path / "g.fa", {"chr1": "ACGTACGT"}), tmp_path / "c")
    check_allele(genome, "chr1", 2, "cg", place="line 3")
    for chrom, pos, ref, word in (
        ("chr1", 2, "T", "the reference has C"),
        ("1", 2, "C", "not in the reference"),
        ("chr1", 8, "TT", "outside"),
        ("chr1", 0, "A", "outside"),
    ):
        with pytest.raises(BadInput, match=word) as refused:
            check_allele(genome, chrom, pos, ref, place="line 3")
        assert refused.value.place == "line 3"
