"""Forms as a browser finds them, and forms as nobody would send them."""

from __future__ import annotations

import gzip
import json
import re
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from html.parser import HTMLParser
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import quote_from_bytes

from tests.app.fuzz.values import NUMBERS, Known, spoilt, text
from tests.app.web.plant import signing

File = tuple[str, bytes, str]


@dataclass
class Form:
    """A form of a page: where it goes, how, and what a browser would send of it without anybody typing."""

    action: str
    method: str
    enctype: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    files: list[str] = field(default_factory=list)

    @property
    def names(self) -> frozenset[str]:
        """What is asked, and how much of it was answered before: the third scan is another form than the first."""
        given = [name for name, _ in self.fields]
        answered = {f"{len([each for each in given if each == name])} {name}" for name in ("before", "had")}
        return frozenset(given) | frozenset(self.files) | answered


class Forms(HTMLParser):
    """Every form and every link of a page, and every tag with its attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.links: list[str] = []
        self.tags: list[tuple[str, dict[str, str]]] = []
        self._here: Form | None = None
        self._select = ""
        self._kept = self._said = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.tags.append((tag, given))
        if tag == "a":
            self.links.append(given.get("href", ""))
        if tag == "form":
            action, method = given.get("action", ""), given.get("method", "get")
            self._here = Form(action, method, given.get("enctype", "application/x-www-form-urlencoded"))
            self.forms.append(self._here)
        if self._here is None:
            return
        name, value = given.get("name", ""), given.get("value", "")
        match tag:
            case "input" if given.get("type") == "file":
                self._here.files.append(name)
            case "input" | "textarea" | "button" if name:
                self._here.fields.append((name, value or ("on" if given.get("type") == "checkbox" else "")))
            case "select":
                self._select, self._kept = name, False
            # The one that is chosen, else the first that says something.
            case "option" if self._select:
                self._said = "value" not in given
                if value:
                    self._choose(value, "selected" in given)

    def handle_data(self, data: str) -> None:
        # An option without a value says its own text.
        if self._said and data.strip():
            self._choose(data.strip(), False)
        self._said = False

    def _choose(self, value: str, chosen: bool) -> None:
        assert self._here is not None
        if self._kept and chosen:
            self._here.fields.pop()
        if not self._kept or chosen:
            self._here.fields.append((self._select, value))
        self._kept = True

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._here = None
        if tag == "select":
            self._select = ""


# A page is judged, and read for its forms and its links.
page_of = lru_cache(maxsize=4)(Forms)


def inert(page: Forms) -> bool:
    """Whether nothing on the page runs that is not ours: no inline script, style or handler."""
    return not any(
        (tag == "script" and not given.get("src", "").startswith("/screen/static/"))
        or tag in ("style", "iframe", "object", "embed", "base")
        or any(name.startswith("on") or name == "style" for name in given)
        or given.get("href", "").lower().startswith(("javascript:", "data:"))
        for tag, given in page.tags
    )


CARRIED = frozenset({"csrf", "once"})


def own(given: Any, found: dict[str, list[str]] | None = None, name: str = "") -> dict[str, list[str]]:
    """The plain fields of a command, by name."""
    found = {} if found is None else found
    if isinstance(given, dict):
        for key, each in given.items():
            own(each, found, key)
    elif isinstance(given, list):
        for each in given:
            own(each, found, name)
    elif given is not None:
        found.setdefault(name, []).append(str(given))
    return found


def filled(rng: Random, form: Form, known: Known, password: str, given: Any) -> list[tuple[str, str]]:
    """The form as somebody at work would send it. given: the command that somebody gave at this moment."""
    told = own(given)
    return [(name, value or _typed(rng, name, known, password, told)) for name, value in form.fields]


def _typed(rng: Random, name: str, known: Known, password: str, told: dict[str, list[str]]) -> str:
    if name == "scan":
        return rng.choice(scans(told) or known.all)
    if told.get(name):
        return told[name][0]
    if name in ("password", "current"):
        return password
    if name == "verifier_password" and told.get("verified_by"):
        return signing(told["verified_by"][0].removeprefix("person/"))
    if name.startswith(("verifier_", "new_")):
        return ""
    if re.search(r"_at$|_from$|_until$|not_before|not_after|starts_on|since|until|taken|expires", name):
        return rng.choice(("2026-09-12T08:00", "2026-10-01", "2027-02-01T10:00+00:00"))
    if re.search(r"amount|dose|value|count|hours|temperature|number|bags", name):
        return rng.choice(("1", "2.5", "24", "93"))
    found = known.by_field.get(name)
    return rng.choice(found) if found else rng.choice(("said by the fuzz", "1", rng.choice(known.all)))


def scans(told: dict[str, list[str]]) -> list[str]:
    """What a scanner would read of the things at hand: their numbers, and the labels of bags."""
    plain = [each for name in ("coi", "patient", "wristband", "shipper", "shipment", "container", "lot", "equipment")
             for each in told.get(name, ())]  # fmt: skip
    bags = zip(told.get("container", ()), told.get("batch", ()), told.get("coi", ()), strict=False)
    return plain + [f"(21){container}(10){batch}(91){coi}" for container, batch, coi in bags]


Fields = list[tuple[str, str]]


def bends(rng: Random, fields: Fields, known: Known) -> dict[int, Fields]:
    """What stands in place of some fields: nothing, the field many times, something empty, foreign or hostile.

    The token of the session mostly stays as it was.
    """
    found: dict[int, Fields] = {}
    for _ in range(rng.choice((0, 1, 1, 2, 3))):
        free = [at for at, (name, _) in enumerate(fields) if name not in CARRIED or not rng.randrange(12)]
        if not free:
            break
        at = rng.choice(free)
        name, value = fields[at]
        match rng.randrange(8):
            case 0:
                found[at] = []
            case 1:
                found[at] = [(name, value)] * rng.choice((2, 2, 61))
            case 2:
                found[at] = [(name, "")]
            case 3:
                found[at] = [(name, rng.choice(NUMBERS))]
            case _:
                found[at] = [(name, known.string(rng, name) if rng.randrange(3) else text(rng))]
    return found


def bent(fields: Fields, places: dict[int, Fields]) -> Fields:
    """The fields, bent in these places."""
    return [each for at, field in enumerate(fields) for each in places.get(at, [field])]


def fewest(places: dict[int, Fields], fails: Callable[[dict[int, Fields]], bool]) -> dict[int, Fields]:
    """As few of the bent places as still fail, each left out in turn."""
    for at in list(places):
        fewer = {each: value for each, value in places.items() if each != at}
        if fails(fewer):
            places = fewer
    return places


def as_curl(method: str, path: str, body: bytes, kind: str, cookies: dict[str, str]) -> str:
    """The request as a line for a shell; cookies: with what stands for the secret ones."""
    carried = "; ".join(f"{name}={value}" for name, value in cookies.items())
    # As bash reads it: whatever a body holds, the line can be pasted.
    data = "".join(chr(each) if 32 <= each < 127 and each not in b"\\'" else f"\\x{each:02x}" for each in body[:4000])
    return f"curl -X {method} -H 'content-type: {kind}' -b '{carried}' --data-binary $'{data}' \"$HOST{path}\""


def octets(value: str) -> bytes:
    """UTF-8, and for half a character the three bytes that are none."""
    return value.encode("utf-8", "surrogatepass")


def urlencoded(fields: list[tuple[str, str]]) -> bytes:
    return "&".join(f"{quote_from_bytes(octets(n))}={quote_from_bytes(octets(v))}" for n, v in fields).encode()


def multipart(fields: list[tuple[str, str]], files: list[tuple[str, File]]) -> tuple[bytes, str]:
    """The body, and its content type."""
    mark, parts = "onelotfuzz", []
    for name, value in fields:
        parts.append(_part(mark, f'name="{_quoted(name)}"', "", octets(value)))
    for name, (called, data, kind) in files:
        parts.append(_part(mark, f'name="{_quoted(name)}"; filename="{_quoted(called)}"', kind, data))
    return b"".join(parts) + f"--{mark}--\r\n".encode(), f"multipart/form-data; boundary={mark}"


def _quoted(name: str) -> str:
    return name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A").encode("utf-8", "replace").decode()


def _part(mark: str, said: str, kind: str, data: bytes) -> bytes:
    head = f"--{mark}\r\nContent-Disposition: form-data; {said}\r\n" + (f"Content-Type: {kind}\r\n" if kind else "")
    return head.encode() + b"\r\n" + data + b"\r\n"


# Bodies that no form makes.
BROKEN: tuple[tuple[bytes, str], ...] = (
    (b"", "application/x-www-form-urlencoded"),
    (b"%zz=%&&==&%ff%fe=%80&csrf", "application/x-www-form-urlencoded"),
    (b"a=1&" * 3_000, "application/x-www-form-urlencoded"),
    (b"a=" + b"%" * 200_000, "application/x-www-form-urlencoded"),
    (b"\xff\xfe\x00", "application/x-www-form-urlencoded; charset=utf-16"),
    (b"no boundary", "multipart/form-data"),
    (b"--x\r\nbroken", "multipart/form-data; boundary=x"),
    (b"--x\r\nContent-Disposition: form-data\r\n\r\nno name\r\n--x--\r\n", "multipart/form-data; boundary=x"),
    (
        b'--x\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n\xff\xfe\r\n--x--\r\n',
        "multipart/form-data; boundary=x",
    ),
    (b"--x\r\n" + b"A: b\r\n" * 20_000, "multipart/form-data; boundary=x"),
    (b'{"csrf": 1}', "application/json"),
    (b"text", "text/plain"),
    (b"x", "\xe9/\xff"),
)  # fmt: skip


def files(cohort: Path) -> list[File]:
    """Files of odd kinds, and a few that are right."""
    deep = b'{"a":' * 60_000 + b"1" + b"}" * 60_000
    head = struct.pack(">IIBBBBB", 65_535, 65_535, 8, 6, 0, 0, 0)
    png = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR" + head + struct.pack(">I", zlib.crc32(b"IHDR" + head))
    lines = b"##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tSYN\n"
    bomb = gzip.compress(lines + b"1\t1\t.\tA\tC\t.\tPASS\t.\tGT\t0/1\n" * 1_500_000)
    wide = gzip.compress(lines + b"A" * 40_000_000)
    bundle = b'{"resourceType":"Bundle","type":"collection","entry":%s}'
    laughs = (
        b'<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><Bundle xmlns="http://hl7.org/fhir">&b;</Bundle>'
    )
    odd = {
        "empty.json": b"", "nothing": b"", "deep.json": deep, "lists.json": b"[" * 100_000, "pixels.png": png,
        "bomb.vcf.gz": bomb, "wide.vcf.gz": wide, "cut.vcf.gz": bomb[:5_000], "head.vcf": lines, "laughs.xml": laughs,
        "junk.vcf": lines + b"1\tx\t\xff\t\x00\t<DEL>,*\t.\t.\tEND=-1;=;;A=\tGT:\t9/9\n",
        "huge.vcf": lines + b"1\t" + b"9" * 5_000 + b"\t.\tA\t" + b"C" * 100_000 + b"\t.\t.\t.\tGT\t1\n",
        "utf16.json": '{"resourceType":"Bundle"}'.encode("utf-16"),
        "nan.json": b'{"resourceType":"Bundle","total":NaN}', "entry.json": bundle % b"5",
        "strings.json": bundle % b'["a",null,{"resource":7}]', "bare.json": b"{}",
        "half.json": bundle % rb'[{"resource":{"resourceType":"Patient","name":[{"family":"\ud800"}]}}]',
        "patient.json": bundle % b'[{"resource":{"resourceType":"Patient","name":5,"birthDate":{},"identifier":[[]]}}]',
        "number.json": b'{"resourceType":' + b"9" * 6_000 + b"}",
        "packet.json": b'{"id":"x","subject":5,"metaData":[]}',
        "twice.json": b'{"resourceType":"Bundle","resourceType":"Patient"}', "<script>alert(1)</script>.json": b"{",
        "../../x.json": b"{}", "recipe.json": b'{"schema":"onelot-recipe/1","name":5,"phases":{}}',
        "network.json": b'{"schema":"onelot-network/1","plants":[{"id":1e999}],"limit_days":-1}',
        "zeros": b"\x00" * 70_000,
    }  # fmt: skip
    right = [(path.name, path.read_bytes()) for path in sorted(cohort.rglob("p01*")) if path.is_file()]
    return [(name, data, "application/octet-stream") for name, data in [*odd.items(), *right]]


def spoilt_file(rng: Random, made: list[File], known: Known) -> File:
    """One of these; of JSON that can be read, also with something in it spoilt."""
    name, data, kind = rng.choice(made)
    if data[:1] == b"{" and len(data) < 100_000 and rng.randrange(3):
        try:
            value: Any = json.loads(data)
        except (ValueError, RecursionError):
            return name, data, kind
        return name, json.dumps(spoilt(rng, value, known)).encode(), kind
    return name, data, kind
