"""RFC 3161 time stamps: a third party's word that a seal existed at a time. Only where a service is configured.

ONELOT_TSA_URL names the stamping service; ONELOT_TSA_ROOT the PEM file of the root that its certificate leads to. A
plant without a way out has none, and seals stand without a stamp.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import HTTPRedirectHandler, Request, build_opener

from cryptography import x509
from rfc3161_client import (
    TimestampRequestBuilder,
    TimeStampResponse,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from onelot.record.errors import Broken, Unreachable

PATIENCE_S = 10
LARGEST = 64 * 1024


class _NoRedirect(HTTPRedirectHandler):
    """An answer that sends us elsewhere is no answer: the site named one address."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        """Follow nothing; urllib then raises the status as an error."""


@dataclass(frozen=True)
class StampingService:
    """Where stamps come from, and which root they must lead to (None: kept, not verified)."""

    url: str
    root: Path | None = None

    def stamp(self, data: bytes) -> bytes:
        """A stamp over these bytes: the service's answer (DER), checked to be over them.

        Raises:
            Unreachable: the service does not answer. Broken: its answer is not a stamp over these bytes.
        """
        request = TimestampRequestBuilder().data(data).cert_request(cert_request=True).build()
        asked = Request(  # noqa: S310 - the site's administrator names the address
            self.url, data=request.as_bytes(), headers={"Content-Type": "application/timestamp-query"}
        )
        try:
            with build_opener(_NoRedirect).open(asked, timeout=PATIENCE_S) as answer:
                found: bytes = answer.read(LARGEST)
        except (OSError, URLError) as cause:
            raise Unreachable(
                f"the stamping service does not answer: {cause}",
                rule="RFC 3161, ONELOT_TSA_URL",
                remedy="the seal stands without a stamp; look at the service or unset ONELOT_TSA_URL",
            ) from cause
        self.check(found, data)
        return found

    def check(self, stamp: bytes, data: bytes) -> datetime:
        """When the stamp says these bytes existed.

        Raises:
            Broken: not a granted stamp over these bytes, or not under the configured root.
        """
        try:
            response: TimeStampResponse = decode_timestamp_response(stamp)
            if self.root is not None:
                builder = VerifierBuilder()
                for certificate in x509.load_pem_x509_certificates(self.root.read_bytes()):
                    builder = builder.add_root_certificate(certificate)
                builder.build().verify_message(response, data)
            elif response.status != 0:
                raise ValueError(f"status {response.status}")
            return response.tst_info.gen_time
        except (VerificationError, ValueError, OSError) as cause:
            raise Broken(
                f"this is no time stamp over the seal: {cause}",
                rule="RFC 3161",
                remedy="ask the stamping service's operator; the seal itself stands",
            ) from cause


def from_environment() -> StampingService | None:
    """The configured service, or None."""
    url = os.environ.get("ONELOT_TSA_URL")
    root = os.environ.get("ONELOT_TSA_ROOT")
    return StampingService(url, Path(root) if root else None) if url else None
