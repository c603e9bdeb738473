"""Pharmacogenomic calling: from genotypes to star alleles, phenotypes, and what stays possible.

Takes: a gene's definition and phenotype table (data), the sample's genotypes with their places.
Gives: a GeneCall: every consistent diplotype, the phenotype, every phenotype still possible, every allele lost.
Never: reads a file; takes a missing position for the reference; gives a phenotype no table holds.
Standards: CPIC and PharmVar allele tables; the semantics PharmCAT documents for its named-allele matcher.
"""

from __future__ import annotations

from onelot.profile.pgx.caller import GeneCall, call_gene, call_sample
from onelot.profile.pgx.definition import GeneDefinition, Locus, NamedAllele
from onelot.profile.pgx.outside import read_outside_calls
from onelot.profile.pgx.phenotype import Phenotype, PhenotypeTable
from onelot.profile.pgx.sites import Observed, Sample, observe

__all__ = [
    "GeneCall",
    "GeneDefinition",
    "Locus",
    "NamedAllele",
    "Observed",
    "Phenotype",
    "PhenotypeTable",
    "Sample",
    "call_gene",
    "call_sample",
    "observe",
    "read_outside_calls",
]
