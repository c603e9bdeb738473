"""Documents people read and sign: batch record and certificate as PDF, from plain data."""

from onelot.adapters.documents.batch_record import batch_record_pdf
from onelot.adapters.documents.certificate import certificate_pdf
from onelot.adapters.documents.content import batch_record_content, signature_line, thread
from onelot.adapters.documents.guide import guide_pdf
from onelot.adapters.documents.page import content_digest
from onelot.adapters.documents.tailoring import tailoring_pdf

__all__ = [
    "batch_record_content",
    "batch_record_pdf",
    "certificate_pdf",
    "content_digest",
    "guide_pdf",
    "signature_line",
    "tailoring_pdf",
    "thread",
]
