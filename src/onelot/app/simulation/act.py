"""What somebody does next, and when."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Act:
    """At `due`, `do` is called; `what` says it in words for the progress line."""

    due: datetime
    what: str
    do: Callable[[], object]
