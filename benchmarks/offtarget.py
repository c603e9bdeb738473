"""Off-target search, measured as a whole process: time, peak memory, hits; and peers side by side where they are
installed.

    python benchmarks/offtarget.py                          100 Mb made from a seed, 41 % GC; 1 to 1,000 guides, 3 to
    6 mismatches
    python benchmarks/offtarget.py --reference hg38.fa      any FASTA or 2bit
    python benchmarks/offtarget.py --json figures.json

Every figure is the best of `--repeats` runs of a fresh process, start of the interpreter included, with the index built
before; the first run of all, which compiles the loops, is told apart as "cold". Cas-OFFinder and Guidescan2 are run
when
they are on PATH (their invocations were written from their manuals and have not been run where this was written);
their hit sets are compared with ours. Other load on the machine counts: the load average is printed with the figures.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

SEED = 20260101
OURS = [sys.executable, "-c", "from onelot.app.cli.tailor import app; app()"]


def make_genome(path: Path, bases: int) -> None:
    """Five sequences of random bases, 41 % GC, lines of 60."""
    rng = np.random.default_rng(SEED)
    letters = np.frombuffer(b"ACGT", dtype=np.uint8)
    with path.open("wb") as file:
        for number in range(5):
            file.write(f">chr{number + 1}\n".encode())
            whole = letters[rng.choice(4, p=[0.295, 0.205, 0.205, 0.295], size=bases // 5 // 60 * 60)]
            lines = np.full((len(whole) // 60, 61), 10, dtype=np.uint8)
            lines[:, :60] = whole.reshape(-1, 60)
            file.write(lines.tobytes())


def make_guides(path: Path, count: int) -> list[str]:
    """Random spacers of 20 letters."""
    rng = random.Random(SEED)
    spacers = ["".join(rng.choice("ACGT") for _ in range(20)) for _ in range(count)]
    path.write_text("".join(f"g{i}\t{s}\n" for i, s in enumerate(spacers)))
    return spacers


#: Runs a command from a small process of its own: a child's peak memory as the kernel tells it includes its parent's.
LAUNCHER = """
import json, os, subprocess, sys, time
begun = time.perf_counter()
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
_, status, usage = os.wait4(process.pid, 0)
wall = time.perf_counter() - begun
print(json.dumps([status, wall, usage.ru_maxrss / 1024, usage.ru_utime + usage.ru_stime]))
"""


def measured(command: list[str], env: dict[str, str] | None = None) -> tuple[float, float, float]:
    """Wall seconds, peak resident megabytes (mapped index included) and processor seconds of one process."""
    done = subprocess.run([sys.executable, "-S", "-c", LAUNCHER, *command], env=env, stdout=subprocess.PIPE, check=True)
    status, wall, memory, processor = json.loads(done.stdout)
    if status:
        raise SystemExit(f"{' '.join(command)} failed")
    return wall, memory, processor


def best(command: list[str], repeats: int, env: dict[str, str] | None = None) -> tuple[float, float, float]:
    runs = [measured(command, env) for _ in range(repeats)]
    return min(r[0] for r in runs), max(r[1] for r in runs), min(r[2] for r in runs)


def our_hits(table: Path) -> set[tuple[str, str, int, str, int]]:
    """(guide, chrom, start, strand, mismatches) of every row."""
    found = set()
    with table.open() as file:
        next(file)
        for line in file:
            cells = line.split("\t")
            found.add((cells[0], cells[1], int(cells[2]), cells[4], int(cells[6])))
    return found


def cas_offinder(folder: Path, fasta: Path, spacers: list[str], limit: int) -> tuple[list[str], Path]:
    """The command of Cas-OFFinder (2.4 or 3, on the CPU) and its output."""
    genome = folder / "cas_genome"
    genome.mkdir(exist_ok=True)
    link = genome / fasta.name
    if not link.exists():
        link.symlink_to(fasta)
    asked, out = folder / "cas_input.txt", folder / "cas_out.txt"
    asked.write_text(f"{genome}\n{'N' * 21}GG\n" + "".join(f"{s}NNN {limit}\n" for s in spacers))
    return ["cas-offinder", str(asked), "C", str(out)], out


def cas_hits(out: Path, spacers: list[str]) -> set[tuple[str, str, int, str, int]]:
    names = {s: f"g{i}" for i, s in enumerate(spacers)}
    found = set()
    for line in out.read_text().splitlines():
        cells = line.split("\t")
        if line.startswith("#") or len(cells) < 6:
            continue
        found.add((names[cells[0][:20]], cells[1].split()[0], int(cells[2]), cells[4], int(cells[5])))
    return found


def guidescan(folder: Path, fasta: Path, spacers: list[str], limit: int, repeats: int) -> dict[str, float]:
    """Guidescan2: index once, then enumerate; only its time and memory are compared."""
    index = folder / "guidescan.index"
    build, _, _ = measured(["guidescan", "index", "--index", str(index), str(fasta)])
    asked, out = folder / "guidescan.csv", folder / "guidescan_out.csv"
    asked.write_text(
        "id,sequence,pam,chromosome,position,sense\n" + "".join(f"g{i},{s},NGG,,,\n" for i, s in enumerate(spacers))
    )
    command = [
        "guidescan",
        "enumerate",
        str(index),
        "-f",
        str(asked),
        "-o",
        str(out),
        "-m",
        str(limit),
        "--format",
        "csv",
    ]
    wall, memory, _ = best(command, repeats)
    return {"seconds": wall, "peak_mb": memory, "index_seconds": build}


def run(args: argparse.Namespace, folder: Path) -> dict[str, object]:
    """All figures."""
    env = {**os.environ, "NUMBA_CACHE_DIR": str(folder / "compiled")}
    fasta = args.reference.resolve() if args.reference else folder / "genome.fa"
    if not args.reference:
        make_genome(fasta, args.bases)
    env["XDG_CACHE_HOME"] = str(folder / "cache")
    cold, _, _ = measured([*OURS, "index", str(fasta), "--json"], env)
    for index in (*folder.rglob("*.onelot"),):
        index.unlink()
    warm, memory, _ = measured([*OURS, "index", str(fasta), "--json"], env)
    print(f"index: {warm:.2f} s, {memory:.0f} MB (the first on this machine, loops compiled: {cold:.1f} s)")
    rows = []
    for count in args.guides:
        spacers = make_guides(folder / "guides.txt", count)
        for limit in args.mismatches:
            out = folder / "out.tsv"
            command = [
                *OURS, "offtarget", "--reference", str(fasta), "--guides", str(folder / "guides.txt"),
                "--mismatches", str(limit), "--dna-bulges", str(args.dna_bulges), "--rna-bulges", str(args.rna_bulges),
                "--workers", str(args.workers), "-o", str(out), "--json",
            ]  # fmt: skip
            wall, memory, processor = best(command, args.repeats, env)
            hits = our_hits(out)
            row: dict[str, object] = {
                "guides": count, "mismatches": limit, "seconds": round(wall, 3), "peak_mb": round(memory),
                "processor_seconds": round(processor, 3), "hits": len(hits),
            }  # fmt: skip
            cost = f"{wall:7.2f} s, processor {processor:6.2f} s, {memory:5.0f} MB"
            line = f"{count:5} guides {limit} mismatches: {cost}, {len(hits):9,} hits"
            plain = not args.dna_bulges and not args.rna_bulges
            if plain and shutil.which("cas-offinder"):
                theirs, answer = cas_offinder(folder, fasta, spacers, limit)
                other, their_memory, _ = best(theirs, args.peer_repeats)
                same = cas_hits(answer, spacers) == hits
                row["cas_offinder"] = {
                    "seconds": round(other, 3), "peak_mb": round(their_memory), "ratio": round(other / wall, 2),
                    "same_hits": same,
                }  # fmt: skip
                line += f"  Cas-OFFinder {other:.2f} s, ratio {other / wall:.1f}, same hits: {same}"
            if plain and shutil.which("guidescan"):
                figures = guidescan(folder, fasta, spacers, limit, args.peer_repeats)
                row["guidescan"] = {**figures, "ratio": round(figures["seconds"] / wall, 2)}
                line += f"  Guidescan2 {figures['seconds']:.2f} s, ratio {figures['seconds'] / wall:.1f}"
            rows.append(row)
            print(f"{line}  load {os.getloadavg()[0]:.1f}", flush=True)
    peers = [p for p in ("cas-offinder", "guidescan") if shutil.which(p)]
    if not peers:
        print("no peer on PATH: neither cas-offinder nor guidescan")
    return {
        "reference": str(args.reference or f"{args.bases} bases from seed {SEED}, 41 % GC"),
        "cores": os.cpu_count(), "workers": args.workers or os.cpu_count(), "load_average": os.getloadavg(),
        "index_seconds": round(warm, 3), "index_seconds_cold": round(cold, 3), "peers": peers, "rows": rows,
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reference", type=Path, help="FASTA or 2bit instead of the genome from the seed")
    parser.add_argument("--bases", type=int, default=100_000_000)
    parser.add_argument("--guides", type=int, nargs="+", default=[1, 10, 100, 1000])
    parser.add_argument("--mismatches", type=int, nargs="+", default=[3, 4, 5, 6])
    parser.add_argument("--dna-bulges", type=int, default=0)
    parser.add_argument("--rna-bulges", type=int, default=0)
    parser.add_argument("--workers", type=int, default=0)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--peer-repeats", type=int, default=1)
    parser.add_argument("--json", type=Path, help="write all figures there")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="onelot-offtarget-") as folder:
        figures = run(args, Path(folder))
    if args.json:
        args.json.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
