from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from onelot.record.recipe import MasterRecipe
from onelot.record.terms.values import Sealed
from tests.app.web.hospital import Hospital, reach, send
from tests.app.web.test_screens import Browser, Page


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Hospital:
    return reach(tmp_path_factory.mktemp("fresh"), None)


@pytest.fixture(scope="module")
def ordered(tmp_path_factory: pytest.TempPathFactory) -> Hospital:
    return reach(tmp_path_factory.mktemp("ordered"), lambda what: what == "order")


def typed(place: Hospital, **change: str) -> dict[str, str]:
    return {
        "recipe": place.case.recipe.identifier, "site": place.case.hospital, "name": "Zora Nym-Unterwegs",
        "birth_date": "1961-04-30", "number": "4711", "issuer": "hospital", "alias": "ORD-7", **change,
    }  # fmt: skip


def review(browser: Browser, place: Hospital, **change: str) -> Page:
    found = send(browser, "/screen/order/review", browser.page("/screen/order"), **typed(place, **change))
    assert found.status_code == 200, found.text
    return Page(found.text)


def test_an_order_is_reviewed_then_signed_and_the_name_stays_in_the_vault(fresh: Hospital) -> None:
    browser = fresh.browser("prescriber")
    page = review(browser, fresh)
    assert "Zora Nym-Unterwegs" in page.text and "hospital|4711" in page.text
    given = {"packed": page.fields["packed"], "proof": page.fields["proof"]}
    wrong = send(browser, "/screen/order", page, password="no", **given)
    assert wrong.status_code == 403 and "21 CFR 11.200(a)" in wrong.text
    changed = given | {"packed": given["packed"].replace("4711", "4712")}
    assert send(browser, "/screen/order", page, password=fresh.password("prescriber"), **changed).status_code == 403
    done = send(browser, "/screen/order", page, password=fresh.password("prescriber"), **given)
    assert done.status_code == 303, done.text
    again = send(browser, "/screen/order", page, password=fresh.password("prescriber"), **given)
    assert again.headers["location"] == done.headers["location"]
    coi = done.headers["location"].rpartition("/")[2]
    (entry,) = list(fresh.house.journal.read(f"therapy/{coi}"))
    assert entry.signed is not None and entry.signed.signer == f"person/prescriber.{fresh.case.hospital}"
    written = b"".join(each.body for stream in fresh.house.journal.heads() for each in fresh.house.journal.read(stream))
    for secret in (b"Zora", b"Unterwegs", b"1961-04-30", b"4711"):
        assert secret not in written
    therapy = fresh.house.loop.reader.therapy(coi)
    assert fresh.house.vault.identify(therapy.patient).name == "Zora Nym-Unterwegs"
    # What was signed is kept sealed.
    sealed = Sealed(entry.signed.seen, therapy.patient)
    assert "Zora" in str(fresh.house.vault.open(sealed, fresh.house.journal.payload(entry.signed.seen)))
    assert "Zora" in browser.page(f"/screen/therapies/{coi}").text


@pytest.mark.parametrize(
    "change",
    [
        {"recipe": "nothing/1"}, {"site": "hospital-nowhere"}, {"birth_date": "yesterday"},
        {"birth_date": "2961-01-01"},
        {"name": " "}, {"number": ""}, {"number": "a|b"},
    ],
)  # fmt: skip
def test_an_order_that_cannot_be_is_refused_with_its_remedy(fresh: Hospital, change: dict[str, str]) -> None:
    browser = fresh.browser("prescriber")
    before = len(fresh.house.journal.heads("therapy/"))
    found = send(browser, "/screen/order/review", browser.page("/screen/order"), **typed(fresh, **change))
    assert found.status_code == 422 and "What to do now" in found.text
    assert len(fresh.house.journal.heads("therapy/")) == before


