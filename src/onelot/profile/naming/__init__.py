"""Names of a variant that two sites agree on: SPDI, HGVS (g., m., and n., c. on transcripts a user names), GA4GH VRS.

Takes: a name as text, a reference sequence through the port `Sequences`, a transcript model for n. and c.
Gives: the same variant in the other forms, normalised so that equal variants have equal names.
Never: opens a reference; shifts a variant without one; guesses a transcript.
Standards: SPDI (NCBI, 2019), HGVS nomenclature for DNA, GA4GH VRS 2.0 (normalisation and computed identifiers), refget.
"""

from __future__ import annotations

from onelot.profile.naming.hgvs import HgvsName, parse_hgvs
from onelot.profile.naming.justify import Sequences, justified, shifted_right
from onelot.profile.naming.spdi import Spdi, parse_spdi
from onelot.profile.naming.transcripts import Transcript, hgvs_to_spdi, spdi_to_hgvs
from onelot.profile.naming.vrs import allele_of, digest, identify, refget_accession, serialize

__all__ = [
    "HgvsName",
    "Sequences",
    "Spdi",
    "Transcript",
    "allele_of",
    "digest",
    "hgvs_to_spdi",
    "identify",
    "justified",
    "parse_hgvs",
    "parse_spdi",
    "refget_accession",
    "serialize",
    "shifted_right",
    "spdi_to_hgvs",
]
