"""Prime-editing designs: spacer, nick, primer binding site and template for any small correction.

The nick lies on the strand that carries the PAM, three bases 5' of it; what lies 3' of the nick is rewritten from the
template. The guide's 3' extension, read 5'→3', is template then primer binding site, both complementary to that strand.
Source of the layout: Anzalone et al., Nature 2019;576:149-157. Default lengths and the rule against a leading C come
from
there as well, entered from memory (unverified).
"""

from __future__ import annotations

from dataclasses import dataclass

from onelot.tailor.editor.allele import Allele, Correction
from onelot.tailor.editor.base_editing import pam_fits
from onelot.tailor.offtarget.pattern import reverse_complement

SPACER = 20
PAM = "NGG"
PBS = 13
#: Bases of homology after the edit: the shortest from 7 to 15 that does not let the extension begin with C.
TAIL = range(7, 16)
REACH = 30
LARGEST = 40


@dataclass(frozen=True)
class PrimeDesign:
    """One design. `nick` is the forward boundary (0-based) the nick lies at; `to_edit` the bases from nick to edit.

    `pbs` and `template` are written as DNA, 5'→3', as they stand in the guide; the extension is template + pbs.
    """

    strand: str
    spacer: str
    pam: str
    nick: int
    to_edit: int
    pbs: str
    template: str
    site_destroyed: bool

    @property
    def extension(self) -> str:
        """The guide's 3' extension, 5'→3'."""
        return self.template + self.pbs

    @property
    def flags(self) -> tuple[str, ...]:
        """Known difficulties of the design."""
        found = []
        if self.extension.startswith("C"):
            found.append("extension begins with C")
        if "TTTT" in self.spacer or "TTTT" in self.extension:
            found.append("poly-T")
        if not self.site_destroyed:
            found.append("the corrected allele still fits spacer and PAM and may be nicked again")
        return tuple(found)


def prime_designs(
    correction: Correction, before: Allele, after: Allele, reference_length: int
) -> tuple[PrimeDesign, ...]:
    """Designs for a correction, nearest nick first.

    Args:
        correction: the change, trimmed.
        before: the patient's allele around it; `after` the corrected one, with the same flanks.
        reference_length: reference bases the target covers, to give nicks right of an indel in reference positions.
    """
    if len(correction.before) > LARGEST or len(correction.after) > LARGEST:
        return ()
    at = correction.start - before.start
    old, new = len(correction.before), len(correction.after)
    found = []
    for strand in "+-":
        if strand == "+":
            text, edited, edit = before.text, after.text, at
        else:
            text, edited = reverse_complement(before.text), reverse_complement(after.text)
            edit = len(text) - at - old
        for nick in range(max(SPACER - 3, PBS, edit - REACH), edit + 1):
            design = _at_nick(strand, text, edited, edit, new, nick)
            if design is None:
                continue
            boundary = nick if strand == "+" else len(text) - nick
            forward = before.start + boundary + (reference_length - old if boundary > at else 0)
            spacer, pam, pbs, template, destroyed = design
            found.append(PrimeDesign(strand, spacer, pam, forward, edit - nick, pbs, template, destroyed))
    return tuple(sorted(found, key=lambda d: (len(d.flags), d.to_edit, d.strand)))


def _at_nick(
    strand: str, text: str, edited: str, edit: int, new: int, nick: int
) -> tuple[str, str, str, str, bool] | None:
    """(spacer, PAM, PBS, template, site destroyed) for a nick before `text[nick]`, or none."""
    start = nick - (SPACER - 3)
    spacer, pam = text[start : start + SPACER], text[start + SPACER : start + SPACER + len(PAM)]
    if len(spacer) < SPACER or set(spacer) - set("ACGT") or len(pam) < len(PAM) or not pam_fits(pam, PAM):
        return None
    pbs = reverse_complement(text[nick - PBS : nick])
    template = ""
    for tail in TAIL:
        written = edited[nick : edit + new + tail]
        if set(written) - set("ACGT") or edit + new + tail > len(edited):
            return None
        template = reverse_complement(written)
        if not template.startswith("C"):
            break
    again = edited[start : start + SPACER + len(PAM)]
    destroyed = again[:SPACER] != spacer or not pam_fits(again[SPACER:], PAM)
    return spacer, pam, pbs, template, destroyed
