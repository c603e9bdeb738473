"""Cost against time: the front as a plot to click on."""

from __future__ import annotations

from onelot.app.drawings.svg import Drawing, Link, element, frame, line, number, opened, text, ticks, titled
from onelot.app.drawings.words import ENGLISH, Words
from onelot.plan.network import Answer
from onelot.record.errors import BadInput

WIDTH = 960.0


def draw_front(answer: Answer, link: Link | None = None, chosen: int | None = None, words: Words = ENGLISH) -> Drawing:
    """Cost against mean days from collection to return; each point leads to its answer (`/front/2`).

    chosen: the point whose answer is shown beside it; it gets a ring.
    """
    points = [(point.mean_days, point.cost, point.proven) for point in answer.front]
    if not points:
        raise BadInput(
            "The answer has no front to draw.",
            rule="a front is the answer to `minimise: both`",
            remedy="Ask the question again with minimise both.",
            place="$.front",
        )
    left, right, top, bottom = 96.0, WIDTH - 32, 40.0, 380.0
    days, costs = [p[0] for p in points], [p[1] for p in points]
    margin_x = (max(days) - min(days) or 1.0) * 0.08
    margin_y = (max(costs) - min(costs) or max(costs) * 0.01 or 1.0) * 0.12
    x0, x1, y0, y1 = min(days) - margin_x, max(days) + margin_x, min(costs) - margin_y, max(costs) + margin_y

    def at(day: float, cost: float) -> tuple[float, float]:
        return left + (day - x0) / (x1 - x0) * (right - left), bottom - (cost - y0) / (y1 - y0) * (bottom - top)

    body = [line(left, bottom, right, bottom, "axis"), line(left, top, left, bottom, "axis")]
    rows, columns = ticks(y0, y1), ticks(x0, x1)
    for cost in rows:
        y = at(x0, cost)[1]
        body.append(line(left, y, right, y, "hair"))
        body.append(text(left - 8, y + 4, _figure(cost, (rows[-1] - rows[0]) / max(len(rows) - 1, 1)), "quiet", "end"))
    for day in columns:
        body.append(text(at(day, y0)[0], bottom + 20, f"{day:g}", "quiet", "middle"))
    body.append(text(left, top - 16, words["cost"], "heading"))
    body.append(text(right, bottom + 40, words["days"], "heading", "end"))
    ordered = sorted(points)
    path = " ".join(
        f"{'M' if i == 0 else 'L'}{number(at(d, c)[0])} {number(at(d, c)[1])}" for i, (d, c, _) in enumerate(ordered)
    )
    body.append(element("path", d=path, class_="front"))
    for index, (day, cost, proven) in enumerate(points):
        x, y = at(day, cost)
        dot = element("circle", cx=x, cy=y, r=6.0, class_="point" if proven else "point-open")
        plants = ", ".join(plant.id for plant in answer.front[index].answer.plants)
        if index == chosen:
            dot += element("circle", cx=x, cy=y, r=11.0, class_="ring")
        what = words["point"].format(days=f"{day:.2f}", cost=f"{cost:,.2f}", plants=plants)
        what += "" if proven else words["not_proven"]
        body.append(opened(titled(dot, what), f"/front/{index}", link))
    for index, told, anchor, dx, dy in ((0, "cheapest", "end", -12, 20), (len(points) - 1, "fastest", "start", 12, 4)):
        x, y = at(points[index][0], points[index][1])
        body.append(text(x + dx, y + dy, words[told], "strong", anchor))
    data = {
        "points": [
            {"mean_days": d, "cost": c, "proven": p, "pointer": f"/front/{i}"} for i, (d, c, p) in enumerate(points)
        ]
    }
    title = words["front_title"].format(n=len(points))
    return Drawing(frame(WIDTH, bottom + 56, "".join(body), title, "network-front"), data)


def _figure(value: float, step: float) -> str:
    """A money figure with as many digits as its neighbours need."""
    size, unit = next(((s, u) for s, u in ((1e9, " bn"), (1e6, " M"), (1e3, " k")) if abs(value) >= s), (1.0, ""))
    decimals = 0
    while abs(step / size * 10**decimals - round(step / size * 10**decimals)) > 1e-6 and decimals < 6:
        decimals += 1
    return f"{value / size:,.{decimals}f}{unit}"
