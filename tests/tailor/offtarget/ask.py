"""Asks the product, and gives its rows in the oracle's form."""

from onelot.tailor.offtarget.pattern import Guide, Limits, Pam
from onelot.tailor.offtarget.planes import planes_of_many
from onelot.tailor.offtarget.search import Query, search


def rows_of(genome, guides, pam, side, limit, dna=0, rna=0):
    query = Query(tuple(Guide(n, s) for n, s in guides.items()), Pam.of(pam, side), Limits(limit, dna, rna))
    planes = planes_of_many(tuple(genome.items()))
    names, guide_names = [p.name for p in planes], list(guides)
    return [
        (
            guide_names[s["guide"]], names[s["sequence"]], int(s["start"]), int(s["end"]), "+-"[s["strand"]],
            s["site"].decode(), int(s["mismatches"]), int(s["dna_bulge"]), int(s["rna_bulge"]),
        )
        for s in search(planes, query)
    ]  # fmt: skip
