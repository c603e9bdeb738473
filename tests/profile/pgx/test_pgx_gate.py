"""The gate: it weighs everything still possible, holds where that differs, and invents nothing."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pgx_oracle import shared

from onelot.adapters.knowledge import load_disagreements, load_pgx_knowledge
from onelot.app.pharmacogenes import call_file, open_sample, possibilities
from onelot.profile.pgx import read_outside_calls
from onelot.tailor.pharmacogenomics import Decision, GenePossibility, Guidance, Verdict, weigh, weigh_all


@cache
def guidance() -> Guidance:
    return load_pgx_knowledge().guidance


def genes(**keys: tuple[str, ...]) -> dict[str, GenePossibility]:
    return {name.replace("_", "-"): GenePossibility(name.replace("_", "-"), told) for name, told in keys.items()}


def test_one_possibility_gives_the_lines_of_every_population() -> None:
    verdict = weigh("Voriconazole", genes(CYP2C19=("Poor Metabolizer",)), guidance())
    assert (verdict.state, verdict.actionable, verdict.holds) == ("advice", True, True)
    assert {line.population for line in verdict.lines} == {"adults", "pediatrics"}
    for line in verdict.lines:
        assert line.when == {"CYP2C19": "Poor Metabolizer"}
        assert (line.table, line.version) == ("CPIC voriconazole and CYP2C19", "2023-12-19-10-38")
        assert line.strength == "Moderate"
        assert line.text.startswith("Choose an alternative agent that is not dependent on CYP2C19")


def test_two_possibilities_hold_and_show_both() -> None:
    verdict = weigh("voriconazole", genes(CYP2C19=("Normal Metabolizer", "Poor Metabolizer")), guidance())
    assert (verdict.state, verdict.holds) == ("indeterminate", True)
    assert {line.when["CYP2C19"] for line in verdict.lines} == {"Normal Metabolizer", "Poor Metabolizer"}
    assert "Normal Metabolizer or Poor Metabolizer" in verdict.reason


@pytest.mark.parametrize("keys", [(), ("n/a",), ("Indeterminate",)])
def test_the_unknown_holds(keys: tuple[str, ...]) -> None:
    assert weigh("tacrolimus", genes(CYP3A5=keys), guidance()).holds
    assert weigh("tacrolimus", {}, guidance()).holds


def test_two_genes_are_weighed_together() -> None:
    both = weigh("mercaptopurine", genes(TPMT=("Normal Metabolizer",), NUDT15=("Poor Metabolizer",)), guidance())
    assert both.state == "advice"
    assert all(line.when == {"TPMT": "Normal Metabolizer", "NUDT15": "Poor Metabolizer"} for line in both.lines)
    one = weigh("mercaptopurine", genes(TPMT=("Normal Metabolizer",)), guidance())
    assert (one.state, one.holds) == ("indeterminate", True)
    assert [line.when for line in one.lines] == [{"TPMT": "Normal Metabolizer", "NUDT15": "No Result"}]


def test_hla_findings_hold_together() -> None:
    told = ("*15:02 negative; *57:01 positive; *58:01 negative",)
    verdict = weigh("abacavir", genes(HLA_B=told), guidance())
    assert verdict.state == "advice"
    assert [line.when for line in verdict.lines] == [{"HLA-B": "*57:01 positive"}]


@pytest.mark.parametrize("drug", ["busulfan", "fludarabine", "cyclophosphamide", "Busulfan "])
def test_no_guidance_is_invented(drug: str) -> None:
    verdict = weigh(drug, genes(TPMT=("Poor Metabolizer",)), guidance())
    assert (verdict.state, verdict.lines, verdict.holds) == ("none", (), False)
    assert "No pharmacogenomic guidance exists" in verdict.reason
    assert "monitoring" in verdict.reason


def test_a_drug_the_tables_do_not_know_is_said_to_be_unknown() -> None:
    assert "hold no guidance" in weigh("aspirin", {}, guidance()).reason


def test_a_decision_stands_only_for_what_was_weighed() -> None:
    open_genes = genes(CYP2C19=("Normal Metabolizer", "Poor Metabolizer"))
    first = weigh("voriconazole", open_genes, guidance())
    decision = Decision("voriconazole", first.weighed, "pharmacist", "therapy-1#12")
    decided = weigh("voriconazole", open_genes, guidance(), [decision])
    assert (decided.state, decided.holds, decided.decision) == ("indeterminate", False, decision)
    changed = genes(CYP2C19=("Poor Metabolizer", "Rapid Metabolizer"))
    assert weigh("voriconazole", changed, guidance(), [decision]).holds
    assert weigh("omeprazole", open_genes, guidance(), [decision]).holds


def test_what_holds_comes_first() -> None:
    verdicts = weigh_all(["busulfan", "tacrolimus"], {}, guidance())
    assert [v.drug for v in verdicts] == ["tacrolimus", "busulfan"]


DRUGS = sorted(guidance().drugs)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_more_possibilities_never_clear_a_hold(data: st.DataObject) -> None:
    drug = data.draw(st.sampled_from(DRUGS))
    known: dict[str, set[str]] = {}
    for line in guidance().drugs[drug]:
        for gene, key in line.when.items():
            known.setdefault(gene, set()).add(key)
    few = {g: data.draw(st.sets(st.sampled_from(sorted(keys)), max_size=2)) for g, keys in known.items()}
    more = {g: keys | data.draw(st.sets(st.sampled_from(sorted(known[g])), max_size=2)) if keys else keys
            for g, keys in few.items()}  # fmt: skip

    def verdict(told: dict[str, set[str]]) -> Verdict:
        return weigh(drug, {g: GenePossibility(g, tuple(sorted(k))) for g, k in told.items()}, guidance())

    before, after = verdict(few), verdict(more)
    assert after.holds or not before.holds
    assert set(map(id, before.lines)) <= set(map(id, after.lines))
    for line in after.lines:
        assert all(key in more[gene] or (key == "No Result" and not more[gene]) for gene, key in line.when.items())
    if before.state == "advice":
        assert all(len(keys) == 1 for keys in few.values())


# From a variant file to a verdict.


def from_file(path: Path, outside: str = "") -> dict[str, GenePossibility]:
    known = load_pgx_knowledge()
    calls = call_file(open_sample(path, None, known), known)
    told = read_outside_calls(outside.splitlines(), known.tables, known.outside_only, "calls.tsv")
    return possibilities(calls | told)


@pytest.mark.shared
def test_from_a_file_to_verdicts() -> None:
    """Everything reference but CYP2D6 from outside: one answer a drug."""
    person = from_file(shared() / "pgx" / "cases" / "pharmcat.example.vcf", "CYP2D6\t*4/*4\n")
    drugs = ["voriconazole", "rasburicase", "ondansetron", "mercaptopurine", "tacrolimus", "fluorouracil", "busulfan"]
    verdicts = {v.drug: v for v in weigh_all(drugs, person, guidance())}
    assert {drug: v.state for drug, v in verdicts.items() if v.state != "advice"} == {"busulfan": "none"}
    assert verdicts["ondansetron"].weighed == (("CYP2D6", ("0.0",)),)
    assert verdicts["mercaptopurine"].weighed == (
        ("NUDT15", ("Normal Metabolizer",)),
        ("TPMT", ("Normal Metabolizer",)),
    )
    assert verdicts["fluorouracil"].lines[0].when == {"DPYD": "2.0"}
    assert person["CYP2D6"].outside
    assert person["CYP2D6"].places == ("calls.tsv:1",)
    assert person["TPMT"].places[0].startswith("vcf:")


@pytest.mark.shared
def test_missing_positions_and_unknown_phase_hold() -> None:
    person = from_file(shared() / "pgx" / "cases" / "TPMT" / "s3bs3c.vcf")
    verdict = weigh("mercaptopurine", person, guidance())
    assert (verdict.state, verdict.holds) == ("indeterminate", True)
    assert {line.when["TPMT"] for line in verdict.lines} >= {"Intermediate Metabolizer", "Poor Metabolizer"}
    assert "NUDT15 (unknown)" in verdict.reason


# What the files hold.


@pytest.mark.shared
def test_every_line_is_a_row_of_the_cpic_files() -> None:
    rows = 0
    for path in (shared() / "pgx" / "cpic-guidelines-2023").glob("CPIC_*.json"):
        for row in json.loads(path.read_text())["recommendations"] or []:
            for chemical in row["relatedChemicals"]:
                found = [
                    line
                    for line in guidance().drugs[chemical["name"]]
                    if line.when == row["lookupKey"] and line.population == row["population"]
                ]
                assert any(line.strength == (row.get("classification") or {}).get("term") for line in found)
                rows += 1
    assert rows == sum(len(lines) for lines in guidance().drugs.values())


def test_regimen_drugs_have_guidance() -> None:
    named = """voriconazole ondansetron rasburicase mercaptopurine azathioprine thioguanine tacrolimus fluorouracil
        capecitabine codeine tramadol hydrocodone omeprazole pantoprazole tropisetron"""
    assert set(named.split()) <= set(guidance().drugs)


def test_every_phenotype_of_a_table_can_be_looked_up() -> None:
    """The calling tables (2025) and the guidance (December 2023) differ in age; where no line fits, the gate holds."""
    known = load_pgx_knowledge()
    for drug, gene in (("voriconazole", "CYP2C19"), ("capecitabine", "DPYD"), ("tacrolimus", "CYP3A5"),
                       ("rasburicase", "G6PD"), ("simvastatin", "SLCO1B1"), ("meloxicam", "CYP2C9")):  # fmt: skip
        for phenotype in known.tables[gene].all():
            verdict = weigh(drug, {gene: GenePossibility(gene, (phenotype.key,))}, known.guidance)
            unsettled = not verdict.lines or phenotype.key in ("n/a", "Indeterminate")
            assert (verdict.state == "indeterminate") == unsettled
            assert verdict.holds == (unsettled or verdict.actionable)


def test_what_is_not_known_to_be_as_usual_asks_for_something() -> None:
    """The words of the lines, read by a rule of the test's own, say the same for the drugs of the shipped regimens."""
    for drug in ("voriconazole", "ondansetron", "rasburicase"):
        for line in guidance().drugs[drug]:
            words = line.text.lower()
            changes = ("alternative agent", "select alternative", "avoid use", "must be measured", "no recommendation",
                       "not a valid input", "use therapeutic drug monitoring")  # fmt: skip
            assert line.as_usual == (not any(each in words for each in changes)), (drug, line.when, line.text)
    assert not any(line.as_usual for line in guidance().drugs["simvastatin"]), "nobody has read these yet"


