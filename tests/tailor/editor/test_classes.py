"""The classes of editors for the published cases, counted a second way."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from onelot.tailor.editor.table import kinds_for

ROOT = Path(__file__).resolve().parents[3]
SHARED = Path(os.environ.get("ONELOT_SHARED", ROOT.parent / "shared"))


def test_kinds_for_every_pair_of_bases():
    # an adenine editor corrects G>A and C>T variants, a cytosine editor T>C and A>G
    assert {(a, b): kinds_for(a, b) for a in "ACGT" for b in "ACGT" if kinds_for(a, b)} == {
        ("A", "G"): ("adenine",), ("T", "C"): ("adenine",), ("C", "T"): ("cytosine",), ("G", "A"): ("cytosine",),
    }  # fmt: skip


@pytest.mark.shared
def test_the_example_counts_the_published_cases():
    folder = SHARED / "data" / "phenopackets"
    if not folder.is_dir():
        if os.environ.get("CI") == "true":
            pytest.fail(f"{folder} is missing")
        pytest.skip(f"{folder} is not here")
    done = subprocess.run(
        [sys.executable, str(ROOT / "examples" / "editor_classes.py"), str(folder)],
        capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
    )  # fmt: skip
    told = {line.strip().split("  ", 1)[1].split(" (")[0]: int(line.split()[0]) for line in done.stdout.splitlines()}
    pairs = []

    def walk(value):
        """Every VCF record below a causative interpretation, wherever it stands."""
        if isinstance(value, dict):
            if value.get("interpretationStatus") == "CAUSATIVE":
                records = []
                collect(value, records)
                pairs.extend(records)
            else:
                for item in value.values():
                    walk(item)
        elif isinstance(value, list):
            for item in value:
                walk(item)

    def collect(value, records):
        if isinstance(value, dict):
            if "ref" in value and "alt" in value and "pos" in value:
                records.append(value["ref"] + ">" + value["alt"])
            for item in value.values():
                collect(item, records)
        elif isinstance(value, list):
            for item in value:
                collect(item, records)

    files = list(folder.glob("*.json"))
    for path in files:
        walk(json.loads(path.read_text()))
    assert told["cases"] == len(files) == 719
    assert told["SNV, adenine base editor"] == sum(p in ("G>A", "C>T") for p in pairs)
    assert told["SNV, cytosine base editor"] == sum(p in ("A>G", "T>C") for p in pairs)
    single = sum(len(p) == 3 and set(p) <= set("ACGT>") for p in pairs)
    assert sum(count for kind, count in told.items() if kind.startswith("SNV")) == single > 300
