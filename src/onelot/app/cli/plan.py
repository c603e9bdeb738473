"""`onelot plan …`: where and when."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import orjson
import rfc8785
import typer

from onelot.app.cli import plan_signed
from onelot.app.cli.output import print_json
from onelot.app.drawings.network import draw_front, draw_loads, draw_schematic, draw_side_by_side
from onelot.app.drawings.svg import Drawing, standalone
from onelot.app.network_study import answered
from onelot.plan.network import (
    Answer,
    Ledger,
    Network,
    network_document,
    read_network,
    read_variant,
)
from onelot.record.errors import BadInput

app = typer.Typer(help="Where and when: networks, schedules, checks.", no_args_is_help=True)
plan_signed.register(app)


@app.command()
def network(
    file: Annotated[Path, typer.Argument(help="the question, JSON (data/schemas/network.schema.json)")],
    as_json: Annotated[bool, typer.Option("--json", help="print the answer as one JSON object")] = False,
    seconds: Annotated[float, typer.Option(min=0.1, help="search at most so long")] = 30.0,
    gap: Annotated[float, typer.Option(min=0.0, max=1.0, help="stop at this relative gap; 0 asks for proof")] = 0.0,
    draw: Annotated[Path | None, typer.Option(help="write the drawings as SVG files into this folder")] = None,
    document: Annotated[
        Path | None, typer.Option(help="write the chosen network as canonical JSON, to be signed")
    ] = None,
    recipe: Annotated[
        list[str] | None, typer.Option(help="a master recipe that the document is for; may be repeated; none: all")
    ] = None,
    starts_on: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="the document's date of day 0")
    ] = None,
    what_if: Annotated[
        list[Path] | None, typer.Option(help="a JSON merge patch of the question; answered beside it; may be repeated")
    ] = None,
    behind: Annotated[str | None, typer.Option(help="print what is behind one number, e.g. /cost/transport_in")] = None,
) -> None:
    """Choose plants and routes at least cost, least time, or along the front of both."""
    data = _object(file)
    question = read_network(data)
    answer = answered(question, seconds, gap)
    variants = [(path.stem, answered(read_variant(data, _object(path)), seconds, gap)) for path in what_if or []]
    if draw is not None:
        _write_drawings(question, answer, variants, draw)
    if document is not None:
        day = starts_on.date() if starts_on else None
        made = network_document(answer, question, recipes=recipe or (), starts_on=day)
        document.write_bytes(rfc8785.dumps(made))
    if behind is not None:
        print_json(Ledger(question, answer).behind(behind).as_dict())
    elif as_json:
        others = [{"name": name, "answer": variant.as_dict()} for name, variant in variants]
        print_json(answer.as_dict() | ({"what_if": others} if others else {}))
    else:
        _print_plainly(answer)
        for name, variant in variants:
            typer.echo(f"what if {name}:")
            _print_plainly(variant)
    if answer.status in ("infeasible", "unknown"):
        raise typer.Exit(1)


def _object(file: Path) -> dict[str, object]:
    """The file's JSON object, or a refusal that says where it breaks."""
    try:
        data = orjson.loads(file.read_bytes())
    except OSError as fault:
        raise BadInput(
            f"The file cannot be read: {fault.strerror}",
            rule="the question is a file",
            remedy="Check the path.",
            place=str(file),
        ) from None
    except orjson.JSONDecodeError as fault:
        raise BadInput(
            f"This is not JSON: {fault.msg}",
            rule="RFC 8259",
            remedy="Correct the file at this place; NaN and Infinity are no JSON numbers.",
            place=f"{file}:{fault.lineno}:{fault.colno}",
        ) from None
    if not isinstance(data, dict):
        raise BadInput(
            "The question must be one JSON object.",
            rule="network.schema.json",
            remedy="Put the fields into an object.",
            place="$",
        )
    return data


def _write_drawings(question: Network, answer: Answer, variants: list[tuple[str, Answer]], folder: Path) -> None:
    """The network, its loads, its front and its variants, whatever there is, as files that carry their own colours."""
    folder.mkdir(parents=True, exist_ok=True)
    drawings: dict[str, Drawing] = {}
    if answer.objective is not None:
        drawings |= {"network": draw_schematic(question, answer), "loads": draw_loads(question, answer)}
    if answer.front:
        drawings["front"] = draw_front(answer)
    if variants:
        drawings["side-by-side"] = draw_side_by_side([("as asked", answer), *variants])
    for name, drawing in drawings.items():
        (folder / f"{name}.svg").write_text(standalone(drawing.svg), encoding="utf-8")


def _print_plainly(answer: Answer) -> None:
    """A few lines for people."""
    if answer.reason is not None:
        typer.echo(f"{answer.status}: {answer.reason.what}")
        typer.echo(f"  rule: {answer.reason.rule}")
        typer.echo(f"  now:  {answer.reason.remedy}")
        return
    if answer.objective is None:
        typer.echo("unknown: time ran out before any answer was found. Allow more seconds.")
        return
    patients = sum(answer.turnaround.values())
    bound = f"bound {answer.lower_bound:,.2f}, gap {answer.gap:.4%}" if answer.lower_bound is not None else "no bound"
    typer.echo(f"{answer.status}: {answer.objective:,.2f} ({bound}) in {answer.seconds or 0.0:.3f} s")
    for plant in answer.plants:
        typer.echo(
            f"  {plant.id}: {plant.patients:,.0f} patients, peak {plant.peak_load:g} of {plant.lines} lines, "
            f"cost {plant.cost:,.2f}, open from day {plant.open_day}"
        )
    for part, cost in answer.cost.items():
        typer.echo(f"  {part.replace('_', ' ')}: {cost:,.2f}")
    if patients and answer.patient_days is not None:
        typer.echo(f"  turnaround: {answer.patient_days / patients:.2f} days on average")
        typer.echo("    " + ", ".join(f"{days} d: {count:g}" for days, count in sorted(answer.turnaround.items())))
    for scenario in answer.scenarios:
        typer.echo(f"  scenario {scenario.id} ({scenario.probability:g}): {scenario.cost:,.2f}")
    for point in answer.front:
        names = ", ".join(plant.id for plant in point.answer.plants)
        typer.echo(f"  front: {point.cost:,.2f} at {point.mean_days:.2f} days ({names})")
