"""The documents of one made-up patient, drawn from a seeded generator."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from onelot.twin.cohort import resources as fhir
from onelot.twin.cohort.editing import made_up_genome
from onelot.twin.cohort.genome import SITES, Site, outside_calls, phenopacket, vcf
from onelot.twin.cohort.plan import PatientPlan

FAMILIES = ("Abara", "Brandt", "Castell", "Demir", "Ekholm", "Fontaine", "Gruber", "Haddad", "Ilves", "Jansen")
FEMALE = ("Ada", "Bela", "Carla", "Dana", "Edith", "Femke", "Greta", "Hana")
MALE = ("Adam", "Boris", "Cem", "Dario", "Emil", "Farid", "Gero", "Hugo")
DIAGNOSES = {
    "cd19-per-kg": (fhir.SNOMED, "109969005", "Diffuse non-Hodgkin's lymphoma, large cell"),
    "cd19-flat": (fhir.ICD10CM, "C83.38", "Diffuse large B-cell lymphoma, lymph nodes of multiple sites"),
    "cd34-edited": (fhir.SNOMED, "127040003", "Sickle cell-hemoglobin SS disease"),
    "aav9-weight-band": (fhir.ICD10CM, "G12.0", "Infantile spinal muscular atrophy, type I"),
    "lnp-base-editor": (fhir.ICD10CM, "E72.29", "Other disorders of urea cycle metabolism"),
}
AGES_D = {  # youngest and oldest in days, our choice
    "cd19-per-kg": (19 * 365, 78 * 365),
    "cd19-flat": (19 * 365, 78 * 365),
    "cd34-edited": (13 * 365, 35 * 365),
    "aav9-weight-band": (40, 600),
    "lnp-base-editor": (120, 400),
}
SCOPES = ("collection", "manufacture", "genome_use", "follow_up")


def documents(plan: PatientPlan, rng: Random, sites: Sequence[Site] = SITES) -> dict[str, str]:
    """The patient's files, name -> text: `p01.json` always; `p01.vcf` (or `.vcf.gz`, its text to be compressed),
    `p01.outside.tsv` and `p01.phenopacket.json` where charted.

    Args:
        plan: the patient's line of the cohort's plan.
        rng: seeded; the same seed gives the same files.
        sites: the positions written to the VCF (GRCh38).
    """
    who, at = plan.patient, plan.ordered_at
    sex = str(plan.chart.get("sex") or rng.choice(("female", "male")))
    days = int(plan.chart.get("age_d") or rng.randint(*AGES_D[plan.product]))
    born = (at - timedelta(days=days)).date()
    number = f"SYN-{rng.randrange(10**6):06d}"
    weight = float(plan.chart.get("weight_kg") or _weight(days, sex, rng))
    given = rng.choice(FEMALE if sex == "female" else MALE)
    chart = _Chart(plan, rng, sex, days)
    content = [
        fhir.patient(who, rng.choice(FAMILIES), given, sex, born, number),
        fhir.order(who, plan.product, at, f"ORD-{rng.randrange(10**6):06d}"),
        *chart.paper(),
        *chart.body(weight),
        *chart.history(),
        *chart.blood(),
    ]
    files = {f"{who}.json": _bundle(content, at, rng)}
    late = plan.fault("late_fact")
    if late is not None:
        files[f"{who}.later.json"] = _bundle([content[0], *chart.later(float(str(late.settings["after_h"])))], at, rng)
    if plan.chart.get("weighed_again_d"):
        files[f"{who}.later.json"] = _bundle([content[0], chart.weighed_again(weight)], at, rng)
    if plan.chart.get("genome"):
        files |= made_up_genome(who, number, born, sex, at, rng)
    if plan.chart.get("vcf"):
        # Compressed where the chart says so, as laboratories send it; the text is the same.
        files[f"{who}.vcf{'.gz' if plan.chart['vcf'] == 'bgzip' else ''}"] = vcf(number, sites, rng)
    if plan.chart.get("outside"):
        files[f"{who}.outside.tsv"] = outside_calls(plan.chart["outside"])
    if plan.chart.get("phenopacket"):
        files[f"{who}.phenopacket.json"] = phenopacket(who, number, plan.product, born, sex, at)
    return files


class _Chart:
    """What the clinic wrote down about one patient before the order."""

    def __init__(self, plan: PatientPlan, rng: Random, sex: str, days: int) -> None:
        self.plan, self.rng, self.sex, self.days = plan, rng, sex, days
        self.who, self.at, self.chart = plan.patient, plan.ordered_at, plan.chart
        self.cells = plan.product not in ("aav9-weight-band", "lnp-base-editor")
        self.lymphoma = plan.product.startswith("cd19")

    def paper(self) -> list[fhir.Json]:
        """Consent and diagnosis."""
        scopes = [scope for scope in SCOPES if scope not in self.chart.get("no_consent", ())]
        return [
            fhir.consent(self.who, scopes, self.before(1), self.at + timedelta(days=3 * 365)),
            fhir.condition(
                self.who, *DIAGNOSES[self.plan.product], self.before(min(self.rng.randint(20, 300), self.days))
            ),
        ]

    def body(self, weight: float) -> list[fhir.Json]:
        """Weight (with an older one that it supersedes), height, performance status, pregnancy, steroids, smoking."""
        who, rng = self.who, self.rng
        older = round(weight * rng.uniform(0.97, 1.0), 2 if weight < 30 else 1)
        found = [
            fhir.measured(who, "weight-before", "29463-7", "Body weight", older, "kg", self.before(9)),
            fhir.measured(who, "weight", "29463-7", "Body weight", weight, "kg", self.before(2)),
        ]
        if self.plan.product == "lnp-base-editor":
            step = int(self.chart.get("dose_step", 1))
            found.append(fhir.entered(who, "dose-step", "Dose step ordered", step, self.before(1)))
        if not self.cells:
            return found
        height = round(rng.uniform(155, 172) + (8 if self.sex == "male" else 0), 1)
        smoking = fhir.concept(fhir.SNOMED, "266919005", "Never smoked tobacco")
        found += [
            fhir.measured(who, "height", "8302-2", "Body height", height, "cm", self.before(2)),
            fhir.scored(who, "ecog", "89247-1", "ECOG Performance Status score", rng.randint(0, 1), self.before(2)),
            fhir.answered(who, "smoking", "72166-2", "Tobacco smoking status NHIS", smoking, self.before(2)),
        ]
        if self.sex == "female":
            found.append(fhir.not_pregnant(who, self.before(2)))
        if self.lymphoma and rng.random() < 0.3:
            found.append(fhir.steroid_course(who, self.before(40), self.before(rng.randint(12, 25))))
        elif self.lymphoma:
            found.append(fhir.steroid_not_taken(who, self.before(1)))
        return found

    def history(self) -> list[fhir.Json]:
        """What was given before, and what never was: a washout passes nobody because nobody said."""
        found = [fhir.no_allogeneic_transplant(self.who, self.before(1))]
        return found + (fhir.lymphoma_history(self.who, self.at) if self.lymphoma else [])

    def blood(self) -> list[fhir.Json]:
        """Counts and infection markers."""
        if not self.cells:
            return []
        wbc = round(self.rng.uniform(3.2, 9.5), 2)
        found = [fhir.measured(self.who, "wbc", "6690-2", "Leukocytes", wbc, "10*3/uL", self.before(1.5))]
        if self.lymphoma and self.plan.fault("late_fact") is None:
            found.append(self.lymphocytes(self.before(1.5)))
        sampled = self.before(float(self.chart.get("markers_d", 3)))
        return found + [fhir.marker(self.who, name, "negative", sampled) for name in fhir.MARKERS]

    def later(self, after_h: float) -> list[fhir.Json]:
        """What the clinic supplies after the hold."""
        return [self.lymphocytes(self.at + timedelta(hours=after_h))]

    def weighed_again(self, weight: float) -> fhir.Json:
        """A weight taken days after the order, of a child who has grown (3 g a day and kg, ours)."""
        days = float(self.chart["weighed_again_d"])
        grown = round(weight * (1 + 0.003 * days), 1)
        return fhir.measured(
            self.who, "weight-again", "29463-7", "Body weight", grown, "kg", self.at + timedelta(days=days)
        )

    def lymphocytes(self, at: datetime) -> fhir.Json:
        """An absolute lymphocyte count in 10*3/uL, as laboratories report it."""
        value = round(self.rng.uniform(0.45, 2.2), 2)
        return fhir.measured(
            self.who, "alc", "731-0", "Lymphocytes [#/volume] by Automated count", value, "10*3/uL", at
        )

    def before(self, days: float) -> datetime:
        """So many days before the order."""
        return self.at - timedelta(days=days)


def _weight(days: int, sex: str, rng: Random) -> float:
    """Plausible weight in kg: adults around a mean by sex, infants by a smooth curve (ours, no growth chart)."""
    if days > 12 * 365:
        centre = 66.0 if sex == "female" else 80.0
        return round(min(max(rng.gauss(centre, 9), 45), 98), 1)
    # Two decimals would fall between printed bands of 0.1 kg; a nursery scale that shows one does not.
    return round(3.4 + 2.9 * math.log1p(days / 75) + rng.uniform(-0.3, 0.3), 1)


def _bundle(content: Sequence[dict[str, Any]], at: datetime, rng: Random) -> str:
    entries = [
        {"fullUrl": f"urn:uuid:{UUID(int=rng.getrandbits(128), version=4)}", "resource": resource}
        for resource in content
    ]
    value = {"resourceType": "Bundle", "type": "collection", "timestamp": fhir.stamp(at), "entry": entries}
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"
