"""Off-target search: every place of a genome that a guide could recognise, exactly, within stated limits.

Takes     a genome as bit planes (through the port), guides, a PAM, limits; for a patient, the variants called
Gives     sites, one per guide, strand and end; for a patient, which variants and haplotype make them
Never     says that a guide is safe: sites are nominations for an assay, and guide-independent deamination is not
assessed
Standards IUPAC-IUB 1984 base codes; VCF 4.3 positions and genotypes
"""

STATEMENT = (
    "Nominations by sequence alone, never proof of safety: each needs an assay in relevant cells. "
    "Guide-independent deamination of DNA or RNA is not assessed."
)
