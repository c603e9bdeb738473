"""May it be given? Judge results, see what is missing, certify, and print the certificate.

Run: python examples/5_release.py
"""

import json
from datetime import UTC, datetime
from importlib.resources import files

from onelot.record.errors import OnelotError
from onelot.record.recipe import read_recipe
from onelot.record.subjects import Batch, Therapy
from onelot.release import assess, judge, limit_shown, release_events

now = datetime(2026, 11, 22, 12, tzinfo=UTC)
path = files("onelot") / "data" / "recipes" / "cd19-per-kg.json"
recipe = read_recipe(json.loads(path.read_text()))

for test in recipe.specification:
    print(f"{test.title:35} {limit_shown(test):45} {test.source.shown[:50]}")

viability = next(test for test in recipe.specification if test.name == "viability")
for value in ("91", "71"):
    print(f"viability {value} %:", judge(viability, value, "%", {}, sampled_at=now).verdict)

# A batch nobody has worked on: everything is missing, so only rejection could ever be possible.
answer = assess(recipe, Batch(batch="B-1", state="quarantine"), Therapy(), now)
print("possible:", ", ".join(sorted(answer.possible)))
for finding in answer.missing[:4]:
    print(f"  missing: {finding.what}\n     rule: {finding.rule}\n      now: {finding.remedy}")
try:
    release_events(recipe, Batch(batch="B-1", state="quarantine"), Therapy(), now, by="person/qp")
except OnelotError as refusal:
    print(type(refusal).__name__, "-", refusal.remedy)
