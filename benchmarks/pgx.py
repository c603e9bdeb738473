"""How long reading and calling take: `python benchmarks/pgx.py [SHARED_DATA]`.

1. A made whole-genome gVCF (about 1 GB plain): seconds, megabytes a second, peak memory; pysam on the same file.
2. 1000 Genomes, 3,202 samples, four genes: genotypes read and genes called per second.
3. One sample, 19 genes, complete: milliseconds.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from onelot.adapters.knowledge import load_pgx_knowledge
from onelot.adapters.vcf import read_vcf
from onelot.app.cli.profile_pgx import call_file, open_sample
from onelot.profile.pgx import call_gene

ROOT = Path(__file__).resolve().parents[1]
HEAD = "##fileformat=VCFv4.2\n##reference=GRCh38\n" + "".join(f"##contig=<ID=chr{c}>\n" for c in range(1, 23))
COLUMNS = (
    '##FORMAT=<ID=GT,Number=1,Type=String,Description="">\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tA\n'
)
LINE = "chr{}\t{}\t.\tA\t<NON_REF>\t.\t.\tEND={}\tGT:DP:GQ:MIN_DP:PL\t0/0:31:90:30:0,90,1350\n"
CHILD = """
import sys, time
from pathlib import Path
from onelot.adapters.knowledge import load_pgx_knowledge
from onelot.adapters.vcf import read_vcf
known = load_pgx_knowledge()
began = time.perf_counter()
regions = known.regions() if sys.argv[2] == "regions" else None
count = sum(1 for _ in read_vcf(sys.argv[1], regions=regions))
spent = time.perf_counter() - began
print(count, spent, int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) // 1024)
"""


def main() -> None:
    """Print the figures with the load of the machine."""
    shared = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT.parent / "shared" / "data"
    print(f"load average {os.getloadavg()}")
    whole_genome()
    many_samples(shared)
    one_sample(shared)


def whole_genome() -> None:
    """A made gVCF, blocks of 80 bases."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "big.vcf"
        with path.open("w") as out:
            out.write(HEAD + COLUMNS)
            for chrom in range(1, 23):
                out.write("".join(LINE.format(chrom, p, p + 80) for p in range(1, 50_000_000, 81)))
        size = path.stat().st_size / 1e6
        for kind in ("regions", "everything"):
            done = subprocess.run(
                [sys.executable, "-c", CHILD, str(path), kind], capture_output=True, text=True, check=True
            )
            count, spent, peak = done.stdout.split()
            print(f"gVCF {size:.0f} MB, {kind}: {count} records, {float(spent):.1f} s, "
                  f"{size / float(spent):.0f} MB/s, peak {peak} MB")  # fmt: skip
        try:
            import pysam
        except ImportError:
            return
        began = time.perf_counter()
        with pysam.VariantFile(str(path)) as file:
            count = sum(1 for _ in file)
        spent = time.perf_counter() - began
        print(f"gVCF {size:.0f} MB, pysam: {count} records, {spent:.1f} s, {size / spent:.0f} MB/s")


def many_samples(shared: Path) -> None:
    """All samples of 1000 Genomes."""
    known = load_pgx_knowledge()
    for gene in ("CYP2C19", "TPMT", "CYP3A5", "NUDT15"):
        began = time.perf_counter()
        file = read_vcf(shared / "kgp-pgx" / f"{gene}.vcf.gz")
        lines = [record for record in file if True]
        read = time.perf_counter() - began
        near = [r for r in lines if any(a <= r.end and r.pos <= b for a, b in known.regions()[r.chrom])]
        began = time.perf_counter()
        for sample in file.samples:
            call_gene(known.definitions[gene], known.tables[gene], [record.called(sample) for record in near])
        spent = time.perf_counter() - began
        total = len(lines) * len(file.samples)
        print(f"{gene}: {total / read / 1e6:.1f} million genotypes/s read, {len(file.samples) / spent:.0f} calls/s")


def one_sample(shared: Path) -> None:
    """The example run, complete data."""
    known = load_pgx_knowledge()
    path = shared / "pgx" / "cases" / "pharmcat.example.vcf"
    times = []
    for _ in range(5):
        began = time.perf_counter()
        call_file(open_sample(path, None, known), known)
        times.append(time.perf_counter() - began)
    print(f"one sample, {len(known.definitions)} genes: {min(times) * 1000:.0f} ms")


if __name__ == "__main__":
    main()