def test_only_a_prescriber_orders_and_only_for_own_sites(fresh: Hospital) -> None:
    for role in ("clinic_coordinator", "bedside_nurse", "collection"):
        assert fresh.browser(role).send("GET", "/screen/order").status_code == 403
    stranger = fresh.browser("prescriber", fresh.other)
    found = send(stranger, "/screen/order/review", stranger.page("/screen/order"), **typed(fresh))
    assert found.status_code == 422


def test_an_order_from_a_bundle_carries_its_digest(fresh: Hospital) -> None:
    browser = fresh.browser("prescriber")
    bundle = fresh.folder / "cohort" / f"{fresh.case.key}.json"
    found = send(
        browser, "/screen/order/review", browser.page("/screen/order"), recipe=fresh.case.recipe.identifier,
        site=fresh.case.hospital, files={"file": ("order.json", bundle.read_bytes(), "application/json")},
    )  # fmt: skip
    assert found.status_code == 200 and fresh.case.order_source in found.text, found.text
    assert fresh.case.identity.name in found.text
    broken = send(
        browser, "/screen/order/review", browser.page("/screen/order"), recipe=fresh.case.recipe.identifier,
        site=fresh.case.hospital, files={"file": ("order.json", b'{"resourceType": "Bundle"', "application/json")},
    )  # fmt: skip
    assert broken.status_code == 422 and "order.json:1" in broken.text


def upload(browser: Browser, coi: str, files: dict[str, bytes], **fields: str) -> Any:
    path = f"/screen/therapies/{coi}/files"
    page = browser.page(path)
    sent = [("files", (name, data, "application/octet-stream")) for name, data in files.items()]
    return send(browser, path, page, files=sent, **fields)


def documents(place: Hospital) -> dict[str, bytes]:
    folder = place.folder / "cohort"
    return {path.name: path.read_bytes() for path in folder.glob(f"{place.case.key}.*") if ".later." not in path.name}


def another_s(place: Hospital) -> bytes:
    """The bundle of another patient of the cohort."""
    for path in sorted((place.folder / "cohort").glob("*.json")):
        if not path.name.startswith(place.case.key) and path.name.count(".") == 1:
            return path.read_bytes()
    raise AssertionError


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("none.json", b"{", "none.json:1"),
        ("empty.json", b"", "neither JSON nor a variant file"),
        ("list.json", b"[1]", "neither JSON"),
        ("deep.json", b'{"resourceType": "Bundle", "a":' + b"[" * 5000 + b"]" * 5000 + b"}", "Refused"),
        ("twice.json", b'{"resourceType": "Bundle", "type": "x", "type": "y"}', "stands twice"),
        ("packet.json", b'{"id": "1"}', "Phenopackets"),
        ("../../etc/x.vcf", b"##fileformat=VCFv4.2\n#CHROM\n", "there is no consent to genome_use"),
    ],
)
def test_hostile_files_are_refused_by_name_and_nothing_is_written(
    ordered: Hospital, name: str, data: bytes, said: str
) -> None:
    coi = ordered.therapy.coi
    before = len(ordered.house.journal.read(f"therapy/{coi}"))
    found = upload(ordered.browser("clinic_coordinator"), coi, {name: data})
    text = found.text
    assert said in text and "Traceback" not in text and "/tmp" not in text and "../.." not in text
    assert found.status_code in (200, 409, 422)
    assert len(ordered.house.journal.read(f"therapy/{coi}")) == before


def test_a_file_of_somebody_else_and_one_too_large_are_refused(ordered: Hospital) -> None:
    coi, browser = ordered.therapy.coi, ordered.browser("clinic_coordinator")
    before = len(ordered.house.journal.read(f"therapy/{coi}"))
    foreign = upload(browser, coi, {"other.json": another_s(ordered)})
    assert foreign.status_code == 409 and "numbers" in foreign.text
    large = upload(browser, coi, {"large.json": b"{" + b" " * (6 * 1024 * 1024 + 1)})
    assert large.status_code == 422 and "larger than" in large.text
    assert len(ordered.house.journal.read(f"therapy/{coi}")) == before


