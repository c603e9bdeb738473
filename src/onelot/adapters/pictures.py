"""One code out of a picture that a phone took: QR, DataMatrix or Code 128, whole and alone."""

from __future__ import annotations

import io
import warnings

import numpy as np
import zxingcpp
from PIL import Image

from onelot.record.errors import BadInput

MOST_BYTES, MOST_PIXELS, LONGEST_TEXT = 6 * 1024 * 1024, 40_000_000, 300
_FORMATS = zxingcpp.BarcodeFormats(
    (zxingcpp.BarcodeFormat.DataMatrix, zxingcpp.BarcodeFormat.QRCode, zxingcpp.BarcodeFormat.Code128)
)


def read_picture(data: bytes) -> str:
    """The text of the one code in a JPEG, PNG or WebP picture; of a GS1 code in brackets, as people write it.

    Raises:
        BadInput: no picture, too large (bytes or pixels), no code, or more than one.
    """
    if len(data) > MOST_BYTES:
        raise _bad(f"the picture is larger than {MOST_BYTES} bytes", "take it again in a lower resolution")
    try:
        with warnings.catch_warnings(), Image.open(io.BytesIO(data), formats=("JPEG", "PNG", "WEBP")) as opened:
            warnings.simplefilter("ignore")
            # Asked of the header, before anything of the picture is unpacked.
            if opened.width * opened.height > MOST_PIXELS:
                raise _bad(f"the picture has more than {MOST_PIXELS} pixels", "take it again in a lower resolution")
            opened.draft("L", (3000, 3000))
            grey = np.asarray(opened.convert("L"))
    except Image.DecompressionBombError as cause:
        raise _bad("the picture has too many pixels", "take it again in a lower resolution") from cause
    except (OSError, ValueError, SyntaxError) as cause:
        raise _bad("this is no picture that can be read", "take the picture again") from cause
    texts = {symbol.text for symbol in zxingcpp.read_barcodes(grey, _FORMATS) if symbol.text}
    if len(texts) != 1:
        what = "no code was found in the picture" if not texts else f"{len(texts)} codes are in the picture"
        raise _bad(what, "show one label alone, whole, flat and in focus; or scan it with the scanner")
    (text,) = texts
    if len(text) > LONGEST_TEXT:
        raise _bad("the code holds too much text for a label", "show the label's own code")
    return str(text)


def _bad(what: str, remedy: str) -> BadInput:
    return BadInput(what, rule="one label, one code, one picture (JPEG, PNG or WebP)", remedy=remedy, place="picture")
