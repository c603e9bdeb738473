"""`onelot demo`: a cohort from order to bedside, in the terminal."""

from __future__ import annotations

import os
import shutil
import socket
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.status import Status
from rich.table import Table

from onelot.adapters.recipes import load, shipped
from onelot.app.authority import title as title_of
from onelot.app.cli.output import print_json
from onelot.app.demo import Cohort, Demo, folder_cohort, made_by, own_cohort, prepare
from onelot.app.document_kinds import check_roles
from onelot.app.simulation.pace import SPEEDS
from onelot.app.simulation.report import Report
from onelot.record.errors import BadInput, NotAllowed
from onelot.record.recipe import MasterRecipe
from onelot.record.recipe_check import check

SEED = 7
PRODUCT = "cd19-per-kg"
# So many findings stand beside a patient in the table; more are listed under it.
BESIDE = 2


_Patients = Annotated[
    Path | None,
    typer.Argument(
        metavar="FOLDER",
        help="Folder of patients, one FHIR R4 bundle (X.json) each; X.vcf and X.phenopacket.json join it."
        " Default: our own cohort of 25.",
    ),
]
_Cohort = Annotated[Path | None, typer.Option(help="The same folder, as an option.", hidden=True)]
_Product = Annotated[
    str, typer.Option(help="What is made for a folder of patients: a recipe's name. Default: cd19-per-kg.")
]
_Recipe = Annotated[
    Path | None, typer.Option(help="A recipe of your own (see `onelot recipe copy`), approved at the simulated site.")
]
_Headless = Annotated[bool, typer.Option("--headless", help="Run to the end at once and show the table; never serve.")]


