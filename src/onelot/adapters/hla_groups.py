"""HLA group files from a folder the site names. Nothing is downloaded and nothing is shipped (CC BY-ND)."""

from __future__ import annotations

from pathlib import Path

from onelot.profile.hla import HlaGroups, read_groups
from onelot.profile.hla_codes import read_codes
from onelot.record.errors import BadInput

LIMIT = 50_000_000


def load_hla_codes(folder: Path) -> dict[str, tuple[str, ...]] | None:
    """Multiple-allele codes from alpha.v3.txt in the same folder; None where the site has put none there.

    Raises:
        BadInput: the file is there and cannot be read; place names file and line.
    """
    path = folder / "alpha.v3.txt"
    if not path.exists():
        return None
    try:
        if path.stat().st_size > LIMIT:
            raise OSError(0, f"more than {LIMIT:,} bytes")
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(
            f"The multiple-allele codes cannot be read: {error}.",
            rule="the site names a folder with alpha.v3.txt",
            remedy="Check the file.",
            place=str(path),
        ) from error
    return read_codes(text.splitlines(), str(path))


def load_hla_groups(folder: Path) -> HlaGroups:
    """Read hla_nom_g.txt and hla_nom_p.txt of one IPD-IMGT/HLA release.

    Raises:
        BadInput: a file is missing, too long or of another form; place names it.
    """
    texts = []
    for name in ("hla_nom_g.txt", "hla_nom_p.txt"):
        path = folder / name
        try:
            if path.stat().st_size > LIMIT:
                raise OSError(0, f"more than {LIMIT:,} bytes")
            texts.append(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise BadInput(
                f"The HLA groups cannot be read: {error}.",
                rule="the site names a folder with hla_nom_g.txt and hla_nom_p.txt of one release",
                remedy="Fetch both from IPD-IMGT/HLA (folder wmda) and name the folder.",
                place=str(path),
            ) from error
    return read_groups(texts[0].splitlines(), texts[1].splitlines(), str(folder))
