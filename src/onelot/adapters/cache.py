"""The user's cache folder, and where compiled loops are kept in it. Imports nothing heavy, since every start
runs it."""

from __future__ import annotations

import hashlib
import importlib
import os
import sys
import tempfile
from pathlib import Path


def default_cache() -> Path:
    """The user's cache folder for onelot (XDG base directories)."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "onelot"


def use_compiled_cache() -> Path:
    """Let numba keep compiled loops in a folder named after their sources; call it before numba is imported.

    Numba itself looks only at the time and size of the one file a function stands in, and would go on using a loop
    whose
    callee in another file has changed. An environment variable NUMBA_CACHE_DIR set by the user is respected.
    Where nothing may be written, a temporary folder serves this run.
    """
    if given := os.environ.get("NUMBA_CACHE_DIR"):
        return Path(given)
    package = Path(__file__).resolve().parents[1]
    digest = hashlib.sha256()
    for source in (
        *sorted((package / "tailor" / "offtarget").glob("*.py")),
        package / "adapters" / "genome_sources.py",
    ):
        digest.update(source.read_bytes())
    folder = default_cache() / "compiled" / digest.hexdigest()[:16]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        usable = os.access(folder, os.W_OK)
    except OSError:
        usable = False
    if not usable:
        folder = Path(tempfile.mkdtemp(prefix="onelot-compiled-"))
    os.environ["NUMBA_CACHE_DIR"] = str(folder)
    return folder


def start_compiler() -> None:
    """Choose the folder for compiled loops and load numba, quickly: for a process that does nothing but search.

    When numba starts it imports scipy.linalg, only to learn whether matrix products can be compiled; that is a third of
    its start, and nothing of ours needs it. In a process that has numba or scipy already, nothing is held back.
    """
    use_compiled_cache()
    if "numba" in sys.modules or "scipy" in sys.modules:
        return
    held = ("scipy", "scipy.linalg")
    for name in held:
        sys.modules[name] = None  # type: ignore[assignment]
    try:
        importlib.import_module("numba.np.arraymath")
    finally:
        for name in held:
            sys.modules.pop(name, None)