@pytest.mark.parametrize(
    ("drug", "told", "holds"),
    [
        ("rasburicase", {"G6PD": ("Normal",)}, False),
        ("rasburicase", {"G6PD": ("Deficient",)}, True),
        ("ondansetron", {"CYP2D6": ("3.0",)}, True),
        ("ondansetron", {"CYP2D6": ("2.0",)}, False),
        ("voriconazole", {"CYP2C19": ("Normal Metabolizer",)}, False),
        ("voriconazole", {"CYP2C19": ("Poor Metabolizer",)}, True),
    ],
)
def test_what_asks_for_a_change_holds_until_it_is_decided(
    drug: str, told: dict[str, tuple[str, ...]], holds: bool
) -> None:
    verdict = weigh(drug, genes(**told), guidance())
    assert (verdict.state, verdict.holds, verdict.actionable) == ("advice", holds, holds)
    decided = weigh(drug, genes(**told), guidance(), [Decision(drug, verdict.weighed, "prescriber", "therapy-1#9")])
    assert not decided.holds


def test_disagreements_are_counted_and_listed() -> None:
    found = load_disagreements()["genes"]
    counts = {gene: (d["diplotypes"]["differ"], d["activity_values"]["differ"]) for gene, d in found.items()}
    assert {gene: c for gene, c in counts.items() if any(c)} == {
        "CYP2B6": (78, 0),
        "SLCO1B1": (111, 0),
        "CYP2D6": (0, 8),
    }
    for entry in found.values():
        for part in entry.values():
            assert len(part["rows"]) == part["differ"]


@pytest.mark.shared
def test_folding_kept_every_diplotype_of_every_table() -> None:
    """Each row of each CPIC table is given back by the folded one."""
    known, rows = load_pgx_knowledge(), 0
    paths = [*(shared() / "pgx" / "phenotype").glob("*.json"), shared() / "pgx" / "CYP2D6.cpic-phenotype.json"]
    for path in paths:
        plain = json.loads(path.read_text())
        table = known.tables[plain["gene"]]
        for row in plain["diplotypes"]:
            names = [name for name, n in row["diplotypekey"].items() for _ in range(int(n))]
            got = table.of(names[0], names[1] if len(names) > 1 else None)
            assert (got.name, got.score, got.key) == (row["generesult"], row["activityScore"], row["lookupkey"])
            rows += 1
    assert rows == 32_117
