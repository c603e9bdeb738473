"""Bring it back to the patient.

Takes: disposition, shipments, custody, bedside scans.
Gives: clearance for conditioning, custody transfers, the bedside comparison, the administration.
Never: lets a bag pass whose identity does not agree three ways.
Standards: ISO 21973, FACT-JACIE chain of custody, GS1 DataMatrix, ISBT 128 (parsed, never shipped).
"""