def test_forms_are_closed_to_other_roles_and_other_sites(ordered: Hospital) -> None:
    coi = ordered.therapy.coi
    nurse, stranger = ordered.browser("bedside_nurse"), ordered.browser("clinic_coordinator", ordered.other)
    for form in ("consent", "files", "markers", "eligibility", "correct", "alias", "outcome", "end"):
        path = f"/screen/therapies/{coi}/{form}"
        assert nurse.send("GET", path).status_code == 403
        assert stranger.send("GET", path).status_code == 403
        assert stranger.send("POST", path, data={}).status_code == 403


def test_from_files_to_eligibility_by_hand(ordered: Hospital) -> None:
    """The order of a patient: consent, files, markers, eligibility, a correction; each form sent twice counts once."""
    coi, browser = ordered.therapy.coi, ordered.browser("clinic_coordinator")
    here = f"/screen/therapies/{coi}"
    empty = browser.page(f"{here}/consent")
    assert send(browser, f"{here}/consent", empty, what="record", where="binder 4").status_code == 422
    for _ in range(2):
        done = send(
            browser, f"{here}/consent", empty, what="record", where="binder 4",
            scopes=["collection", "manufacture", "genome_use", "follow_up"],
        )  # fmt: skip
        assert done.status_code == 303, done.text
    events = [each.envelope["type"] for each in ordered.house.journal.read(f"therapy/{coi}")]
    assert events.count("ConsentRecorded") == 1
    broken = upload(browser, coi, {"cut.vcf": b"##fileformat=VCFv4.2\n#CHROM\n"}, origin="germline-blood")
    assert "cut.vcf:" in broken.text and "/tmp" not in broken.text, broken.text
    found = upload(browser, coi, {**documents(ordered), "notes.txt": b"hello"}, origin="germline-blood")
    assert found.status_code == 200 and "Read and recorded" in found.text and "notes.txt" in found.text, found.text
    recipe: MasterRecipe = ordered.case.recipe
    assert {need.name for need in recipe.facts if need.required} <= ordered.therapy.facts.keys(), found.text
    assert ordered.therapy.markers, found.text
    judged = send(browser, f"{here}/eligibility", browser.page(f"{here}/eligibility"))
    assert judged.status_code == 200
    assert ordered.therapy.eligible == ("Eligible: every rule" in judged.text), judged.text
    assert ordered.therapy.eligible
    _correct(ordered, browser, here)


def genome_of(place: Hospital, *, heterozygous: int) -> bytes:
    """A variant file under the patient's own number: 120 variant sites on X, of which so many are heterozygous."""
    head = "##fileformat=VCFv4.2\n##reference=GRCh38\n##contig=<ID=chrX,assembly=GRCh38>\n"
    head += '##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">\n'
    sample = place.house.vault.identify(place.therapy.patient).identifiers[0].partition("|")[2]
    lines = [
        f"chrX\t{10_000_000 + 1000 * at}\t.\tA\tG\t.\tPASS\t.\tGT\t{'0/1' if at < heterozygous else '1/1'}"
        for at in range(120)
    ]
    columns = f"#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\t{sample}\n"
    return (head + columns + "\n".join(lines) + "\n").encode()


def recorded(place: Hospital, name: str) -> str:
    sealed = place.therapy.facts[name].fact.value
    return str(place.house.vault.open(sealed, place.house.journal.payload(sealed.commitment)))


