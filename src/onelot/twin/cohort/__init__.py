"""A cohort of made-up patients: FHIR R4 bundles, VCFs and phenopackets from a seed, and a plan of what goes wrong.

Every resource carries HL7's label for test health data. The people do not exist; their values are drawn from plausible
ranges of ours and show the machinery, not a population.
"""

from onelot.twin.cohort.genome import bgzip
from onelot.twin.cohort.make import documents
from onelot.twin.cohort.plan import CohortPlan, Expected, PatientPlan, read_expected, read_plan

__all__ = ["CohortPlan", "Expected", "PatientPlan", "bgzip", "documents", "read_expected", "read_plan"]
