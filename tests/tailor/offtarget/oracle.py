"""Answers by brute force. Imports nothing from the product: everything here is written from the issue's words.

A site is a protospacer next to a PAM, on either strand. Columns: guide, chrom, start, end (forward, half-open, PAM
included), strand, site as read 5'→3' with mismatches in lower case, mismatches, DNA bulges, RNA bulges. One row per
guide,
chrom, strand and end: fewest edits, fewest bulges, then the first text.
"""

from functools import cache

import numpy as np

SETS = {
    "A": "A", "C": "C", "G": "G", "T": "T", "R": "AG", "Y": "CT", "S": "CG", "W": "AT", "K": "GT", "M": "AC",
    "B": "CGT", "D": "AGT", "H": "ACT", "V": "ACG", "N": "ACGT",
}  # fmt: skip
PAIR = {"A": "T", "C": "G", "G": "C", "T": "A"}


def flipped(text):
    return "".join(PAIR.get(c, "N") for c in reversed(text))


def clean(text):
    return "".join(c if c in "ACGT" else "N" for c in text.upper())


def brute(genome, guides, pam, side, limit):
    """Mismatch-only search: every position of both strands compared with every guide. Returns a set of row tuples."""
    rows = set()
    for chrom, text in genome.items():
        for strand, read in (("+", clean(text)), ("-", flipped(clean(text)))):
            codes = np.frombuffer(read.encode(), np.uint8)
            for length in {len(s) for s in guides.values()}:
                span = length + len(pam)
                n = len(codes) - span + 1
                if n <= 0:
                    continue
                pam_at, spacer_at = (length, 0) if side == 3 else (0, len(pam))
                fits = np.ones(n, bool)
                for k, letter in enumerate(pam):
                    here = codes[pam_at + k : pam_at + k + n]
                    fits &= np.isin(here, np.frombuffer(SETS[letter].encode(), np.uint8))
                places = np.flatnonzero(fits)
                columns = [codes[places + spacer_at + t] for t in range(length)]
                for name, spacer in guides.items():
                    if len(spacer) != length:
                        continue
                    count = np.zeros(len(places), np.uint8)
                    for t in range(length):
                        count += columns[t] != ord(spacer[t])
                    for i in np.flatnonzero(count <= limit):
                        p = int(places[i])
                        protospacer = read[p + spacer_at : p + spacer_at + length]
                        shown = "".join(b if b == g else b.lower() for b, g in zip(protospacer, spacer, strict=True))
                        there = read[p + pam_at : p + pam_at + len(pam)]
                        site = shown + there if side == 3 else there + shown
                        start = p if strand == "+" else len(text) - p - span
                        rows.add((name, chrom, start, start + span, strand, site, int(count[i]), 0, 0))
    return rows


def alignments(spacer, protospacer, limit, dna, rna):
    """The best alignment for every (DNA, RNA) bulge count, by dynamic programming from the end: {(d, r): (m, text)}."""

    @cache
    def rest(i, j, d, r):
        """Fewest mismatches, then first text, of spacer[i:] against protospacer[j:] with exactly d and r bulges
        left."""
        if i == len(spacer) and j == len(protospacer):
            return (0, "") if d == 0 and r == 0 else None
        options = []
        if i < len(spacer) and j < len(protospacer):
            tail = rest(i + 1, j + 1, d, r)
            if tail is not None:
                same = spacer[i] == protospacer[j]
                letter = protospacer[j] if same else protospacer[j].lower()
                options.append((tail[0] + (not same), letter + tail[1]))
        if d and j < len(protospacer):
            tail = rest(i, j + 1, d - 1, r)
            if tail is not None:
                options.append((tail[0], protospacer[j] + tail[1]))
        if r and i < len(spacer):
            tail = rest(i + 1, j, d, r - 1)
            if tail is not None:
                options.append(tail)
        return min(options) if options else None

    found = {}
    for d in range(dna + 1):
        for r in range(rna + 1):
            if len(protospacer) - len(spacer) == d - r:
                best = rest(0, 0, d, r)
                if best is not None and best[0] <= limit:
                    found[d, r] = best
    return found


