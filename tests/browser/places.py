"""Every page of the screens: for whom it is looked at, in which house, at which address; and what is no page."""

from __future__ import annotations

from dataclasses import dataclass

DESK, TABLET, PHONE = (1280, 800), (820, 1180), (390, 844)


@dataclass(frozen=True)
class Visit:
    """One look at a page. house: a function of `prepared`; role: "" for nobody signed in; then: what is done there
    before it is looked at; phone: also in the size of a phone; stand: for people on their feet."""

    house: str
    role: str
    address: str
    then: str = ""
    phone: bool = False
    stand: bool = False

    @property
    def called(self) -> str:
        """A file name for its picture."""
        words = self.address.partition("?")[0].removeprefix("/screen/").replace("{", "").replace("}", "")
        return f"{self.house}-{self.role or 'nobody'}-{words.replace('/', '-')}{'-' + self.then if self.then else ''}"


def _visits(*given: Visit) -> tuple[Visit, ...]:
    return given


BATCH, THERAPY = "/screen/batches/{number}", "/screen/therapies/{coi}"
GUIDELINE = "guideline/ondansetron/2023-12-19-10-38"

PAGES: dict[str, tuple[Visit, ...]] = {
    "GET /screen/administration": _visits(Visit("waiting", "user_administrator", "/screen/administration")),
    "GET /screen/audit": _visits(Visit("waiting", "auditor", "/screen/audit?q=Deviation")),
    "GET /screen/batches/{number}": _visits(
        Visit("waiting", "qp", BATCH),
        Visit("growing", "operator", BATCH),
        Visit("given", "qa_reviewer", BATCH),
        Visit("trouble", "qp", BATCH),
    ),
    "GET /screen/batches/{number}/certificate": _visits(Visit("waiting", "qa_reviewer", f"{BATCH}/certificate")),
    "GET /screen/batches/{number}/correct": _visits(Visit("growing", "operator", f"{BATCH}/correct")),
    "GET /screen/batches/{number}/deviations": _visits(Visit("waiting", "qa_reviewer", f"{BATCH}/deviations")),
    "GET /screen/batches/{number}/deviations/{deviation}": _visits(
        Visit("waiting", "qa_reviewer", f"{BATCH}/deviations/{{second}}")
    ),
    "GET /screen/batches/{number}/deviations/{deviation}/assess": _visits(
        Visit("waiting", "qa_reviewer", f"{BATCH}/deviations/{{second}}/assess")
    ),
    "GET /screen/batches/{number}/dispatch": _visits(Visit("road", "planner", f"{BATCH}/dispatch")),
    "GET /screen/batches/{number}/parameters": _visits(
        Visit("growing", "process_engineer", f"{BATCH}/parameters"), Visit("growing", "auditor", f"{BATCH}/parameters")
    ),
    "GET /screen/batches/{number}/qc": _visits(Visit("waiting", "qc", f"{BATCH}/qc")),
    "GET /screen/batches/{number}/qc/{test}": _visits(Visit("waiting", "qc", f"{BATCH}/qc/viability")),
    "GET /screen/batches/{number}/release": _visits(Visit("waiting", "qp", f"{BATCH}/release")),
    "GET /screen/batches/{number}/step": _visits(
        Visit("making", "operator", f"{BATCH}/step", stand=True),
        Visit("growing", "operator", f"{BATCH}/step", stand=True),
        Visit("making", "operator", f"{BATCH}/step", then="wrong", stand=True),
    ),
    "GET /screen/batches/{number}/terminate": _visits(Visit("growing", "supervisor", f"{BATCH}/terminate")),
    "GET /screen/batches/{number}/why/{name}": _visits(Visit("given", "prescriber", f"{BATCH}/why/dose")),
    "GET /screen/bedside": _visits(Visit("bedside", "bedside_nurse", "/screen/bedside", phone=True, stand=True)),
    "GET /screen/bedside/{number}": _visits(
        Visit("bedside", "bedside_nurse", "/screen/bedside/{number}", phone=True, stand=True),
        Visit("road", "bedside_nurse", "/screen/bedside/{number}", phone=True, stand=True),
        Visit("arrived", "bedside_nurse", "/screen/bedside/{number}", phone=True, stand=True),
    ),
    "GET /screen/bedside/{number}/compare": _visits(
        Visit("bedside", "bedside_nurse", "/screen/bedside/{number}/compare", phone=True, stand=True),
        Visit("bedside", "bedside_nurse", "/screen/bedside/{number}/compare", then="begun", phone=True, stand=True),
    ),
    "GET /screen/board": _visits(
        Visit("waiting", "qp", "/screen/board"),
        Visit("overdue", "prescriber", "/screen/board"),
        Visit("fresh", "operator", "/screen/board"),
    ),
    "GET /screen/clock": _visits(Visit("waiting", "planner", "/screen/clock")),
    "GET /screen/collection": _visits(Visit("booked", "collection", "/screen/collection", phone=True, stand=True)),
    "GET /screen/collection/{coi}": _visits(
        Visit("booked", "collection", "/screen/collection/{coi}", phone=True, stand=True)
    ),
    "GET /screen/courier": _visits(Visit("road", "", "/screen/courier", phone=True, stand=True)),
    "GET /screen/courier/{shipment}": _visits(
        Visit("road", "", "/screen/courier#{link}", then="opened", phone=True, stand=True)
    ),
    "GET /screen/documents": _visits(Visit("waiting", "process_engineer", "/screen/documents")),
    "GET /screen/documents/{name:path}": _visits(
        Visit("waiting", "qa_reviewer", "/screen/documents/recipe/cd19-per-kg/1")
    ),
    "GET /screen/editing": _visits(Visit("designed", "bioinformatician", "/screen/editing")),
    "GET /screen/equipment": _visits(Visit("waiting", "metrology", "/screen/equipment")),
    "GET /screen/equipment/{name}": _visits(Visit("waiting", "metrology", "/screen/equipment/bioreactor-1")),
    "GET /screen/keys": _visits(Visit("waiting", "auditor", "/screen/keys")),
    "GET /screen/lots": _visits(Visit("waiting", "qc", "/screen/lots")),
    "GET /screen/lots/{lot}": _visits(Visit("waiting", "qc", "/screen/lots/{lot}")),
    "GET /screen/me": _visits(Visit("waiting", "operator", "/screen/me")),
    "GET /screen/network": _visits(Visit("waiting", "process_engineer", "/screen/network")),
    "GET /screen/network/document/{name:path}": _visits(
        Visit("waiting", "qa_reviewer", "/screen/network/document/network/cells/1")
    ),
    "GET /screen/network/study/{key}": _visits(Visit("waiting", "process_engineer", "/screen/network", then="study")),
    "GET /screen/network/study/{key}/behind": _visits(
        Visit("waiting", "process_engineer", "/screen/network", then="behind")
    ),
    "GET /screen/order": _visits(Visit("fresh", "prescriber", "/screen/order")),
    "GET /screen/people": _visits(Visit("waiting", "user_administrator", "/screen/people")),
    "GET /screen/people/{login}": _visits(Visit("waiting", "user_administrator", "/screen/people/long")),
    "GET /screen/qc": _visits(Visit("waiting", "qc", "/screen/qc")),
    "GET /screen/roles": _visits(Visit("waiting", "user_administrator", "/screen/roles")),
    "GET /screen/schedule": _visits(
        Visit("booked", "planner", "/screen/schedule"), Visit("fresh", "planner", "/screen/schedule")
    ),
    "GET /screen/sign-in": _visits(Visit("waiting", "", "/screen/sign-in", phone=True)),
    "GET /screen/sign-in/next": _visits(Visit("waiting", "new", "/screen/sign-in/next")),
    "GET /screen/signed/{seen}/{stream:path}": _visits(Visit("waiting", "qp", "/screen/signed/{seen}/batch/{number}")),
    "GET /screen/sites": _visits(Visit("waiting", "user_administrator", "/screen/sites")),
    "GET /screen/stock": _visits(
        Visit("booked", "planner", "/screen/stock"), Visit("booked", "planner", "/screen/stock", then="taken_number")
    ),
    "GET /screen/tablets": _visits(Visit("waiting", "user_administrator", "/screen/tablets")),
    "GET /screen/tailoring": _visits(Visit("tailored", "prescriber", "/screen/tailoring")),
    "GET /screen/therapies": _visits(
        Visit("waiting", "clinic_coordinator", "/screen/therapies"), Visit("fresh", "prescriber", "/screen/therapies")
    ),
    "GET /screen/therapies/{coi}": _visits(
        Visit("tailored", "prescriber", THERAPY), Visit("given", "clinic_coordinator", THERAPY)
    ),
    "GET /screen/therapies/{coi}/alias": _visits(Visit("tailored", "clinic_coordinator", f"{THERAPY}/alias")),
    "GET /screen/therapies/{coi}/clearance/{number}": _visits(
        Visit("arrived", "prescriber", f"{THERAPY}/clearance/{{number}}")
    ),
    "GET /screen/therapies/{coi}/consent": _visits(Visit("tailored", "clinic_coordinator", f"{THERAPY}/consent")),
    "GET /screen/therapies/{coi}/correct": _visits(Visit("tailored", "clinic_coordinator", f"{THERAPY}/correct")),
    "GET /screen/therapies/{coi}/decide/{about:path}": _visits(
        Visit("tailored", "prescriber", f"{THERAPY}/decide/drug/ondansetron")
    ),
    "GET /screen/therapies/{coi}/deviations": _visits(Visit("mixed", "qa_reviewer", f"{THERAPY}/deviations")),
    "GET /screen/therapies/{coi}/deviations/{deviation}": _visits(
        Visit("mixed", "qa_reviewer", f"{THERAPY}/deviations/{{first}}")
    ),
    "GET /screen/therapies/{coi}/deviations/{deviation}/assess": _visits(
        Visit("mixed", "qa_reviewer", f"{THERAPY}/deviations/{{first}}/assess")
    ),
    "GET /screen/therapies/{coi}/eligibility": _visits(
        Visit("tailored", "clinic_coordinator", f"{THERAPY}/eligibility")
    ),
    "GET /screen/therapies/{coi}/end": _visits(Visit("tailored", "prescriber", f"{THERAPY}/end")),
    "GET /screen/therapies/{coi}/erase": _visits(Visit("waiting", "qa_reviewer", f"{THERAPY}/erase")),
    "GET /screen/therapies/{coi}/evidence": _visits(
        Visit("gathered", "bioinformatician", f"{THERAPY}/evidence"),
        Visit("gathered", "qa_reviewer", f"{THERAPY}/evidence"),
    ),
    "GET /screen/therapies/{coi}/evidence/{need}": _visits(
        Visit("gathered", "prescriber", f"{THERAPY}/evidence/editability"),
        Visit("gathered", "qa_reviewer", f"{THERAPY}/evidence/editability", then="refused_form"),
        Visit("gathered", "bioinformatician", f"{THERAPY}/evidence/editability", then="reviewed"),
    ),
    "GET /screen/therapies/{coi}/files": _visits(Visit("tailored", "clinic_coordinator", f"{THERAPY}/files")),
    "GET /screen/therapies/{coi}/guide": _visits(Visit("designed", "bioinformatician", f"{THERAPY}/guide")),
    "GET /screen/therapies/{coi}/markers": _visits(Visit("tailored", "collection", f"{THERAPY}/markers")),
    "GET /screen/therapies/{coi}/outcome": _visits(Visit("given", "prescriber", f"{THERAPY}/outcome")),
    "GET /screen/therapies/{coi}/slots": _visits(
        Visit("booked", "planner", f"{THERAPY}/slots"), Visit("gathered", "planner", f"{THERAPY}/slots")
    ),
    "GET /screen/therapies/{coi}/tailoring": _visits(Visit("tailored", "prescriber", f"{THERAPY}/tailoring")),
    "GET /screen/tour": _visits(Visit("waiting", "operator", "/screen/tour")),
    "GET /screen/work": _visits(
        Visit("making", "operator", "/screen/work"),
        Visit("waiting", "qa_reviewer", "/screen/work"),
        Visit("fresh", "operator", "/screen/work"),
        Visit("gathered", "qa_reviewer", "/screen/work"),
    ),
}
# A refusal is a page too, at no address of its own.
REFUSED = Visit("waiting", "it", "/screen/board")

# What a browser is given that is no page: files, streams, and addresses that only send it on.
NO_PAGE = {
    "GET /screen/audit/export.csv": "download",
    "GET /screen/batches/{number}/labels.pdf": "download",
    "GET /screen/choice": "sends on",
    "GET /screen/clock/stream": "stream",
    "GET /screen/collection/{coi}/labels.pdf": "download",
    "GET /screen/sign-in/oidc": "sends on",
    "GET /screen/sign-in/oidc/back": "sends on",
    "GET /screen/therapies/{coi}/guide.pdf": "download",
    "GET /screen/therapies/{coi}/tailoring.pdf": "download",
    "GET /screen/tour/patient.json": "download",
}