def test_a_genome_that_comes_alone_is_held_against_the_record(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    place = reach(tmp_path_factory.mktemp("alone"), lambda what: what == "order")
    browser, coi = place.browser("clinic_coordinator"), place.therapy.coi
    papers = {name: data for name, data in documents(place).items() if ".vcf" not in name}
    assert upload(browser, coi, papers, consent="yes").status_code == 200
    sex = recorded(place, "sex")
    other, own = (0, 60) if sex == "female" else (60, 0)
    foreign = upload(browser, coi, {"genome.vcf": genome_of(place, heterozygous=other)}, origin="germline-blood")
    assert f"the patient is recorded as {sex}" in foreign.text and "Find out whose sample it is" in foreign.text
    assert not any(name.startswith("pgx_") for name in place.therapy.facts)
    mine = upload(browser, coi, {"genome.vcf": genome_of(place, heterozygous=own)}, origin="germline-blood")
    assert "Read and recorded" in mine.text
    assert "transplant" not in recorded(place, "pgx_CYP2C19"), "the record says that there was none"
    # What the record holds is not called missing because this file does not tell it.
    assert "weight" not in mine.text.lower()


def _correct(place: Hospital, browser: Browser, here: str) -> None:
    page = browser.page(f"{here}/correct")
    at = f"{place.clock.now() - timedelta(hours=1):%Y-%m-%dT%H:%M}"
    fields = {"fact": "weight_kg", "observed_at": at, "where": "ward scale 2", "reason": "read wrong"}
    for value in ("heavy", "nan", "1_0", "1,000.5", ""):
        assert send(browser, f"{here}/correct", page, value=value, **fields).status_code == 422, value
    done = send(browser, f"{here}/correct", page, value="71,5", **fields)
    assert done.status_code == 303, done.text
    assert send(browser, f"{here}/correct", page, value="71,5", **fields).status_code == 303
    kinds = [each.envelope["type"] for each in place.house.journal.read(f"therapy/{place.therapy.coi}")]
    assert kinds.count("FactCorrected") == 1
    assert "71.5 kg" in browser.page(here).text


def test_markers_alias_withdrawal_and_end(ordered: Hospital) -> None:
    coi, browser = ordered.therapy.coi, ordered.browser("clinic_coordinator")
    here = f"/screen/therapies/{coi}"
    page = browser.page(f"{here}/markers")
    names = [given["value"] for tag, given in page.tags if tag == "input" and given.get("name") == "marker"]
    at = f"{ordered.clock.now() - timedelta(days=1):%Y-%m-%dT%H:%M}"
    given = {"sampled_at": at, "where": "lab 2", "marker": names}
    assert send(browser, f"{here}/markers", page, result=["perhaps"] * len(names), **given).status_code == 422
    assert send(browser, f"{here}/markers", page, result=[""] * len(names), **given).status_code == 422
    assert send(browser, f"{here}/markers", page, result=["negative"] * len(names), **given).status_code == 303
    assert ordered.therapy.label == "autologous use only"
    alias = send(browser, f"{here}/alias", browser.page(f"{here}/alias"), issuer="MRN", number='<b>"1"</b>')
    assert alias.status_code == 303
    assert "&lt;b&gt;" in browser.page(here).text and "<b>" not in browser.page(here).text
    withdrawn = send(
        browser, f"{here}/consent", browser.page(f"{here}/consent"), what="withdraw", where="changed mind",
        scopes=["genome_use"],
    )  # fmt: skip
    assert withdrawn.status_code == 303 and "The patient withdrew" in browser.page(here).text
    genome = {name: data for name, data in documents(ordered).items() if name.endswith(".vcf")}
    if genome:
        refused = upload(browser, coi, genome)
        assert "/tmp" not in refused.text
        assert "there is no consent to genome_use" in refused.text
    assert (
        "nothing was given yet"
        in send(browser, f"{here}/outcome", browser.page(f"{here}/outcome"), response="good", toxicity="none").text
    )
    assert send(browser, f"{here}/end", browser.page(f"{here}/end"), reason="wish", rule="ours").status_code == 303
    assert "the therapy has ended" in browser.page(here).text.lower()
    assert json.dumps(ordered.house.journal.rows("therapies")[coi]["ended"]) == '"wish"'


def test_looks_at_files_and_pages_are_logged(ordered: Hospital, tmp_path: Path) -> None:
    looks = tmp_path / "looks.jsonl"
    browser = ordered.browser("clinic_coordinator", looks=looks)
    browser.page(f"/screen/therapies/{ordered.therapy.coi}")
    assert looks.read_text().count(f'"stream":"therapy/{ordered.therapy.coi}"') == 1
