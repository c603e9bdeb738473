"""What shall be made for this patient.

Takes: a profile and an approved master recipe.
Gives: a control recipe whose every parameter says why; the pharmacogenomic gate; editor designs and off-target sites.
Never: clips a value into range, invents guidance, releases a guide.
Standards: ISA-88 (master and control recipe), CPIC guidelines, IUPAC nucleotide codes.
"""

from onelot.tailor.bind import facts_used, tailor

__all__ = ["facts_used", "tailor"]
