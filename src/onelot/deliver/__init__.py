"""Bring it back to the patient.

Takes: disposition, shipments, custody, bedside scans.
Gives: clearance for conditioning, custody transfers, the bedside comparison, the administration.
Never: lets a bag pass whose identity does not agree three ways.
Standards: ISO 21973, FACT-JACIE chain of custody, GS1 DataMatrix, ISBT 128 (parsed, never shipped).
"""

from onelot.deliver.administration import (
    BagScan,
    BedsideScans,
    Comparison,
    Stopped,
    administer,
    compare_at_bedside,
    refused_at_bedside,
    scanned_wrong,
)
from onelot.deliver.conditioning import RescueCells, clear_conditioning, start_conditioning, window
from onelot.deliver.custody import holder, transfer
from onelot.deliver.shipment import dispatch, receive, return_unused

__all__ = [
    "BagScan",
    "BedsideScans",
    "Comparison",
    "RescueCells",
    "Stopped",
    "administer",
    "clear_conditioning",
    "compare_at_bedside",
    "dispatch",
    "holder",
    "receive",
    "refused_at_bedside",
    "return_unused",
    "scanned_wrong",
    "start_conditioning",
    "transfer",
    "window",
]
