"""The ASVS list is whole, and names only what exists: ids, verdicts, tests, code, documents."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections import Counter
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGES = sorted((ROOT / "docs" / "asvs").glob("v*.md"))
VERDICTS = {"met", "not met", "not applicable"}
# Section -> the level of each requirement in it, in order. Read off the standard's own table:
# github.com/OWASP/ASVS, 5.0/docs_en/OWASP_Application_Security_Verification_Standard_5.0.0_en.csv,
# commit 5cf9b032440be53ce345ab3c130fda46ba1ce7a2. Facts only; its words are CC BY-SA and stay there.
LEVELS = """
1.1 22 · 1.2 1111122223 · 1.3 112222222223 · 1.4 222 · 1.5 123
2.1 122 · 2.2 112 · 2.3 12223 · 2.4 23
3.1 3 · 3.2 113 · 3.3 12223 · 3.4 11222233 · 3.5 11122333 · 3.6 3 · 3.7 22333
4.1 12233 · 4.2 23333 · 4.3 22 · 4.4 1222
5.1 2 · 5.2 112333 · 5.3 113 · 5.4 222
6.1 122 · 6.2 111111112222 · 6.3 11223333 · 6.4 112233 · 6.5 22222333 · 6.6 2223 · 6.7 33 · 6.8 2222
7.1 222 · 7.2 1111 · 7.3 22 · 7.4 11222 · 7.5 223 · 7.6 22
8.1 1233 · 8.2 1123 · 8.3 133 · 8.4 23
9.1 111 · 9.2 1222
10.1 22 · 10.2 223 · 10.3 22223 · 10.4 1111122222233333 · 10.5 22222 · 10.6 22 · 10.7 222
11.1 2233 · 11.2 22233 · 11.3 11233 · 11.4 1222 · 11.5 23 · 11.6 23 · 11.7 33
12.1 12233 · 12.2 11 · 12.3 22223
13.1 2333 · 13.2 222223 · 13.3 2233 · 13.4 1222233
14.1 22 · 14.2 12223333 · 14.3 122
15.1 12233 · 15.2 12233 · 15.3 1222222 · 15.4 3333
16.1 2 · 16.2 22222 · 16.3 2222 · 16.4 222 · 16.5 2223
17.1 23 · 17.2 22223333 · 17.3 22
"""
# Requirements of levels 1 and 2 in each chapter, counted in the same table on its own, chapter by chapter.
COUNTS = (27, 11, 19, 10, 9, 35, 18, 7, 7, 29, 14, 9, 13, 9, 13, 16, 7)


def asked() -> dict[str, str]:
    """Id -> level, of every requirement of the standard."""
    found = {}
    for part in LEVELS.replace("\n", " · ").split("·"):
        if part.strip():
            section, levels = part.split()
            found |= {f"{section}.{number}": level for number, level in enumerate(levels, 1)}
    return found


def rows(page: Path) -> list[list[str]]:
    lines = [line for line in page.read_text().splitlines() if re.match(r"\| \d", line)]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


ROWS = [row for page in PAGES for row in rows(page)]


def cited(kind: str) -> list[tuple[str, str]]:
    """Row and place cited in it: kind `tests`, `docs`, or `code` (anything else in backquotes with a file's ending)."""
    found = []
    for row in ROWS:
        for place in re.findall(r"`([^`]+)`", row[4]):
            what = "tests" if "::" in place else "docs" if place.startswith("docs/") else "code"
            if what == kind and re.search(r"\.(py|md|js|html|service)\b", place):
                found.append((row[0], place))
    return found


def test_the_standard_is_whole() -> None:
    levels = asked()
    assert Counter(levels.values()) == {"1": 70, "2": 183, "3": 92} and len(levels) == 345
    wanted = Counter(int(name.split(".")[0]) for name, level in levels.items() if level != "3")
    assert tuple(wanted[chapter] for chapter in range(1, 18)) == COUNTS and sum(COUNTS) == 253


def test_every_requirement_of_both_levels_stands_here_once_on_its_page() -> None:
    wanted = {name: level for name, level in asked().items() if level != "3"}
    assert [row[0] for row in ROWS] == list(wanted)
    assert [row[1] for row in ROWS] == list(wanted.values())
    for page, count in zip(PAGES, COUNTS, strict=True):
        assert {int(row[0].split(".")[0]) for row in rows(page)} == {int(page.stem[1:])}
        assert len(rows(page)) == count, page.name


def test_every_row_says_what_is_asked_a_verdict_and_why() -> None:
    for name, _, what, verdict, why in ROWS:
        assert what and verdict in VERDICTS and why, name
        # What is met names a test or a place where it can be seen; what is not met says why, at some length.
        assert verdict != "met" or re.search(r"`[^`]+\.(py|md|js|service)\b", why), name
        assert verdict != "not met" or len(why) > 80, name


def test_what_is_met_rests_on_tests_mostly() -> None:
    tested = {name for name, _ in cited("tests")}
    met = [row[0] for row in ROWS if row[3] == "met"]
    assert len([name for name in met if name in tested]) > len(met) * 0.6


def test_the_summary_counts_the_rows() -> None:
    text = (ROOT / "docs" / "asvs.md").read_text()
    total = Counter(row[3] for row in ROWS)
    said = f"| all | {len(ROWS)} | {total['met']} | {total['not met']} | {total['not applicable']} |"
    assert said in text
    for page in PAGES:
        one = Counter(row[3] for row in rows(page))
        line = next(line for line in text.splitlines() if f"(asvs/{page.name}) |" in line)
        counts = f"| {len(rows(page))} | {one['met']} | {one['not met']} | {one['not applicable']} |"
        assert line.endswith(counts), line
    first = Counter(row[3] for row in ROWS if row[1] == "1")
    told = " ".join(text.split())
    assert f"**{total['met']} are met, {total['not met']} are not met, {total['not applicable']} do not apply**" in told
    assert f"(of the 70 of level 1: {first['met']}, {first['not met']}, {first['not applicable']})" in told
    listed = re.findall(r"^- \*\*([\d.]+)\*\*", text, re.MULTILINE)
    assert listed == [row[0] for row in ROWS if row[3] == "not met"]


def test_every_place_in_the_documents_exists() -> None:
    for name, place in cited("docs"):
        file, _, anchor = place.partition("#")
        text = (ROOT / file).read_text()
        titles = {re.sub(r"[^\w -]", "", title).strip().lower().replace(" ", "-")
                  for title in re.findall(r"^#+ (.*)$", text, re.MULTILINE)}  # fmt: skip
        assert not anchor or anchor in titles, (name, place)


def test_every_place_in_the_code_exists() -> None:
    assert len(cited("code")) > 50
    for name, place in cited("code"):
        file, _, symbol = place.partition(":")
        path = next((each / file for each in (ROOT / "src" / "onelot", ROOT) if (each / file).is_file()), None)
        assert path is not None, (name, place)
        assert not symbol or symbol in symbols(path), (name, place)


@cache
def symbols(path: Path) -> frozenset[str]:
    """Functions, classes, their methods, and constants of a module."""
    found = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        if isinstance(node, ast.ClassDef):
            found |= {f"{node.name}.{each.name}" for each in node.body if isinstance(each, ast.FunctionDef)}
        if isinstance(node, ast.Assign):
            found |= {name.id for target in node.targets for name in ast.walk(target) if isinstance(name, ast.Name)}
    return frozenset(found)


def test_every_test_named_is_collected() -> None:
    wanted = {place for _, place in cited("tests")}
    assert len(wanted) > 100
    files = sorted({place.partition("::")[0] for place in wanted})
    assert not [file for file in files if not (ROOT / file).is_file()]
    asked = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-o", "addopts=", "-p", "no:cacheprovider", *files]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(each for each in sys.path if each)}
    done = subprocess.run(asked, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=900, check=False)
    collected = {line.partition("[")[0] for line in done.stdout.splitlines() if "::" in line}
    assert not sorted(wanted - collected), done.stdout[-2000:]
