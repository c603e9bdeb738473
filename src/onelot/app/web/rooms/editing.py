"""The patient's own guide: its place in the sequence, candidates, off-target sites, the evidence file, two signatures.

The second person is shown who chose and why, but not what: both name a candidate, and they must agree.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from markupsafe import Markup

from onelot.app.authority import roles_for
from onelot.app.commands import Command
from onelot.app.commands.editing import ChooseGuide, ConfirmGuide, searched
from onelot.app.context import Actor
from onelot.app.drawings.editing import counts_table, sequence_view
from onelot.app.drawings.words import Words
from onelot.app.guide_file import guide_file
from onelot.app.printing import guide_pdf
from onelot.app.web.language import words_of
from onelot.app.web.pages import HEADERS, language_of
from onelot.app.web.screen import Artefact, Screen, Sent, Text
from onelot.record.errors import BadInput

LIST = "/screen/editing"
NAV = (("editing", LIST),)
#: Rows of off-target sites on the page; the rest is in the JSON of `onelot tailor file`.
ROWS = 200
OVER = frozenset({"dosed", "followed_up", "ended"})


def routes(router: APIRouter, screen: Screen) -> None:
    """The list, the page, its print and its two signatures."""

    @router.get("/editing")
    def therapies(request: Request) -> Response:
        actor = screen.enter(request, "editing")
        rows = [row for row in screen.house.journal.rows("therapies").values() if actor.may_see(*row["sites"])]
        rows = [row for row in rows if _edits(screen, row["recipe"])]
        rows.sort(key=lambda row: (row["state"] in OVER, not row["holds"], row["coi"]))
        return screen.render("guides.html", request, actor, rows=rows[:500], count=len(rows))

    @router.get("/therapies/{coi}/guide")
    def page(request: Request, coi: str, candidate: int = 0, again: int = 0) -> Response:
        actor, found = _open(screen, request, coi)
        step = _step(screen, actor, coi, found, bool(again))
        seen, words = _viewed(found, candidate), words_of(language_of(request))["drawing"]
        return screen.render(
            "guide.html", request, actor, found=found, step=step, shown=_to_sign(screen, request, coi, found, step),
            seen=seen, place=_drawn(found, seen, words), sites=_sites(found, seen, words), choices=_choices(found),
            now=screen.house.clock(),
        )  # fmt: skip

    @router.get("/therapies/{coi}/guide.pdf")
    def printed(request: Request, coi: str) -> Response:
        actor = screen.enter(request, "editing")
        screen.context(actor).therapy(coi)
        screen.house.log_look(actor.id, f"therapy/{coi}", "guide, printed")
        name = {"Content-Disposition": f'inline; filename="guide-{"".join(filter(str.isalnum, coi))}.pdf"'}
        return Response(guide_pdf(screen.house, coi, actor), media_type="application/pdf", headers={**HEADERS, **name})

    @router.post("/therapies/{coi}/guide")
    def sign(
        request: Request,
        coi: str,
        sent: Annotated[Sent, Depends()],
        step: Text = "",
        candidate: Text = "",
        reason: Text = "",
    ) -> Response:
        actor, found = _open(screen, request, coi, sent)
        shown = _to_sign(screen, request, coi, found, step)
        screen.sign(request, actor, _command(coi, step, candidate, reason), sent, shown)
        return screen.go(f"/screen/therapies/{coi}/guide")


def _open(screen: Screen, request: Request, coi: str, sent: Sent | None = None) -> tuple[Actor, dict[str, Any]]:
    actor = screen.enter(request, "editing", sent)
    found = guide_file(screen.house, coi, actor)
    screen.house.log_look(actor.id, f"therapy/{coi}", "guide")
    return actor, found


def _edits(screen: Screen, recipe: str) -> bool:
    cited = screen.house.loop.reader.document(f"recipe/{recipe}").cite
    return cited is not None and screen.house.loop.reader.recipe(cited).editing is not None


def _step(screen: Screen, actor: Actor, coi: str, found: dict[str, Any], again: bool) -> str:
    """Which signature is asked of this person now: choose, confirm, wait (for another), done, or none."""
    therapy = screen.context(actor).therapy(coi)
    if found["design"] is None or not _choices(found) or therapy.state in OVER:
        return "none"
    guide = therapy.guide
    fresh = guide is not None and therapy.design is not None and guide.choice.design == therapy.design.cite
    if guide is None or not fresh or again:
        return "choose" if roles_for("ChooseGuide") & actor.roles else "wait"
    if guide.confirmed_by:
        return "done"
    return "confirm" if roles_for("ConfirmGuide") & actor.roles and guide.by != actor.id else "wait"


def _to_sign(screen: Screen, request: Request, coi: str, found: dict[str, Any], step: str) -> Artefact:
    patient = screen.house.loop.reader.therapy(coi).patient
    return screen.artefact("guide.html", request, patient=patient, found=found, step=step, choices=_choices(found))


def _choices(found: dict[str, Any]) -> list[dict[str, Any]]:
    """The candidates a person may choose: of the platform's editor, and searched."""
    candidates = (found["design"] or {}).get("candidates", ())
    return [each for each in candidates if each["editor"] in found["platform"] and each["search"]]


