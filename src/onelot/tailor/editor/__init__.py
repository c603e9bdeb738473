"""Design of an editor for one patient's own variant.

Takes     a reference (through the port), the variant and the allele wanted, a table of editors, genes, the patient's
variants
Gives     every base-editor guide that can make the correction, bystanders with their consequence, ranked by terms it
shows;
          prime-editing designs as a second class; or the reason why there is none
Never     releases or recommends a guide: two people choose one, with their reason, after assays
Standards HGVS-style protein descriptions; VCF 4.3 positions
"""

STATEMENT = (
    "Candidates by sequence alone: editing efficiency, off-target editing and safety are not assessed here. "
    "A guide is chosen by people, on assay results; guide-independent deamination is not assessed."
)
