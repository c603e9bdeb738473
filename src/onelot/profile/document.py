"""What a room sees of a patient's documents: resources, each with the digest of its document and its place in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource of a document.

    kind: FHIR resource type, or `Phenopacket`; pointer: RFC 6901, from the root of the document to this resource;
    source: SHA-256 of the document's bytes (64 hex digits); body: JSON values, decimals as `Decimal`;
    synthetic: made up for a demonstration, and marked so on every fact read from it.
    """

    kind: str
    pointer: str
    source: str
    body: Mapping[str, Any]
    synthetic: bool = False


@dataclass(frozen=True)
class Document:
    """One patient's document as an adapter read it.

    name: the file's name, for messages to the person at hand and never for the record; sha256: of its bytes.
    """

    name: str
    sha256: str
    form: Literal["fhir", "phenopacket"]
    resources: tuple[Resource, ...] = field(repr=False)

    def of(self, *kinds: str) -> Iterator[Resource]:
        """The resources of these kinds, in the document's order."""
        return (resource for resource in self.resources if resource.kind in kinds)


def resources_of(documents: Iterable[Document], *kinds: str) -> Iterator[Resource]:
    """The resources of these kinds in all documents, in order."""
    for document in documents:
        yield from document.of(*kinds)


def follow(body: Any, pointer: str) -> Any:
    """The value an RFC 6901 pointer names; LookupError when it names nothing."""
    found = body
    for token in pointer.split("/")[1:]:
        key = token.replace("~1", "/").replace("~0", "~")
        found = found[int(key)] if isinstance(found, list) else found[key]
    return found
