"""Codes of six digits that change every 30 seconds (RFC 6238), from an app on the person's phone.

The secret lies sealed in the safe. A code is good once; the phone's clock may be one step off.
"""

from __future__ import annotations

import secrets
from base64 import b32encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hmac import compare_digest
from typing import Any

import numpy as np
import pyotp
import zxingcpp

from onelot.app.sign_in.box import Box
from onelot.record.errors import NotAllowed

STEP_SECONDS, DRIFT_STEPS = 30, 1
ENROL_WITHIN = timedelta(minutes=10)
_KIND, _NEW = "totp", "totp-new"


@dataclass(frozen=True)
class Offered:
    """What the person's app needs: the secret in base 32, the same as an address, and that as a QR code (SVG)."""

    secret: str
    address: str
    svg: str


class Totp:
    """Enrols and checks."""

    def __init__(self, box: Box, clock: Callable[[], datetime]) -> None:
        self._box, self._clock = box, clock

    def enrolled(self, login: str) -> bool:
        """Whether this person has an app."""
        return self._box.has(_KIND, login)

    def offer(self, login: str, issuer: str) -> Offered:
        """Draw a secret; it counts once `confirm` has seen a code made with it."""
        secret = b32encode(secrets.token_bytes(20)).decode()
        self._box.put(_NEW, login, {"secret": secret, "at": self._clock().isoformat()})
        address = pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=issuer)
        return Offered(secret, address, qr(address))

    def confirm(self, login: str, code: str) -> None:
        """Take the offered secret into use.

        Raises:
            NotAllowed: nothing was offered within ten minutes, or the code was not made with it.
        """
        found = self._box.get(_NEW, login)
        if found is None or self._clock() - datetime.fromisoformat(found[0]["at"]) > ENROL_WITHIN:
            raise NotAllowed(
                "no code is waited for",
                rule=f"an app is enrolled within {ENROL_WITHIN.seconds // 60} minutes of its QR code",
                remedy="begin again",
            )
        step = self._step(found[0]["secret"], code)
        if step is None:
            raise NotAllowed(
                "this code was not made with the secret shown",
                rule="an app is enrolled with a code it made",
                remedy="scan the QR code again and type the newest code; the phone's clock must be right",
            )
        self._box.remove(_NEW, login)
        self._box.put(_KIND, login, {"secret": found[0]["secret"], "last": step, "at": self._clock().isoformat()})

    def check(self, login: str, code: str) -> bool:
        """Whether the code is right and was not used before; then it is used."""
        while found := self._box.get(_KIND, login):
            kept, raw = found
            step = self._step(kept["secret"], code)
            # A code is good once (RFC 6238, 5.2), and none that is older than the last one used.
            if step is None or step <= int(kept["last"]):
                return False
            if self._box.swap(_KIND, login, raw, {**kept, "last": step}):
                return True
        return False

    def remove(self, login: str) -> bool:
        """Forget the person's app; whether there was one."""
        self._box.remove(_NEW, login)
        return self._box.remove(_KIND, login)

    def _step(self, secret: str, code: str) -> int | None:
        digits = code.replace(" ", "")
        now = int(self._clock().timestamp()) // STEP_SECONDS
        made = pyotp.TOTP(secret)
        fits = [
            step
            for step in range(now - DRIFT_STEPS, now + DRIFT_STEPS + 1)
            if compare_digest(made.generate_otp(step).encode(), digits.encode())
        ]
        return max(fits, default=None)


def qr(text: str) -> str:
    """The text as a QR code: an SVG with its quiet zone, dark modules as one path."""
    symbol = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level="M")
    rows: np.ndarray[Any, np.dtype[np.uint8]] = np.array(symbol.to_image(scale=1, add_quiet_zones=False))
    height, width = rows.shape
    dark = "".join(f"M{x + 4} {y + 4}h1v1h-1z" for y in range(height) for x in range(width) if int(rows[y, x]) == 0)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width + 8} {height + 8}" width="240" height="240"'
        f' role="img"><title>QR</title><path fill="#fff" d="M0 0h{width + 8}v{height + 8}h-{width + 8}z"/>'
        f'<path fill="#000" d="{dark}"/></svg>'
    )
