"""The VCF reader: what it reads equals htslib's reading; what it cannot read it refuses with a place."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pysam
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onelot.adapters.vcf import Limits, VcfRecord, read_vcf, value_at
from onelot.record.errors import BadInput, Mismatch, OnelotError

HEADER = "##fileformat=VCFv4.2\n##reference=GRCh38\n"
COLUMNS = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tA\tB\n"
SOUND = HEADER + COLUMNS + "chr1\t100\trs1\tA\tC,<DEL>\t.\tPASS\t.\tGT:PS\t0|1:7\t./.\n"


def shared() -> Path:
    root = Path(os.environ.get("ONELOT_SHARED", Path(__file__).resolve().parents[3] / "shared")) / "data"
    if not root.is_dir():
        if os.environ.get("CI") == "true":
            pytest.fail(f"shared data missing at {root}")
        pytest.skip(f"shared data missing at {root}")
    return root


def write(tmp_path: Path, text: str | bytes, name: str = "x.vcf") -> Path:
    path = tmp_path / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def one(tmp_path: Path, line: str, **options: object) -> VcfRecord:
    return next(iter(read_vcf(write(tmp_path, HEADER + COLUMNS + line + "\n"), **options)))  # type: ignore[arg-type]


def test_a_record_carries_its_fields_and_places(tmp_path: Path) -> None:
    file = read_vcf(write(tmp_path, SOUND))
    assert (file.header.assembly, file.header.assembly_line, file.samples) == ("GRCh38", 2, ("A", "B"))
    (record,) = file
    assert (record.line, record.chrom, record.pos, record.end, record.ref, record.alts) == (
        4, "chr1", 100, 100, "A", ("C", "<DEL>"),
    )  # fmt: skip
    a, b = record.genotypes
    assert (a.alleles, a.phased, a.phase_set, a.missing) == ((0, 1), True, "7", False)
    assert (b.alleles, b.phased, b.missing) == ((None, None), False, True)
    called = record.called("A")
    assert called.spelled() == ("A", "C")
    assert called.place == f"vcf:{file.digest[:12]}#L4/A/GT"
    text = file.path.read_text().splitlines()[record.line - 1]
    assert text.split("\t")[9].split(":")[0] == "0|1"  # the place leads back to the value


def test_a_place_is_followed_back_to_its_value(tmp_path: Path) -> None:
    text = SOUND.replace("\tA\tB\n", "\tA/1~x\tB\n")
    path = write(tmp_path, text)
    (record,) = read_vcf(path)
    place = record.place("A/1~x")
    assert place.endswith("#L4/A~11~0x/GT")
    assert value_at(path, place) == "0|1"
    assert value_at(path, record.place("A/1~x", "PS")) == "7"
    packed = write(tmp_path, gzip.compress(text.encode()), "x.vcf.gz")
    assert value_at(packed, next(iter(read_vcf(packed))).place("B")) == "./."
    wrong = [place.replace(*change) for change in (("L4", "L9"), ("/GT", "/DP"), ("A~11~0x", "C"), ("L4", "L1"))]
    wrong += [record.place("B", "PS"), "vcf:000000000000#L4/B/GT", "elsewhere"]
    for bad in wrong:
        with pytest.raises(BadInput, match="cannot be followed"):
            value_at(path, bad)


@pytest.mark.parametrize(
    ("gt", "alleles", "phased"),
    [("0", (0,), True), ("0/1/1", (0, 1, 1), False), (".|1", (None, 1), True), ("/0|1", (0, 1), False),
     ("|0|1", (0, 1), True), ("0/1|1", (0, 1, 1), False), (".", (None,), True)],
)  # fmt: skip
def test_genotypes(tmp_path: Path, gt: str, alleles: tuple[int | None, ...], phased: bool) -> None:
    got = one(tmp_path, f"1\t5\t.\tA\tC\t.\t.\t.\tGT\t{gt}\t0/0").genotypes[0]
    assert (got.alleles, got.phased) == (alleles, phased)


def test_a_line_without_gt_gives_no_genotype(tmp_path: Path) -> None:
    assert one(tmp_path, "1\t5\t.\tA\tC\t.\t.\t.\tDP\t12\t3").genotypes[0].missing


@pytest.mark.parametrize("alt", ["<NON_REF>", "*", "C,<NON_REF>", "G]17:198982]", "]13:123456]T", "<INS:ME:ALU>", ".A"])
def test_symbols_and_breakends_are_read(tmp_path: Path, alt: str) -> None:
    assert one(tmp_path, f"1\t5\t.\tA\t{alt}\t.\t.\t.\tGT\t0/0\t0/0").alts == tuple(alt.split(","))


def test_gvcf_blocks_cover_their_range(tmp_path: Path) -> None:
    block = one(tmp_path, "1\t5\t.\tA\t<NON_REF>\t.\t.\tEND=90;X=1\tGT\t0/0\t./.")
    assert (block.is_block, block.pos, block.end, block.info) == (True, 5, 90, {"END": "90"})


def test_regions_keep_what_overlaps_under_either_name(tmp_path: Path) -> None:
    lines = ["chr1\t5\t.\tA\t<*>\t.\t.\tEND=50\tGT\t0/0\t0/0", "chr1\t60\t.\tACGT\tA\t.\t.\t.\tGT\t0/1\t0/0",
             "chr1\t70\t.\tA\tC\t.\t.\t.\tGT\t0/1\t0/0", "chr2\t62\t.\tA\tC\t.\t.\t.\tGT\t0/1\t0/0"]  # fmt: skip
    path = write(tmp_path, HEADER + COLUMNS + "\n".join(lines) + "\n")
    got = [r.pos for r in read_vcf(path, regions={"1": [(62, 65), (40, 41), (63, 66)]})]
    assert got == [5, 60]
    assert [r.genotypes[0].alleles for r in read_vcf(path, "B")] == [(0, 0)] * 4


BAD_LINES = {
    "columns": "chr1\t100\trs1\tA\tC",
    "position": "chr1\t1e5\t.\tA\tC\t.\t.\t.\tGT\t0/0\t0/0",
    "reference": "chr1\t100\t.\t?\tC\t.\t.\t.\tGT\t0/0\t0/0",
    "alternative": "chr1\t100\t.\tA\tQ!\t.\t.\t.\tGT\t0/0\t0/0",
    "repeated alternative": "chr1\t100\t.\tA\tC,C\t.\t.\t.\tGT\t0/0\t0/0",
    "index": "chr1\t100\t.\tA\tC\t.\t.\t.\tGT\t0/2\t0/0",
    "genotype": "chr1\t100\t.\tA\tC\t.\t.\t.\tGT\t0/x\t0/0",
    "half genotype": "chr1\t100\t.\tA\tC\t.\t.\t.\tGT\t0/0\t0/",
    "values": "chr1\t100\t.\tA\tC\t.\t.\t.\tGT\t0/0:3\t0/0",
    "quality": "chr1\t100\t.\tA\tC\thigh\t.\t.\tGT\t0/0\t0/0",
    "end": "chr1\t100\t.\tA\t<*>\t.\t.\tEND=7\tGT\t0/0\t0/0",
    "copies": "chr1\t100\t.\tA\tC\t.\t.\t.\tGT\t0/0/0/0/0/0/0/0/0\t0/0",
    "late GT": "chr1\t100\t.\tA\tC\t.\t.\t.\tDP:GT\t1:0/0\t0/0",
    "empty line": "",
}


@pytest.mark.parametrize("name", BAD_LINES)
def test_malformed_lines_are_refused_with_their_line(tmp_path: Path, name: str) -> None:
    path = write(tmp_path, SOUND + BAD_LINES[name] + "\n" + SOUND.splitlines()[-1] + "\n")
    with pytest.raises(BadInput) as refusal:
        list(read_vcf(path))
    assert refusal.value.place == f"{path}:5"
    assert refusal.value.remedy


BAD_HEADERS = {
    "no version": COLUMNS,
    "unknown version": "##fileformat=VCFv9.9\n" + COLUMNS,
    "no column line": HEADER + "chr1\t1\t.\tA\tC\t.\t.\t.\n",
    "ends early": HEADER,
    "same sample twice": HEADER + COLUMNS.replace("\tB\n", "\tA\n"),
    "two assemblies": HEADER + "##contig=<ID=chr1,length=249250621>\n" + COLUMNS,
    "spaces": HEADER + COLUMNS.replace("\t", " "),
    "empty file": "",
    "no text": b"##fileformat=VCFv4.2\n##\xff\xfe\n",
}


@pytest.mark.parametrize("name", BAD_HEADERS)
def test_malformed_headers_are_refused(tmp_path: Path, name: str) -> None:
    path = write(tmp_path, BAD_HEADERS[name])
    with pytest.raises(BadInput) as refusal:
        read_vcf(path)
    assert str(refusal.value.place).startswith(f"{path}:")


def test_the_wrong_assembly_is_refused_where_it_is_stated(tmp_path: Path) -> None:
    contigs = "##fileformat=VCFv4.2\n##contig=<ID=1,length=249250621>\n" + COLUMNS
    header = read_vcf(write(tmp_path, contigs)).header
    with pytest.raises(Mismatch) as refusal:
        header.require_assembly("GRCh38")
    assert str(refusal.value.place).endswith("x.vcf:2")
    assert not read_vcf(write(tmp_path, "##fileformat=VCFv4.2\n" + COLUMNS)).header.require_assembly("GRCh38")
    stated = '##contig=<ID=chr1,assembly=GRCh38.p14,species="Homo, sapiens">\n'
    assert read_vcf(write(tmp_path, "##fileformat=VCFv4.2\n" + stated + COLUMNS)).header.require_assembly("GRCh38")


@pytest.mark.parametrize("cut", range(1, len(SOUND.splitlines()[-1]) + 1))
def test_every_cut_of_the_last_line_is_refused(tmp_path: Path, cut: int) -> None:
    path = write(tmp_path, SOUND[:-cut])
    with pytest.raises(BadInput) as refusal:
        list(read_vcf(path))
    assert refusal.value.place == f"{path}:4"


def test_cut_archives_are_refused(tmp_path: Path) -> None:
    whole = gzip.compress((SOUND * 1).encode() * 1)
    for cut in (1, 8, 20):
        with pytest.raises(BadInput):
            list(read_vcf(write(tmp_path, whole[:-cut], "x.vcf.gz")))
    assert len(list(read_vcf(write(tmp_path, whole, "y.vcf.gz")))) == 1


def test_a_bgzip_file_cut_between_blocks_is_refused(tmp_path: Path) -> None:
    pysam = pytest.importorskip("pysam")
    path = tmp_path / "z.vcf.gz"
    with pysam.BGZFile(str(path), "wb") as out:
        out.write(SOUND.encode())
    assert len(list(read_vcf(path))) == 1
    path.write_bytes(path.read_bytes()[:-28])
    with pytest.raises(BadInput, match="cut off"):
        list(read_vcf(path))


def test_a_line_of_ten_million_characters_is_refused_with_its_place(tmp_path: Path) -> None:
    path = write(tmp_path, SOUND + "chr1\t5\t.\t" + "A" * 10**7 + "\tC\t.\t.\t.\tGT\t0/0\t0/0\n")
    for packed in (False, True):
        if packed:
            path = write(tmp_path, gzip.compress(path.read_bytes(), 1), "x.vcf.gz")
        with pytest.raises(BadInput, match="longer than") as refusal:
            list(read_vcf(path))
        assert refusal.value.place == f"{path}:5"


def test_an_index_beside_a_file_changes_nothing(tmp_path: Path) -> None:
    """bgzip and tabix by htslib: the file is read whole, so an index that is stale or broken cannot mislead."""
    plain = write(tmp_path, SOUND, "sound.vcf")
    packed = Path(pysam.tabix_index(str(plain), preset="vcf", force=True, keep_original=True))
    index = packed.with_name(packed.name + ".tbi")
    assert index.exists()

    def told() -> list[tuple[object, ...]]:
        return [(each.chrom, each.pos, each.ref, each.alts, each.line) for each in read_vcf(packed)]

    whole = told()
    assert whole == [(each.chrom, each.pos, each.ref, each.alts, each.line) for each in read_vcf(plain)]
    for content in (b"", b"no index at all", gzip.compress(b"TBI\\1" + bytes(40))):
        index.write_bytes(content)
        assert told() == whole


def test_limits_hold(tmp_path: Path) -> None:
    path = write(tmp_path, SOUND)
    with pytest.raises(BadInput, match="header passes"):
        read_vcf(path, limits=Limits(header_lines=2))
    with pytest.raises(BadInput, match="bytes after decompression"):
        list(read_vcf(path, limits=Limits(file_bytes=100)))


def test_what_is_no_file_or_lacks_the_sample_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.vcf"):
        with pytest.raises(BadInput):
            read_vcf(path)
    with pytest.raises(BadInput, match="no sample 'C'"):
        read_vcf(write(tmp_path, SOUND), "C")


MUTATIONS = st.lists(
    st.tuples(st.sampled_from(["cut", "put", "drop", "double"]), st.integers(0, len(SOUND)), st.binary(max_size=6)),
    min_size=1,
    max_size=6,
)


@settings(max_examples=400, deadline=None)
@given(MUTATIONS, st.booleans())
def test_fuzz_a_mutated_file_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, changes, packed) -> None:
    data = SOUND.encode()
    for kind, at, piece in changes:
        at = min(at, len(data))
        data = {"cut": data[:at], "put": data[:at] + piece + data[at:], "drop": data[:at] + data[at + 1 + len(piece):],
                "double": data + data[at:]}[kind]  # fmt: skip
    path = write(tmp_path_factory.getbasetemp(), gzip.compress(data) if packed else data, "fuzz.vcf")
    try:
        for record in read_vcf(path):
            assert record.end >= record.pos - 1
            for genotype in record.genotypes:
                assert all(a is None or a <= len(record.alts) for a in genotype.alleles)
    except OnelotError as refusal:
        assert refusal.place


@pytest.mark.shared
def test_the_reading_equals_htslibs_on_real_samples() -> None:
    pysam = pytest.importorskip("pysam")
    path = shared() / "kgp-pgx" / "NUDT15.vcf.gz"
    seen = 0
    with pysam.VariantFile(str(path)) as theirs:
        for ours, other in zip(read_vcf(path), theirs, strict=True):
            assert (ours.chrom, ours.pos, ours.ref, ours.alts) == (other.chrom, other.pos, other.ref, other.alts)
            if seen % 20 == 0:
                for genotype, sample in zip(ours.genotypes, other.samples.values(), strict=True):
                    assert (genotype.alleles, genotype.phased) == (sample["GT"], sample.phased)
            seen += 1
    assert seen == 389


@pytest.mark.long
def test_a_two_gigabyte_file_is_read_in_300_megabytes(tmp_path: Path) -> None:
    path = tmp_path / "big.vcf"
    line = "chr{}\t{}\t.\tA\t<NON_REF>\t.\t.\tEND={}\tGT:DP:GQ:MIN_DP:PL\t0/0:31:90:30:0,90,1350\t./.\n"
    with path.open("w") as out:
        out.write(HEADER + COLUMNS)
        for chrom in range(1, 23):
            out.write("".join(line.format(chrom, p, p + 80) for p in range(1, 100_000_000, 81)))
    assert path.stat().st_size > 2_000_000_000
    program = textwrap.dedent(f"""
        from pathlib import Path
        from onelot.adapters.vcf import read_vcf
        n = sum(1 for _ in read_vcf({str(path)!r}, "A", regions={{"7": [(5_000_000, 6_000_000)]}}))
        status = Path("/proc/self/status").read_text()  # ru_maxrss would count the parent's pages too
        print(n, int(status.split("VmHWM:")[1].split()[0]) // 1024)
    """)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=os.environ)
    records, peak_mb = map(int, done.stdout.split())
    assert records == 12347
    assert peak_mb <= 300
