"""What-if side by side: answers to like questions, cost by part, plants, time and proof."""

from __future__ import annotations

from collections.abc import Sequence

from onelot.app.drawings.svg import Drawing, Link, element, frame, line, opened, short, text, titled
from onelot.app.drawings.words import ENGLISH, Words
from onelot.plan.network import Answer

WIDTH = 960.0
PARTS = ("plants", "opening", "transport_in", "transport_out", "therapy", "storage", "failure")
FIRST = 0


def draw_side_by_side(
    answers: Sequence[tuple[str, Answer]], link: Link | None = None, words: Words = ENGLISH
) -> Drawing:
    """One row an answer: a bar of its cost by part, its difference from the first, plants, mean days, status.

    Args:
        answers: (name, answer); the first is what the others are compared with. Infeasible ones say their reason.
        link: turns `/0/cost/plants` (number of the answer, then the pointer in it) into an address.
    """
    parts = [part for part in PARTS if any(answer.cost.get(part) for _, answer in answers)]
    most = max((answer.cost.get("total", 0.0) for _, answer in answers), default=0.0) or 1.0
    left, right, row = 190.0, WIDTH - 250, 64.0
    first = answers[FIRST][1].cost.get("total") if answers else None
    body, x = [], left
    for index, part in enumerate(parts):
        body.append(element("rect", x=x, y=14.0, width=12.0, height=12.0, class_=f"part-{index % 6}"))
        told = words[f"part_{part}"]
        body.append(text(x + 18, 24, told))
        x += 30 + 7.2 * len(told)
    for number, (name, answer) in enumerate(answers):
        y = 48.0 + number * row
        body.append(line(16, y - 8, WIDTH - 16, y - 8, "hair"))
        body.append(text(left - 12, y + 22, name if len(name) <= 24 else name[:23] + "…", "strong", "end"))
        if not answer.cost:
            why = answer.reason.what if answer.reason else words["no_answer"]
            body.append(text(left, y + 22, f"{words[answer.status]}: {why}", "quiet"))
            continue
        x = left
        for index, part in enumerate(parts):
            cost = answer.cost.get(part, 0.0)
            wide = cost / most * (right - left)
            bar = element("rect", x=x, y=y + 6, width=wide, height=26.0, class_=f"part-{index % 6}")
            shape = titled(bar, f"{name}, {words[f'part_{part}']}: {cost:,.2f}")
            body.append(opened(shape, f"/{number}/cost/{part}", link) if cost else "")
            x += wide
        body += _words(answer, first if number != FIRST else None, right + 16, y, words)
    height = 48.0 + len(answers) * row
    data = {
        "answers": [
            {
                "name": name,
                "status": answer.status,
                "cost": answer.cost,
                "difference": None if first is None or not answer.cost else answer.cost["total"] - first,
                "mean_days": _mean_days(answer),
                "plants": [plant.id for plant in answer.plants],
            }
            for name, answer in answers
        ]
    }
    return Drawing(frame(WIDTH, height, "".join(body), words["beside_title"], "network-compare"), data)


def _mean_days(answer: Answer) -> float | None:
    patients = sum(answer.turnaround.values())
    return answer.patient_days / patients if answer.patient_days is not None and patients else None


def _words(answer: Answer, first: float | None, x: float, y: float, words: Words) -> list[str]:
    """Total, difference, plants, days and proof beside the bar."""
    total = answer.cost["total"]
    against = (
        ""
        if first is None
        else "  ="
        if total == first
        else f"  {'+' if total > first else '−'}{short(abs(total - first))}"
    )
    days = _mean_days(answer)
    count = len(answer.plants)
    below = words["one_plant" if count == 1 else "some_plants"].format(n=count)
    below += ", " + words["mean"].format(days=f"{days:.2f}") if days is not None else ""
    proof = words["proven"] if answer.status == "optimal" else words["within"].format(gap=f"{answer.gap or 0:.2%}")
    return [text(x, y + 16, short(total) + against, "strong"), text(x, y + 34, f"{below}, {proof}", "quiet")]