def every(genome, guides, pam, side, limit, dna, rna):
    """Rows of every PAM of both strands, every length of protospacer and every alignment count, none left out."""
    for chrom, text in genome.items():
        for strand, read in (("+", clean(text)), ("-", flipped(clean(text)))):
            for p in range(len(read) - len(pam) + 1):
                if any(c not in SETS[k] for c, k in zip(read[p : p + len(pam)], pam, strict=True)):
                    continue
                there = read[p : p + len(pam)]
                for name, spacer in guides.items():
                    for length in range(len(spacer) - rna, len(spacer) + dna + 1):
                        a, b = (p - length, p) if side == 3 else (p + len(pam), p + len(pam) + length)
                        if a < 0 or b > len(read):
                            continue
                        first, last = min(a, p), max(b, p + len(pam))
                        start, end = (first, last) if strand == "+" else (len(read) - last, len(read) - first)
                        for (d, r), (m, shown) in alignments(spacer, read[a:b], limit, dna, rna).items():
                            site = shown + there if side == 3 else there + shown
                            yield (name, chrom, start, end, strand, site, m, d, r)


def rank(row):
    _, _, _, _, _, site, m, d, r = row
    return (m + d + r, d + r, site)


def bulged(genome, guides, pam, side, limit, dna, rna):
    """Search with bulges, one row per guide, chrom, strand and end."""
    best = {}
    for row in every(genome, guides, pam, side, limit, dna, rna):
        key = (row[0], row[1], row[4], row[3])
        if key not in best or rank(row) < rank(best[key]):
            best[key] = row
    return set(best.values())


def haplotype(text, alleles):
    """A chromosome with alleles put in: (letters, place of each, whether inserted there, which record each belongs to).

    `alleles` are (pos, ref, alt, shown) in order of place, 1-based as in VCF; the shared first letters are trimmed.
    The last item gives, for every record, the letters [first, last) it stands at.
    """
    letters, places, inserted, spans, at = [], [], [], [], 0
    for pos, ref, alt, shown in alleles:
        start = pos - 1
        while ref and alt and ref[0] == alt[0]:
            ref, alt, start = ref[1:], alt[1:], start + 1
        while ref and alt and ref[-1] == alt[-1]:
            ref, alt = ref[:-1], alt[:-1]
        letters += text[at:start]
        places += range(at, start)
        inserted += [False] * (start - at)
        spans.append((len(letters), len(letters) + len(alt), shown))
        for i, base in enumerate(alt):
            letters.append(base)
            places.append(start + min(i, len(ref)))
            inserted.append(i >= len(ref))
        at = start + len(ref)
    letters += text[at:]
    places += range(at, len(text))
    inserted += [False] * (len(text) - at)
    return "".join(letters), places, inserted, spans


def materialised(genome, copies, guides, pam, side, limit, dna, rna):
    """Exhaustive search of whole haplotypes: {key: (row, variants, {labels})}.

    `copies` is a list of (label, {chrom: alleles}), one for every haplotype to be searched.
    """
    best = {}
    for label, alleles in copies:
        for chrom, text in genome.items():
            letters, places, inserted, spans = haplotype(text, alleles.get(chrom, []))
            for name, _, a, b, strand, site, m, d, r in every({chrom: letters}, guides, pam, side, limit, dna, rna):
                held = tuple(s for x, y, s in spans if ((a < y and x < b) if y > x else a < x < b))
                start, end = places[a], places[b - 1] + (not inserted[b - 1])
                row = (name, chrom, start, end, strand, site, m, d, r)
                order = (*rank(row), start, len(held), held)
                key = (name, chrom, strand, end)
                if key not in best or order < best[key][0]:
                    best[key] = (order, row, held, {label})
                elif order == best[key][0]:
                    best[key][3].add(label)
    return {key: found[1:] for key, found in best.items()}
