"""Who is the patient: the facts of one patient of the demo's cohort, each with unit, time, validity and place.

Run: python examples/1_profile.py
"""

from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from onelot.adapters.recipes import load
from onelot.app.cohort import cohort_plan, patients_in, read_patient, write_cohort
from onelot.profile.facts import gather
from onelot.record.units import convert

PATIENT = "p09"  # the lymphocyte count comes later

with TemporaryDirectory() as folder:
    write_cohort(Path(folder), seed=7)
    files = next(found for found in patients_in(Path(folder)) if found.name == PATIENT)
    documents = read_patient(files)

plan = next(each for each in cohort_plan().patients if each.patient == PATIENT)
recipe = load(plan.product)
found = gather(documents, recipe.facts, plan.ordered_at + timedelta(hours=1), convert=convert)

print(f"{PATIENT}, {recipe.title}")
for fact in found.facts.values():
    until = f"valid until {fact.valid_until:%Y-%m-%d}" if fact.valid_until else ""
    print(f"  {fact.name:20} {fact.value!s:24} {fact.unit:8} {fact.place:42} {until}")
for finding in found.findings:
    print(f"  held: {finding.what}\n    looked in {finding.place}\n    rule {finding.rule}\n    now  {finding.remedy}")
