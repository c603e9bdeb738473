"""JSON files of other people: read within a limit, located when broken, nothing silently kept or lost."""

from __future__ import annotations

import json
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from onelot.record.errors import BadInput

LIMIT_BYTES = 64 * 1024 * 1024
DEPTH_MAX = 200


class JsonFile(NamedTuple):
    """The file's name, SHA-256 of its bytes and its JSON value, decimals as `Decimal`."""

    name: str
    sha256: str
    value: Any


def read_json(path: Path, *, limit_bytes: int = LIMIT_BYTES) -> JsonFile:
    """Read one JSON file; never more than `limit_bytes` of it.

    Raises:
        BadInput: no such file, no permission, too large, not UTF-8, broken JSON (line and column), a key twice.
    """
    try:
        if path.stat().st_size > limit_bytes:
            raise _too_large(path, limit_bytes)
        with path.open("rb") as stream:
            data = stream.read(limit_bytes + 1)
    except OSError as cause:
        raise BadInput(
            f"{path.name} cannot be read: {cause.strerror or cause}",
            rule="a document is a readable file",
            remedy="check that the file exists and that this user may read it",
            place=str(path),
        ) from cause
    if len(data) > limit_bytes:
        raise _too_large(path, limit_bytes)
    return JsonFile(path.name, sha256(data).hexdigest(), parse_json(data, str(path)))


def parse_json(data: bytes, place: str) -> Any:
    """JSON of these bytes; `place` names the file in refusals."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as cause:
        line = data.count(b"\n", 0, cause.start) + 1
        raise _broken(f"not UTF-8 at byte {cause.start}", f"{place}:{line}") from cause
    try:
        return json.loads(text, parse_float=_decimal, parse_constant=_constant, object_pairs_hook=_once)
    except json.JSONDecodeError as cause:
        raise _broken(f"broken JSON: {cause.msg}", f"{place}:{cause.lineno}:{cause.colno}") from cause
    except (RecursionError, ValueError, ArithmeticError) as cause:
        raise _broken(f"JSON that cannot be taken: {str(cause)[:200]}", place) from cause


def check_shape(value: Any, place: str) -> None:
    """Refuse what is nested deeper than any document of ours, and a field that is null instead of absent.

    Readers walk what is nested recursively, and neither FHIR nor a phenopacket says anything by a null field.
    """
    level = [value]
    for _ in range(DEPTH_MAX):
        level = [
            child
            for node in level
            for child in (node.values() if isinstance(node, dict) else node if isinstance(node, list) else ())
        ]
        if not level:
            break
    else:
        raise _broken(f"JSON nested deeper than {DEPTH_MAX}", place)
    null = _null(value)
    if null is not None:
        raise _broken("a field is null instead of absent", f"{place}#{null}")


def _null(node: Any) -> str | None:
    """The pointer of the first null field below this node."""
    if isinstance(node, dict):
        for key, child in node.items():
            found = "" if child is None else _null(child)
            if found is not None:
                return f"/{key}{found}"
    elif isinstance(node, list):
        for number, child in enumerate(node):
            if child is not None and (found := _null(child)) is not None:
                return f"/{number}{found}"
    return None


def _decimal(text: str) -> Decimal:
    number = Decimal(text)
    # 1e999999999 is a legal JSON number and a trap for everything that computes with it.
    if abs(number.adjusted()) > 400:
        raise ValueError(f"number out of every range: {text[:40]}")
    return number


def _constant(text: str) -> Any:
    raise ValueError(f"{text} is not JSON")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twice!r} stands twice in one object")
    return found


def _too_large(path: Path, limit_bytes: int) -> BadInput:
    return BadInput(
        f"{path.name} is larger than {limit_bytes} bytes",
        rule="a document is read whole within a limit",
        remedy="export one patient per file, or raise the limit if this document is really one patient's",
        place=str(path),
    )


def _broken(what: str, place: str) -> BadInput:
    return BadInput(
        what, rule="RFC 8259 (JSON)", remedy="export the document again; nothing of it was taken", place=place
    )
