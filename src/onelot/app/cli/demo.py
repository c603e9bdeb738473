"""`onelot demo`: a cohort from order to bedside, in the terminal."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from onelot.app.cli.output import print_json
from onelot.app.demo import Cohort, Demo, folder_cohort, own_cohort, prepare
from onelot.app.simulation.pace import SPEEDS
from onelot.app.simulation.report import Report
from onelot.record.errors import BadInput, NotAllowed
from onelot.record.recipe import MasterRecipe

SEED = 7


def demo(
    cohort: Annotated[Path | None, typer.Option(help="Folder of patients (FHIR R4); default: our own cohort.")] = None,
    product: Annotated[str, typer.Option(help="Product ordered, for a folder of patients.")] = "cd19-per-kg",
    overlay: Annotated[bool, typer.Option("--overlay", help="Add the committed synthetic orders and facts.")] = False,
    seed: Annotated[int, typer.Option(help="Seed of the simulated world.")] = SEED,
    only: Annotated[str, typer.Option(help="Only these patients: names, with commas between.")] = "",
    headless: Annotated[
        bool, typer.Option("--headless", help="Run to the end at once and show the table; never serve.")
    ] = False,
    home: Annotated[Path | None, typer.Option(help="Folder of this run; one that was killed goes on.")] = None,
    port: Annotated[int, typer.Option(help="Port of the screens.")] = 8400,
    speed: Annotated[str, typer.Option(help="Simulated time in a second: minutes, hour, hours, day, all.")] = "hours",
    json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Walk a cohort of patients from order to bedside, on simulated equipment, couriers, people and clock."""
    started = time.monotonic()
    folder = home or Path(tempfile.mkdtemp(prefix="onelot-demo-"))
    folder.mkdir(parents=True, exist_ok=True)
    # The embedded server runs as a user of its own, which must be able to pass through.
    folder.chmod(0o755)
    screen = Console(stderr=True)

    def make(recipes: Sequence[MasterRecipe]) -> Cohort:
        if cohort is None:
            found = own_cohort(folder / "cohort", seed, recipes)
        else:
            found = folder_cohort(cohort, product, overlay, recipes, datetime.now(UTC))
        return found.only(only.split(",")) if only else found

    def tell(now: datetime, who: str, what: str) -> None:
        if not json:
            screen.print(f"[dim]{now:%d %b %H:%M}[/dim] {who:>16}  {what}", highlight=False)

    run = prepare(folder, seed, make, tell)
    try:
        if not headless and not json and sys.stdin.isatty():
            _live(run, folder, seed, speed, port, screen)
            return
        found = run.run()
        seconds = round(time.monotonic() - started, 1)
        if json:
            print_json({**found.as_dict(), "seconds": seconds, "home": str(folder)})
        else:
            show(found, run, folder, seconds)
        _held_to_it(found)
    finally:
        run.house.close()


def _live(run: Demo, folder: Path, seed: int, speed: str, port: int, screen: Console) -> None:
    """Open the screens while the cohort runs; the table comes when they are closed."""
    from onelot.app.api.server import desk_of, serve_live

    if speed not in SPEEDS:
        raise BadInput(f"there is no speed {speed}", rule=f"one of {', '.join(SPEEDS)}", remedy="choose one")
    desk, live = desk_of(run.house, folder), run.live(folder, seed, speed)
    screen.print(
        f"Open http://127.0.0.1:{port}/screen/sign-in (Ctrl-C ends it). The clock and the tour are in the head."
    )
    for login, password, signing in run.let_in(desk):
        screen.print(f"  {login:28} {password}   signing password {signing}", highlight=False)
    started = time.monotonic()
    serve_live(run.house, desk, live, port)
    if live.over:
        show(run.report(), run, folder, round(time.monotonic() - started, 1))
    else:
        screen.print(f"Ended before the cohort did. It goes on with: onelot demo --home {folder}", soft_wrap=True)


def _held_to_it(found: Report) -> None:
    wrong = [row for row in found.rows if row.as_expected is False]
    if wrong or not found.chains_verified:
        raise NotAllowed(
            "the cohort did not end as expected: "
            + ("; ".join(f"{row.patient} {row.end} {row.disposition}" for row in wrong) or "a chain does not verify"),
            rule="data/cohort/expected.csv",
            remedy="report this as a defect of onelot",
        )


def show(found: Report, run: Demo, folder: Path, seconds: float) -> None:
    """The table at the end, and how to verify and open any record."""
    console = Console(width=None if sys.stdout.isatty() else 160)
    console.print(
        "\n[bold]SIMULATED[/bold]: no real patient, product or courier. The twin is not validated on real batches.\n"
    )
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("patient", "product", "dose", "vein to vein", "disposition", "end", "why"):
        table.add_column(title, overflow="fold", no_wrap=title == "patient")
    for row in found.rows:
        mark = {True: "", False: " (NOT as expected)", None: ""}[row.as_expected]
        days = f"{row.days} d" if row.days else ""
        disposition = row.disposition.replace("_", " ")
        table.add_row(row.patient, row.product, row.dose, days, disposition, row.end + mark, row.why)
    console.print(table)
    figures: dict[str, Any] = found.as_dict()
    console.print(
        f"\n{figures['patients']} patients, {figures['administered']} administered,"
        f" {len(found.held)} findings hold others,"
        f" {len(found.refused)} refused at a scan, {found.deviations} deviations,"
        f" {found.events} events in {found.streams} chains, all verified: {'yes' if found.chains_verified else 'NO'};"
        f" {seconds} s"
    )
    for line in found.recipes:
        console.print(
            f"  {line['recipe']:20} {line['batches']} batches, {line['administered']} administered,"
            f" median {line['median_days'] or '-'} d, dose hits {line['dose_hits']},"
            f" {sum(line['failures'].values())} failed"
        )
    console.print(
        f"Numbers in the shipped recipes: {found.assumptions} are our assumption, {found.unverified} unverified"
        " (`onelot recipe check NAME` lists them).\n"
    )
    batch = next((row.batch for row in found.rows if row.batch), "BATCH")
    console.print("Open and verify any record:")
    # The program as this reader can call it: in a checkout it is not on the path.
    onelot = "onelot" if shutil.which("onelot") else os.path.relpath(sys.argv[0])
    for command in (
        f"export ONELOT_HOME={folder}",
        f"{onelot} board --all",
        f"{onelot} why {batch} dose",
        f"{onelot} export {batch} -o batch.json && {onelot} keys export -o keys.json",
        f"{onelot} verify batch.json --key keys.json",
    ):
        console.print(f"  {command}", highlight=False, soft_wrap=True)