def demo(
    patients: _Patients = None,
    cohort: _Cohort = None,
    product: _Product = "",
    recipe: _Recipe = None,
    overlay: Annotated[
        bool, typer.Option("--overlay", help="Add the made-up orders and facts that the Synthea patients lack.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Seed of the simulated world.")] = SEED,
    only: Annotated[str, typer.Option(help="Only these patients: names, with commas between.")] = "",
    headless: _Headless = False,
    home: Annotated[Path | None, typer.Option(help="Folder of this run; one that was killed goes on.")] = None,
    port: Annotated[int, typer.Option(help="Port of the screens.")] = 8400,
    speed: Annotated[str, typer.Option(help="Simulated time in a second: minutes, hour, hours, day, all.")] = "hours",
    json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Walk a cohort of patients from order to bedside, on simulated equipment, couriers, people and clock."""
    cohort, own = patients or cohort, _own(recipe)
    product = product or (own[0].name if own else PRODUCT)
    started = time.monotonic()
    folder, screen = _folder(home), Console(stderr=True)

    def make(recipes: Sequence[MasterRecipe]) -> Cohort:
        if cohort is None:
            found = own_cohort(folder / "cohort", seed, recipes)
            if own:
                found = made_by(found, own[0])
        else:
            found = folder_cohort(cohort, product, overlay, recipes, datetime.now(UTC))
        return found.only(only.split(",")) if only else found

    watched = not headless and not json and sys.stdin.isatty()
    if watched:
        _free(port)
        _known(speed)
    # On one line while the screens are served: the address and the sign-ins above it must not run out of sight.
    line = screen.status("setting up", refresh_per_second=2)

    def tell(now: datetime, who: str, what: str) -> None:
        if watched:
            line.update(f"{now:%d %b %Y %H:%M}  {escape(who)}  {escape(what)}")
        elif not json:
            screen.print(f"[dim]{now:%d %b %H:%M}[/dim] {who:>16}  {what}", highlight=False)

    if not json:
        screen.print(f"Setting up a simulated site in {folder} …", highlight=False, soft_wrap=True)
    run = prepare(folder, seed, make, tell, own)
    try:
        if watched:
            _live(run, folder, seed, speed, port, screen, line)
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


def _folder(home: Path | None) -> Path:
    folder = home or Path(tempfile.mkdtemp(prefix="onelot-demo-"))
    folder.mkdir(parents=True, exist_ok=True)
    # The embedded server runs as a user of its own, which must be able to pass through.
    folder.chmod(0o755)
    return folder


def _live(run: Demo, folder: Path, seed: int, speed: str, port: int, screen: Console, line: Status) -> None:
    """Open the screens while the cohort runs; the table comes when they are closed."""
    from onelot.app.api.server import desk_of, serve_live

    desk, live = desk_of(run.house, folder), run.live(folder, seed, speed)
    let_in = run.let_in(desk)
    screen.print(f"\nOpen [bold]http://127.0.0.1:{port}/[/bold] in a browser, and sign in as one of these:\n")
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("sign-in name", "password", "signing password", "who"):
        table.add_column(title, no_wrap=True)
    for login, password, signing in let_in:
        actor = run.house.loop.actor(login)
        table.add_row(login, password, signing, ", ".join((actor.printed_name, *map(title_of, sorted(actor.roles)))))
    screen.print(table)
    screen.print(
        "\nOn the page: [bold]Tour[/bold] takes you through one patient by hand, [bold]Clock[/bold] shows all others"
        "\nlive and slows, pauses or hurries them. Ctrl-C here ends it; nothing is lost.\n"
    )
    for key, found in live.unordered:
        screen.print(f"{escape(key)} is not on the way: {escape(found.what)}; {escape(found.remedy)}", highlight=False)
        screen.print(f"    at {escape(found.place)}", style="dim", highlight=False, soft_wrap=True)
    started = time.monotonic()
    with line:
        serve_live(run.house, desk, live, port)
    if live.over:
        show(run.report(), run, folder, round(time.monotonic() - started, 1))
    else:
        again = f"{_onelot()} demo --home {folder}"
        screen.print(f"Ended before the cohort did. It goes on with: {again}", soft_wrap=True, highlight=False)


def _known(speed: str) -> None:
    if speed not in SPEEDS:
        raise BadInput(f"there is no speed {speed}", rule=f"one of {', '.join(SPEEDS)}", remedy="choose one")


def _free(port: int) -> None:
    """Say at once that a port is taken, not after the set-up.

    Raises:
        BadInput: it is.
    """
    with socket.socket() as probe:
        try:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
        except OSError as cause:
            raise BadInput(
                f"port {port} is taken, or not yours to take",
                rule="the screens of the demo have a port of their own",
                remedy=f"end what runs there, or give another: --port {port + 1}",
            ) from cause


def _onelot() -> str:
    """The program as this reader can call it: in a checkout it is not on the path."""
    return "onelot" if shutil.which("onelot") else os.path.relpath(sys.argv[0])


def _own(path: Path | None) -> tuple[MasterRecipe, ...]:
    """The recipe of a file, ready for approval.

    Raises:
        BadInput: it cannot be read, has errors, or says that it is one of ours.
    """
    if path is None:
        return ()
    recipe = load(path)
    check_roles(recipe)
    errors = [each for each in check(recipe) if each.level == "error"]
    if errors:
        raise BadInput(
            f"{recipe.identifier} has errors; the first of {len(errors)}: {errors[0].what}",
            rule="a recipe with errors is not approved",
            remedy=f"{errors[0].remedy}; all of them: onelot recipe check {path}",
            place=f"{path}#{errors[0].path}",
        )
    ours = shipped().get(recipe.name)
    if ours is not None and ours.version == recipe.version:
        raise BadInput(
            f"{recipe.identifier} is the name of a recipe of ours", rule="a document is registered once under its name",
            remedy="give it a name of its own, or the next version", place=f"{path}#/name",
        )  # fmt: skip
    return (recipe,)


def _held_to_it(found: Report) -> None:
    wrong = [row for row in found.rows if row.as_expected is False]
    if wrong or not found.chains_verified:
        raise NotAllowed(
            "the cohort did not end as expected: "
            + ("; ".join(f"{row.patient} {row.end} {row.disposition}" for row in wrong) or "a chain does not verify"),
            rule="data/cohort/expected.csv",
            remedy="report this as a defect of onelot",
        )


def _list_held(found: Report, console: Console) -> None:
    """What holds each patient who is held by much: what, where it was looked for, what to do."""
    for row in found.rows:
        held = [each for each in found.held if each["patient"] == row.patient]
        if len(held) <= BESIDE or row.as_expected is not None:
            continue
        console.print(f"\n[bold]{escape(row.patient)}[/bold] is held:")
        for each in held:
            console.print(f"  {escape(each['what'])}", highlight=False)
            console.print(f"    at   {escape(each['place'])}", highlight=False, style="dim", soft_wrap=True)
            console.print(f"    now  {escape(each['remedy'])}", highlight=False, style="dim", soft_wrap=True)


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
        count = sum(each["patient"] == row.patient for each in found.held)
        why = f"{count} findings, listed below" if count > BESIDE and row.as_expected is None else row.why
        table.add_row(row.patient, row.product, row.dose, days, disposition, row.end + mark, escape(why))
    console.print(table)
    _list_held(found, console)
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
    batch = next((row.batch for row in found.rows if row.batch), "")
    onelot = _onelot()
    of_batch = (
        f"{onelot} why {batch} dose",
        f"{onelot} export {batch} -o batch.json && {onelot} keys export -o keys.json",
        f"{onelot} verify batch.json --key keys.json",
    )
    console.print("Open and verify any record:" if batch else "No batch was made. Look at the installation:")
    last = of_batch if batch else (f"{onelot} doctor",)
    for command in (f"export ONELOT_HOME={folder}", f"{onelot} board --all", *last):
        console.print(f"  {command}", highlight=False, soft_wrap=True)
