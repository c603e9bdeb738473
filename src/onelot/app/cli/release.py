"""`onelot release`: what may be given, and the printed forms of a batch."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from onelot.app.cli.house import Home, Json, open_for_reading, write_file
from onelot.app.cli.output import print_json
from onelot.app.house import House
from onelot.app.printing import certificate_of, label_of, record_pdf
from onelot.record.errors import BadInput
from onelot.release import assess as judge

app = typer.Typer(
    help="Release: what is proven, what is missing; certificate, record and labels.", no_args_is_help=True
)
Output = Annotated[Path, typer.Option("-o", "--output", help="The file to write.")]


@app.command()
def assess(batch: str, home: Home = None, json: Json = False) -> None:
    """What is proven, missing and unusual about a batch, and which dispositions are possible."""
    house = open_for_reading(home)
    try:
        found = house.loop.reader.batch(batch)
        if found.recipe is None:
            raise BadInput(f"there is no batch {batch}", rule="a batch is on the record", remedy="`onelot board --all`")
        therapy = house.loop.reader.therapy(found.therapies[0]) if found.therapies else None
        judged = judge(house.loop.reader.recipe(found.recipe), found, therapy, house.clock())
    finally:
        house.close()
    if json:
        print_json(
            {
                "batch": batch,
                "state": found.state,
                "disposition": found.disposition,
                "possible": sorted(judged.possible),
                "proven": [each.what for each in judged.proven],
                "missing": [vars_of(each) for each in judged.missing],
                "unusual": [vars_of(each) for each in judged.unusual],
            }
        )
        return
    print(f"{batch}: {found.state}, {found.disposition or 'not decided'}")
    print(f"possible: {', '.join(sorted(judged.possible)) or 'nothing'}")
    for title, listed in (("missing", judged.missing), ("unusual", judged.unusual)):
        for each in listed:
            print(f"{title}  {each.what}\n  rule: {each.rule}\n  now:  {each.remedy}")


def vars_of(finding: object) -> dict[str, str]:
    """A finding's fields."""
    return {name: str(getattr(finding, name)) for name in ("rule", "fact", "place", "what", "remedy")}


@app.command()
def certificate(batch: str, output: Output, home: Home = None, json: Json = False) -> None:
    """Write the newest certificate of analysis as PDF."""
    _print(output, home, json, lambda house: certificate_of(house, batch))


@app.command()
def record(batch: str, output: Output, home: Home = None, json: Json = False) -> None:
    """Write the batch record as PDF."""
    _print(output, home, json, lambda house: record_pdf(house, batch))


@app.command()
def label(batch: str, container: str, output: Output, home: Home = None, json: Json = False) -> None:
    """Write a container's label (.pdf, .png or .svg by the file's name)."""
    kind = output.suffix.removeprefix(".") or "pdf"
    if kind not in ("pdf", "png", "svg"):
        raise BadInput(f"a label is no {kind}", rule="labels are pdf, png or svg", remedy="name the file so")
    _print(output, home, json, lambda house: label_of(house, batch, container, kind))


def _print(output: Path, home: Path | None, json: bool, make: Callable[[House], bytes]) -> None:
    house = open_for_reading(home)
    try:
        data = make(house)
    finally:
        house.close()
    write_file(output, data)
    print_json({"file": str(output), "bytes": len(data)}) if json else print(f"{output}, {len(data)} bytes")
