"""Files that the clinic supplies about a patient: told apart by what is in them, read by the readers of the house.

They lie in a folder of their own, open to this process only, for as long as they are read. Nothing of them is kept but
the facts, sealed; refusals name the file as the clinic called it.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

from fastapi import UploadFile

from onelot.adapters.fhir import identity_of, read_bundle
from onelot.adapters.json_file import parse_json
from onelot.adapters.phenopackets import read_phenopacket
from onelot.adapters.vault import Identity
from onelot.profile.document import Document, resources_of
from onelot.profile.facts import one_person
from onelot.record.errors import BadInput, Mismatch, OnelotError

MOST_FILES, MOST_BYTES = 20, 6 * 1024 * 1024
# A packed file of a few megabytes can hold gigabytes, which would be read for minutes while a page waits.
MOST_UNPACKED = 64 * 1024 * 1024
_PACKED = b"\x1f\x8b"
_VARIANTS = (_PACKED, b"##fileformat=VCF")


@dataclass
class Supplied:
    """What was supplied: FHIR and phenopacket documents, the variant file, and what is none of these by its name."""

    documents: list[Document] = field(default_factory=list)
    vcf: Path | None = None
    unread: list[str] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)

    def named(self, refusal: OnelotError) -> OnelotError:
        """The refusal, naming files as the clinic called them and not where they lay."""
        said = [refusal.what, refusal.remedy, refusal.place or ""]
        for path, name in self.names.items():
            said = [text.replace(path, name) for text in said]
        return type(refusal)(said[0], rule=refusal.rule, remedy=said[1], place=said[2] or None)

    @property
    def bundles(self) -> list[Document]:
        """The FHIR documents."""
        return [each for each in self.documents if each.form == "fhir"]


@contextmanager
def supplied(files: Sequence[UploadFile]) -> Iterator[Supplied]:
    """The files while they are read. What is refused inside names the file by its own name.

    Raises:
        BadInput: none, too many, too large, or broken; place is file#pointer or file:line.
        Mismatch: they belong to different people, or two variant files.
    """
    named = [each for each in files if each.filename]
    if not named or len(named) > MOST_FILES:
        raise BadInput(
            "no file was chosen" if not named else f"{len(named)} files are too many",
            rule=f"1 to {MOST_FILES} files of one patient: FHIR R4 bundles, phenopackets, one VCF",
            remedy="choose the patient's files and send them",
        )
    found = Supplied()
    with TemporaryDirectory(prefix="onelot-") as folder:
        try:
            for number, each in enumerate(named):
                path = Path(folder) / f"{number}.part"
                found.names[str(path)] = found.names[path.name] = shown_name(each.filename or "")
                _take(found, each, path, found.names[path.name])
            if found.documents:
                one_person(found.documents)
            yield found
        except OnelotError as refusal:
            raise found.named(refusal) from refusal


def digest_of(file: UploadFile) -> str:
    """The SHA-256 of a supplied document, 64 hex digits; nothing else of it is kept.

    Raises:
        BadInput: it is empty, or too large to be read here.
    """
    data, name = file.file.read(MOST_BYTES + 1), shown_name(file.filename or "")
    if not data or len(data) > MOST_BYTES:
        raise BadInput(
            f"{name} is larger than {MOST_BYTES} bytes" if data else f"{name} is empty",
            rule="a supplied file is read whole within a limit",
            remedy="choose the document, or type its digest (`sha256sum FILE`)",
            place=name,
        )
    return sha256(data).hexdigest()


def shown_name(name: str) -> str:
    """A file's name as it is shown: its last part, printable, not long."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(each for each in last if each.isprintable())[:80] or "file"


def _take(found: Supplied, file: UploadFile, path: Path, name: str) -> None:
    data = file.file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise BadInput(
            f"{name} is larger than {MOST_BYTES} bytes",
            rule="a supplied file is read whole within a limit",
            remedy="supply one patient's files, without images; read larger ones at the plant (`onelot profile`)",
            place=name,
        )
    path.write_bytes(data)
    if data.startswith(_PACKED) and _swells(path):
        raise BadInput(
            f"{name} holds more than {MOST_UNPACKED} bytes when it is unpacked",
            rule="a supplied file is read whole within a limit",
            remedy="supply fewer variants; read larger files at the plant (`onelot profile`)",
            place=name,
        )
    if data.startswith(_VARIANTS):
        if found.vcf is not None:
            raise BadInput(
                "two variant files were supplied", rule="one variant file a patient",
                remedy="supply the newest alone", place=name,
            )  # fmt: skip
        found.vcf = path
    elif data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        value = parse_json(data, name)
        fhir = isinstance(value, dict) and "resourceType" in value
        found.documents.append(read_bundle(path) if fhir else read_phenopacket(path))
    elif name.lower().endswith((".json", ".vcf", ".vcf.gz")):
        raise BadInput(
            f"{name} is neither JSON nor a variant file",
            rule="files are told apart by what is in them: a JSON object, or ##fileformat=VCF",
            remedy="export the file again",
            place=name,
        )
    else:
        found.unread.append(name)


def _swells(path: Path) -> bool:
    left = MOST_UNPACKED
    # A damaged file is the reader's to refuse: it names the line.
    with suppress(OSError, EOFError, zlib.error), gzip.open(path) as unpacked:
        while left >= 0 and (chunk := unpacked.read(1 << 20)):
            left -= len(chunk)
    return left < 0


def check_person(found: Supplied, identity: Identity) -> None:
    """Refuse files of somebody else: bundles share an identifier with the patient of the vault, packets name one.

    Raises:
        Mismatch: they do not.
    """
    known = set(identity.identifiers)
    values = {each.partition("|")[2] for each in known} - {""}
    for document in found.bundles:
        theirs = {"|".join(each) for each in identity_of(document).identifiers}
        if not theirs & known:
            raise _foreign(document.name)
    for packet in resources_of(found.documents, "Phenopacket"):
        if str(packet.body.get("subject", {}).get("id", "")) not in values:
            raise _foreign("/subject/id")


def _foreign(place: str) -> Mismatch:
    return Mismatch(
        "the file bears none of this patient's numbers",
        rule="facts of two people never meet in one profile",
        remedy="take it out; find out whose it is before anything else",
        place=place,
    )
