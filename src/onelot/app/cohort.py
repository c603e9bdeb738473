"""Cohorts as folders: writing our own from a seed, finding the patients of a folder, putting overlays on."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from random import Random

from onelot.adapters.fhir import Overlay, apply_overlay, read_bundle, read_overlays
from onelot.adapters.phenopackets import read_phenopacket
from onelot.profile.document import Document
from onelot.record.errors import BadInput
from onelot.twin.cohort import CohortPlan, Expected, PatientPlan, bgzip, documents, read_expected, read_plan

EXTRAS = ("later.json", "vcf", "vcf.gz", "phenopacket.json", "outside.tsv", "fa", "gff3")
DATA = files("onelot").joinpath("data/cohort")


@dataclass(frozen=True)
class PatientFiles:
    """The files of one patient in a cohort's folder.

    bundle: FHIR; later: a second bundle that the clinic supplies after the order; reference, genes: the genome (FASTA)
    and its annotation (GFF3) that the variants are read against, where it is the patient's own.
    """

    name: str
    bundle: Path
    later: Path | None
    vcf: Path | None
    phenopacket: Path | None
    outside: Path | None = None
    reference: Path | None = None
    genes: Path | None = None


def cohort_plan() -> CohortPlan:
    """The committed plan of our own cohort."""
    return read_plan(json.loads(DATA.joinpath("faults.json").read_text("utf-8")))


def expected_ends() -> Mapping[str, Expected]:
    """The committed ends of our own cohort, by patient."""
    return {row.patient: row for row in read_expected(DATA.joinpath("expected.csv").read_text("utf-8"))}


def write_cohort(folder: Path, seed: int) -> CohortPlan:
    """Write our own cohort into an existing or new folder; the same seed writes the same bytes.

    Raises:
        BadInput: the folder cannot be written.
    """
    plan = cohort_plan()
    try:
        for each in plan.patients:
            write_patient(folder, each, seed)
    except OSError as cause:
        raise BadInput(
            f"the cohort cannot be written: {cause.strerror or cause}",
            rule="the demo writes its patients into a folder of its own",
            remedy="name a folder that this user may write to, with some megabytes free",
            place=str(cause.filename or folder),
        ) from cause
    return plan


def write_patient(folder: Path, patient: PatientPlan, seed: int) -> Path:
    """Write one patient's documents; gives the bundle's file. One generator each: adding one changes nobody else."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in documents(patient, Random(f"{seed}/{patient.patient}")).items():
        data = text.encode()
        (folder / name).write_bytes(bgzip(data) if name.endswith(".gz") else data)
    return folder / f"{patient.patient}.json"


def patients_in(folder: Path) -> Iterator[PatientFiles]:
    """The patients of a folder by name: `X.json` is a bundle; `X.vcf` or `X.vcf.gz`, `X.outside.tsv`, `X.fa`, `X.gff3`,
    `X.phenopacket.json` and `X.later.json` join it.

    Raises:
        BadInput: no such folder, no permission, or no patient in it.
    """
    try:
        names = sorted(path.name for path in folder.iterdir() if path.is_file())
    except OSError as cause:
        raise BadInput(
            f"the folder cannot be read: {cause.strerror or cause}",
            rule="a cohort is a folder of patients",
            remedy="name a folder with one FHIR R4 bundle (.json) per patient that this user may read",
            place=str(folder),
        ) from cause
    stems = [name.removesuffix(".json") for name in names if name.endswith(".json")]
    stems = [stem for stem in stems if not stem.endswith((".later", ".phenopacket"))]
    if not stems:
        raise BadInput(
            "the folder holds no patient",
            rule="a cohort is a folder of patients",
            remedy="put one FHIR R4 bundle (.json) per patient into it",
            place=str(folder),
        )
    for stem in stems:
        there = {name: folder / f"{stem}.{name}" for name in EXTRAS if f"{stem}.{name}" in names}
        yield PatientFiles(
            stem,
            folder / f"{stem}.json",
            there.get("later.json"),
            there.get("vcf.gz") or there.get("vcf"),
            there.get("phenopacket.json"),
            there.get("outside.tsv"),
            there.get("fa"),
            there.get("gff3"),
        )


def read_patient(found: PatientFiles, *, with_later: bool = False) -> tuple[Document, ...]:
    """The FHIR and phenopacket documents of one patient; `with_later` adds what the clinic supplied afterwards."""
    read = [read_bundle(found.bundle)]
    if with_later and found.later is not None:
        read.append(read_bundle(found.later))
    if found.phenopacket is not None:
        read.append(read_phenopacket(found.phenopacket))
    return tuple(read)


def synthea_overlays() -> Mapping[str, Overlay]:
    """The committed overlays for the Synthea patients, by Patient.id; each carries the clock to use."""
    return read_overlays(Path(str(DATA.joinpath("synthea"))))


def overlaid(bundle: Document, overlays: Mapping[str, Overlay]) -> tuple[Document, datetime | None]:
    """The bundle with its overlay and the overlay's clock; the bundle alone and None where there is no overlay."""
    patient = next(bundle.of("Patient"), None)
    overlay = overlays.get(str(patient.body.get("id"))) if patient else None
    return (apply_overlay(bundle, overlay), overlay.now) if overlay else (bundle, None)
