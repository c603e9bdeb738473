"""`onelot recipe`: what ships, whether a recipe may be approved, and what changed between two."""

from __future__ import annotations

import re
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from onelot.adapters.recipes import as_written, load, shipped
from onelot.app.cli.output import print_json
from onelot.app.document_kinds import check_roles
from onelot.record.errors import BadInput
from onelot.record.recipe import MasterRecipe, digest_of, write_recipe
from onelot.record.recipe_check import check as findings_of
from onelot.record.recipe_check import diff as changes_between
from onelot.record.recipe_check import tally

app = typer.Typer(help="Recipes as data: list, show, copy, check and compare them.", no_args_is_help=True)

_NAME = re.compile(r"[a-z][a-z0-9-]{1,60}")
_Recipe = Annotated[str, typer.Argument(metavar="RECIPE", help="name of a shipped recipe, or a file")]
_Json = Annotated[bool, typer.Option("--json", help="print one JSON value")]


@app.command("list")
def list_(as_json: _Json = False) -> None:
    """The recipes that ship, each with its digest and where its numbers come from."""
    rows = [_summary(recipe) for recipe in shipped().values()]
    if as_json:
        print_json(rows)
        return
    for row in rows:
        print(f"{row['recipe']:22} {row['kind']:10} {row['title']}")
        print(f"{'':22} {_origin(row['numbers'])}")


@app.command()
def check(recipe: _Recipe, as_json: _Json = False) -> None:
    """Whether a recipe may be approved. Exit 1 when it has errors; notices are shown to who signs."""
    read = load(recipe)
    check_roles(read)
    found = findings_of(read)
    errors = sum(each.level == "error" for each in found)
    if as_json:
        print_json({**_summary(read), "errors": errors, "findings": [asdict(each) for each in found]})
    else:
        for each in found:
            print(f"{each.level:6} {each.path}: {each.what}\n       now: {each.remedy}")
        if errors:
            print('by the rules of docs/recipes.md, "What a recipe keeps"; each path is one inside the file')
        print(f"{read.identifier}: {errors} error{'' if errors == 1 else 's'}; {_origin(asdict(tally(read)))}")
    if errors:
        raise typer.Exit(1)


@app.command()
def copy(
    recipe: _Recipe,
    output: Annotated[Path, typer.Option("--output", "-o", help="the file to write, e.g. mine.json")],
    name: Annotated[str, typer.Option(help="the copy's name; default: the file's")] = "",
) -> None:
    """Write a copy under a name of its own, to be changed by you. Then: check, diff, and onelot demo --recipe FILE."""
    read = load(recipe)
    named = name or re.sub(r"[^a-z0-9]+", "-", output.stem.lower()).strip("-")
    if not _NAME.fullmatch(named) or named in shipped():
        raise BadInput(
            f"{named!r} is no name for a copy", rule="a name of its own: small letters, digits and -, a letter first",
            remedy="give one with --name", place=str(output),
        )  # fmt: skip
    if output.exists():
        raise BadInput(
            f"{output} is there already",
            rule="a copy overwrites nothing",
            remedy="give another file",
            place=str(output),
        )
    text = orjson.dumps({**as_written(recipe), "name": named, "version": "1"}, option=orjson.OPT_INDENT_2)
    try:
        output.write_bytes(text + b"\n")
    except OSError as cause:
        raise BadInput(
            f"it cannot be written: {cause.strerror or cause}", rule="a copy is a file of yours",
            remedy="give a file in a folder that you may write to", place=str(output),
        ) from cause  # fmt: skip
    print(f"{output}: {named}/1, a copy of {read.identifier}. Change it in any text editor, then")
    print(f"  onelot recipe check {output}")
    print(f"  onelot recipe diff {read.name} {output}")
    print(f"  onelot demo --recipe {output}")


@app.command()
def diff(old: _Recipe, new: _Recipe, as_json: _Json = False) -> None:
    """Every place where two recipes differ, things with names compared by name."""
    changes = changes_between(load(old), load(new))
    if as_json:
        print_json([asdict(each) for each in changes])
        return
    for each in changes:
        print(f"{each.path}\n  - {_short(each.old)}\n  + {_short(each.new)}")
    print(f"{len(changes)} places differ")


@app.command()
def show(recipe: _Recipe, as_json: _Json = False) -> None:
    """One recipe for people: parameters, procedure and specification, every limit with unit, basis and source."""
    read = load(recipe)
    if as_json:
        print_json(write_recipe(read))
        return
    out = [f"{read.identifier}  {read.title}", f"for {', '.join(read.indications) or 'stock'}", "", "parameters"]
    for parameter in read.parameters:
        how = parameter.formula or f"band {parameter.band} by {read.bands.by if read.bands else '?'}"
        out += [f"  {parameter.name} [{parameter.unit}, {parameter.basis}] = {how}", f"      {parameter.source.shown}"]
        for name, each in parameter.constants.items():
            out.append(f"      {name} = {each.value:f} {each.unit} {each.basis} ({each.source.shown})")
        for word, limit in (("at least", parameter.low), ("at most", parameter.high)):
            if limit:
                out.append(f"      {word} {limit.value:f} {limit.unit} ({limit.source.shown})")
    out += ["", "procedure"]
    for phase in read.phases:
        loop = f"; again until {phase.repeat.until}" if phase.repeat else ""
        second = ", second person" if phase.second_person else ""
        out.append(f"  {phase.name:18} {phase.kind:8} {phase.title}{second}{loop}")
    out += ["", "specification"]
    for test in read.specification:
        limits = [f"{word} {q.value:f} {q.unit} {q.basis} ({q.source.shown})"
                  for word, q in (("≥", test.low), ("≤", test.high)) if q]  # fmt: skip
        wanted = " and ".join(limits) or f"{test.equals} ({test.source.shown})"
        out.append(f"  {test.name:24} {test.stage:8} {wanted}")
    out += ["", _origin(asdict(tally(read)))]
    sys.stdout.write("\n".join(out) + "\n")


def _summary(recipe: MasterRecipe) -> dict[str, Any]:
    return {
        "recipe": recipe.identifier,
        "title": recipe.title,
        "kind": recipe.kind,
        "sha256": digest_of(recipe),
        "phases": len(recipe.phases),
        "numbers": asdict(tally(recipe)),
    }


def _origin(numbers: dict[str, int]) -> str:
    return (
        f"{numbers['numbers']} numbers: {numbers['cited']} cited, {numbers['unverified']} unverified, "
        f"{numbers['assumptions']} our assumptions"
    )


def _short(value: Any) -> str:
    text = "nothing" if value is None else str(value)
    return text if len(text) <= 160 else text[:157] + "..."
