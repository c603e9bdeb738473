"""Which class of editor could correct the causal variants of published cases?

    python examples/editor_classes.py [FOLDER OF PHENOPACKETS]

Reads the causal variants (VCF records of the interpretation marked CAUSATIVE) and counts, for every class, the variants
that it can turn back to the reference by its chemistry alone: a PAM, bystanders and efficiency are another matter.
"""

import json
import os
import sys
from collections import Counter
from pathlib import Path

from onelot.tailor.editor.prime import LARGEST
from onelot.tailor.editor.table import kinds_for

SHARED = Path(os.environ.get("ONELOT_SHARED", Path(__file__).resolve().parents[2] / "shared"))
folder = Path(sys.argv[1]) if len(sys.argv) > 1 else SHARED / "data" / "phenopackets"

cases, seen, distinct = Counter(), Counter(), {}
for path in sorted(folder.glob("*.json")):
    case = json.loads(path.read_text())
    cases["cases"] += 1
    records = [
        genomic["variantInterpretation"]["variationDescriptor"].get("vcfRecord")
        for interpretation in case.get("interpretations", [])
        for genomic in interpretation.get("diagnosis", {}).get("genomicInterpretations", [])
        if genomic.get("interpretationStatus") == "CAUSATIVE" and "variantInterpretation" in genomic
    ]
    cases["causal variants"] += len(records)
    cases["without a VCF record"] += records.count(None)
    for record in filter(None, records):
        ref, alt = record["ref"].upper(), record["alt"].upper()
        if set(ref + alt) - set("ACGT"):
            kind = "not written out in bases"
        elif len(ref) == len(alt) == 1:
            made = kinds_for(alt, ref)
            kind = f"SNV, {made[0]} base editor" if made else "SNV, transversion: prime editor only"
        elif max(len(ref), len(alt)) <= LARGEST:
            kind = f"small change of up to {LARGEST} bases: prime editor"
        else:
            kind = "longer change: none of these"
        seen[kind] += 1
        distinct.setdefault(kind, set()).add((record["chrom"], record["pos"], ref, alt))

for name, count in cases.items():
    print(f"{count:5}  {name}")
for kind, count in seen.most_common():
    print(f"{count:5}  {kind} ({len(distinct[kind])} different)")