def _viewed(found: dict[str, Any], wanted: int) -> dict[str, Any] | None:
    """The candidate whose place is shown: the one asked for, the confirmed one, else the first that may be chosen."""
    candidates = {each["rank"]: each for each in (found["design"] or {}).get("candidates", ())}
    chosen = found["choice"]["candidate"] if found["choice"] and found["choice"]["confirmed_by"] else 0
    first = next(iter(_choices(found)), None) or next(iter(candidates.values()), None)
    return candidates.get(wanted) or candidates.get(chosen) or first


def _drawn(found: dict[str, Any], seen: dict[str, Any] | None, words: Words) -> Markup:
    if seen is None:
        return Markup("")
    design = found["design"]
    return Markup(sequence_view(seen, design["correction"], design["allele"], words))  # noqa: S704 - ours, escaped


def _sites(found: dict[str, Any], seen: dict[str, Any] | None, words: Words) -> dict[str, Any]:
    """The sites of the candidate shown, those of this patient alone first; and the drawing of all counts."""
    sites = found["sites"] or {}
    guides = {f"{each['spacer']} {each['pam']}": each for each in sites.get("guides", ())}
    mine, columns = searched(sites, seen) if seen else None, sites.get("columns", [])
    counts = {name: each["by_mismatches"] for name, each in guides.items()}
    drawn = counts_table(counts, _own(guides, columns), words)
    return {
        "columns": columns,
        "rows": mine["rows"][:ROWS] if mine else [],
        "left_out": (mine["sites"] - min(ROWS, len(mine["rows"]))) if mine else 0,
        "searched": mine is not None,
        "drawn": Markup(drawn) if guides else Markup(""),  # noqa: S704 - ours, escaped
        "unresolved": sites.get("unresolved", []),
    }


def _own(guides: dict[str, Any], columns: list[str]) -> dict[str, dict[str, int]]:
    """How many of each count only this patient has."""
    if "patient_only" not in columns:
        return {}
    only, numbers = columns.index("patient_only"), [columns.index(each) for each in ("mismatches", "dna_bulge")]
    found: dict[str, dict[str, int]] = {}
    for name, each in guides.items():
        for row in each["rows"]:
            if row[only] == "yes":
                bulged = row[numbers[1]] != "0" or row[columns.index("rna_bulge")] != "0"
                key = "bulged" if bulged else row[numbers[0]]
                counted = found.setdefault(name, {})
                counted[key] = counted.get(key, 0) + 1
    return found


def _command(coi: str, step: str, candidate: str, reason: str) -> Command:
    if not candidate.isdecimal() or step not in ("choose", "confirm"):
        raise BadInput(
            "no candidate was named",
            rule="a guide is chosen, and confirmed, by naming a candidate",
            remedy="mark one of the candidates, then sign",
            place="candidate",
        )
    number = int(candidate)
    return ChooseGuide(coi, number, reason) if step == "choose" else ConfirmGuide(coi, number, reason)
