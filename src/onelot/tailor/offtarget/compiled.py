"""How the hot loops are compiled: once per machine, cached on disk by numba, without the interpreter's lock.

Numba keeps its cache beside the module, or in the user's cache folder where that is not writable, or in
NUMBA_CACHE_DIR.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., Any])


def compiled(function: F) -> F:
    """The function compiled on its first call and kept on disk; releases the interpreter's lock while it runs."""
    return cast(F, numba.njit(cache=True, nogil=True, error_model="numpy")(function))


def inlined(function: F) -> F:
    """A small function put into its callers before they are compiled, so that their loops can use wide registers."""
    return cast(F, numba.njit(inline="always", error_model="numpy")(function))
