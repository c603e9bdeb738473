"""What a network document allows, found the long way: by trying every lane and every day. Imports nothing of onelot."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

DAY = timedelta(days=1)


def shut(document: dict[str, Any], place: str, day: date) -> bool:
    return any(row["place"] == place and day.isoformat() in row["days"] for row in document["closed"])


def arrival(document: dict[str, Any], lane: dict[str, Any], origin: str, goal: str, ready: date) -> date:
    def blocked(day: date, place: str) -> bool:
        return day.weekday() in lane["closed_weekdays"] or shut(document, place, day)

    leave = next(ready + DAY * n for n in range(4000) if not blocked(ready + DAY * n, origin))
    there = leave + DAY * (lane["days"] + lane["customs_days"])
    return next(there + DAY * n for n in range(4000) if not blocked(there + DAY * n, goal))


def ways(document: dict[str, Any], site: str, collected: date, plant: str, start: date) -> list[int]:
    """Days from collection to return of every way that starts at a plant on a day; the limit is not looked at."""
    maker = next(each for each in document["plants"] if each["id"] == plant)
    hospital = next(each["hospital"] for each in document["sites"] if each["id"] == site)
    opens = date.fromisoformat(document["starts_on"]) + DAY * maker["open_day"]
    ready = collected + DAY * document["durations"]["collection"]
    done = start + DAY * (maker["manufacture_days"] + maker["qc_days"])
    if shut(document, plant, start) or shut(document, maker["point_of_care_site"] or "", start):
        return []
    if maker["point_of_care_site"]:
        own = maker["point_of_care_site"] == site
        homes, theres = ([done], [ready]) if own else ([], [])
    else:
        lanes = [n for n in document["lanes_in"] if (n["site"], n["plant"]) == (site, plant) and n["served"]]
        backs = [n for n in document["lanes_out"] if (n["plant"], n["hospital"]) == (plant, hospital)]
        theres = [arrival(document, lane, site, plant, ready) for lane in lanes]
        homes = [arrival(document, lane, plant, hospital, done) for lane in backs]
    theres = [there for there in theres if there >= opens and 0 <= (start - there).days <= document["storage_days_max"]]
    return [(home - collected).days for home in homes for _ in theres]
