"""`onelot learn recipes`: what each recipe version has done so far."""

from __future__ import annotations

import typer

from onelot.app.cli.house import Home, Json, open_for_reading
from onelot.app.cli.output import print_json
from onelot.app.learning import recipe_lines

app = typer.Typer(help="Learn: what came of it.", no_args_is_help=True)


@app.callback()
def learn() -> None:
    """Learn: what came of it."""


@app.command()
def recipes(home: Home = None, json: Json = False) -> None:
    """Per recipe version: counts, turnaround, dose hits, failures."""
    house = open_for_reading(home)
    try:
        found = recipe_lines(house.journal)
        mode = house.mode
    finally:
        house.close()
    if json:
        print_json({"mode": mode, "recipes": found})
        return
    if mode == "simulation":
        print("SIMULATED")
    for line in found:
        print(
            f"{line['recipe']:22} {line['batches']} batches, {line['administered']} administered,"
            f" median {line['median_days'] or '-'} d, dose hits {line['dose_hits']}"
        )
        for reason, count in line["failures"].items():
            print(f"{'':22} {count} x {reason}")
