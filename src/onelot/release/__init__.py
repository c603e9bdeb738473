"""May it be given.

Takes: the whole record of a batch and its specification.
Gives: verdicts per test, what is missing, certificates, the dispositions still possible.
Never: releases on missing evidence, or on an empty specification.
Standards: EU GMP Part IV (ATMP) chapters 9 and 11, 21 CFR 211.165, 21 CFR 11.50.
"""

from onelot.release.certificate import (
    certificate_content,
    certificate_digest,
    issue_certificate,
    printed_certificate,
    signature_line,
)
from onelot.release.deviation import assess_deviation, close_deviation, open_deviation
from onelot.release.disposition import (
    Assessment,
    assess,
    conditional_release_events,
    exceptional_supply_events,
    reject_events,
    release_events,
)
from onelot.release.evidence import Proof
from onelot.release.late import late_result
from onelot.release.specification import Basis, judge, judge_again, limit_shown, verdict

__all__ = [
    "Assessment",
    "Basis",
    "Proof",
    "assess",
    "certificate_content",
    "certificate_digest",
    "assess_deviation",
    "close_deviation",
    "conditional_release_events",
    "exceptional_supply_events",
    "issue_certificate",
    "judge",
    "judge_again",
    "late_result",
    "limit_shown",
    "open_deviation",
    "printed_certificate",
    "reject_events",
    "release_events",
    "signature_line",
    "verdict",
]
