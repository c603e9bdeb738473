"""The recipe model (ISA-88), format `onelot-recipe/1`.

A master recipe is data: header, facts it needs, eligibility, tailored parameters, intake, procedure, specification,
conditioning and logistics. Every number is a `Quantity`: value, unit, basis and source. A number without a source is
marked as our assumption; a number from background knowledge is `unverified` and shown so wherever it is shown.

Formulas are typed expressions (`record.formula`) over declared names only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from functools import cache
from hashlib import sha256
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError

from onelot.record.chain import canonical
from onelot.record.errors import BadInput
from onelot.record.quantity import Quantity as Quantity
from onelot.record.quantity import Source as Source
from onelot.record.quantity import Strict
from onelot.record.recipe_editing import Editing
from onelot.record.recipe_patient import Conditioning as Conditioning
from onelot.record.recipe_patient import Drug as Drug
from onelot.record.recipe_patient import FactNeed as FactNeed
from onelot.record.recipe_patient import Rule as Rule
from onelot.record.recipe_patient import SupportiveDrug as SupportiveDrug
from onelot.record.recipe_patient import Washout as Washout

SCHEMA = "onelot-recipe/1"


@dataclass(frozen=True)
class Band(Strict):
    """One row of a banded dose: from low to high (inclusive, as printed), what is given."""

    low: Decimal
    high: Decimal
    gives: Mapping[str, Decimal]


@dataclass(frozen=True)
class Bands(Strict):
    """A banded dose table over one fact.

    between: what happens to a value between two printed bands. unverified_above: from there on the columns named in
    unverified_columns (none named: all) are unverified and shown so.
    """

    by: str
    unit: str
    gives: Mapping[str, str]
    rows: tuple[Band, ...]
    between: Literal["round_half_up_0.1", "hold"]
    between_source: Source
    source: Source
    unverified_above: Decimal | None = None
    unverified_columns: tuple[str, ...] = ()

    def is_unverified(self, row: Band, column: str) -> bool:
        """Whether this cell is to be shown with "unverified" beside it."""
        if self.unverified_above is None or row.high <= self.unverified_above:
            return False
        return not self.unverified_columns or column in self.unverified_columns


@dataclass(frozen=True)
class ParameterRule(Strict):
    """How one parameter of the control recipe is set for a patient.

    Either `formula` over facts and constants, or `band` naming a column of the recipe's bands. A value outside
    low..high is refused, never clipped. changed_by: the role that may change it within the range.
    """

    name: str
    title: str
    unit: str
    basis: str
    uses: tuple[str, ...]
    source: Source
    formula: str = ""
    band: str = ""
    constants: Mapping[str, Quantity] = field(default_factory=dict)
    low: Quantity | None = None
    high: Quantity | None = None
    changed_by: str = ""


@dataclass(frozen=True)
class Charge(Strict):
    """Material that goes in: the item of the lot, and how much. own: a lot made for this patient, and no other."""

    item: str
    amount: Quantity
    own: bool = False


@dataclass(frozen=True)
class Measure(Strict):
    """An in-process value to take: limits may be absent; on_fail says what a value outside does."""

    name: str
    title: str
    unit: str
    method: str
    low: Quantity | None = None
    high: Quantity | None = None
    on_fail: Literal["deviation", "hold", "terminate"] = "deviation"


@dataclass(frozen=True)
class Repeat(Strict):
    """Run the phase again until a formula over measured values and parameters is true.

    at_most runs; when they are used up: `otherwise` with `reason`.
    """

    until: str
    every: Quantity
    at_most: Quantity
    otherwise: Literal["deviation", "terminate"]
    reason: str


@dataclass(frozen=True)
class Phase(Strict):
    """Smallest step that does work (ISA-88). kind:

    scan: compare identities; charge: lots go in; run: a device moves to `target` and reports; measure: take values;
    fill: containers are filled and labelled. role: who does it; second_person: another verifies.
    """

    name: str
    title: str
    kind: Literal["scan", "charge", "run", "measure", "fill"]
    instruction: str
    role: str = "operator"
    second_person: bool = False
    equipment_class: str = ""
    target: str = ""
    duration: Quantity | None = None
    charges: tuple[Charge, ...] = ()
    measures: tuple[Measure, ...] = ()
    repeat: Repeat | None = None


@dataclass(frozen=True)
class Operation(Strict):
    """Phases in order."""

    name: str
    phases: tuple[Phase, ...]


@dataclass(frozen=True)
class UnitProcedure(Strict):
    """Operations in order, in one unit."""

    name: str
    operations: tuple[Operation, ...]


@dataclass(frozen=True)
class Test(Strict):
    """One test of the specification. stage `release`: before any release; `final`: may follow a conditional release.

    Numeric limits low/high, or `equals` for a text result; basis stands in the limits. identity marks an identity
    test. to_date: a final test whose interim `negative_to_date` allows conditional release. sequence: what was read is
    compared with this tailored text (the guide); only `match` or `mismatch` stands in clear.
    """

    __test__ = False  # not a pytest class

    name: str
    title: str
    method: str
    unit: str
    stage: Literal["release", "final"]
    source: Source
    low: Quantity | None = None
    high: Quantity | None = None
    equals: str = ""
    identity: bool = False
    to_date: bool = False
    result_after: Quantity | None = None
    sequence: str = ""


@dataclass(frozen=True)
class Intake(Strict):
    """When what was collected is enough: formula over counts (summed over collections) and parameters/facts."""

    counts: tuple[FactNeed, ...]
    adequate: str
    uses: tuple[str, ...]
    at_most: Quantity
    hold: Quantity
    source: Source
    constants: Mapping[str, Quantity] = field(default_factory=dict)


@dataclass(frozen=True)
class Logistics(Strict):
    """Hold and temperature limits on the way back. shipper_hold: how long a qualified shipper holds."""

    lane: str
    shipper_hold: Quantity
    warmest: Quantity
    shelf_life: Quantity
    use_after_thaw: Quantity | None = None


@dataclass(frozen=True)
class MasterRecipe(Strict):
    """An approved, versioned recipe of a product.

    kind: `autologous` from the patient's own cells, `stock` made for stock, `kit` vials of stock bound to a patient,
    `individual` made for one patient from lots, without cells of theirs.
    dose_hit: formula over parameters and `dose_given` (in the unit of dose_parameter): was the dose aimed at reached.
    washouts: of the patient, before collection; supportive: drugs given beside the product.
    stock_items: what a stock recipe makes, or a kit takes from stock; stock_recipe: the recipe a kit's items come from.
    translations: language -> text of this recipe -> what it is in that language (`record.recipe_words`).
    """

    schema: Literal["onelot-recipe/1"]
    name: str
    version: str
    title: str
    kind: Literal["autologous", "stock", "kit", "individual"]
    product: str
    indications: tuple[str, ...]
    jurisdiction: str
    effective_from: date
    effective_to: date | None
    consent: tuple[str, ...]
    facts: tuple[FactNeed, ...]
    markers: tuple[FactNeed, ...]
    eligibility: tuple[Rule, ...]
    parameters: tuple[ParameterRule, ...]
    procedure: tuple[UnitProcedure, ...]
    specification: tuple[Test, ...]
    conditional_release: bool
    notify_within: Quantity
    dose_parameter: str
    dose_hit: str
    logistics: Logistics
    bands: Bands | None = None
    intake: Intake | None = None
    conditioning: Conditioning | None = None
    stock_items: tuple[str, ...] = ()
    stock_recipe: str = ""
    washouts: tuple[Washout, ...] = ()
    supportive: tuple[SupportiveDrug, ...] = ()
    editing: Editing | None = None
    translations: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def phases(self) -> tuple[Phase, ...]:
        """Every phase in the order of the procedure."""
        return tuple(phase for unit in self.procedure for operation in unit.operations for phase in operation.phases)

    @property
    def drugs(self) -> tuple[str, ...]:
        """The generic names of every drug given around the product, conditioning first, each once."""
        named = [drug.name for drug in (self.conditioning.drugs if self.conditioning else ())]
        return tuple(dict.fromkeys([*named, *(drug.name for drug in self.supportive)]))

    @property
    def identifier(self) -> str:
        """Name and version, as it is cited: `cd19-per-kg/1`."""
        return f"{self.name}/{self.version}"


@cache
def _adapter() -> TypeAdapter[MasterRecipe]:
    return TypeAdapter(MasterRecipe)


def read_recipe(data: Any, *, place: str = "recipe") -> MasterRecipe:
    """A master recipe from its JSON value.

    Raises:
        BadInput: with the path of the first thing that does not fit the format.
    """
    try:
        return _adapter().validate_python(data)
    except ValidationError as cause:
        # A misspelt field is also a missing one: what stands there is said first.
        first = min(cause.errors(), key=lambda each: each["type"] != "unexpected_keyword_argument")
        path = "/".join(str(part) for part in first["loc"])
        what, remedy = _unfit(str(first["type"]), str(first["loc"][-1]) if first["loc"] else "", str(first["msg"]))
        raise BadInput(
            f"the recipe does not fit the format: {what}", rule=SCHEMA, remedy=remedy, place=f"{place}#/{path}"
        ) from cause


def _unfit(kind: str, name: str, message: str) -> tuple[str, str]:
    """What does not fit, and what to do, in the words of whoever writes the file."""
    if kind == "unexpected_keyword_argument":
        near = get_close_matches(name, _field_names(), 1)
        meant = f"write {near[0]!r} if that is what was meant, or " if near else ""
        return f"there is no field {name!r} here", f"{meant}take it out; docs/recipes.md says what a recipe holds"
    if kind == "missing":
        return f"the field {name!r} is missing", "add it at this path, as the shipped recipes have it"
    return message, "mend the recipe file at this path, then `onelot recipe check` it again"


@cache
def _field_names() -> tuple[str, ...]:
    """Every field that a recipe can hold anywhere."""
    schema = _adapter().json_schema()
    parts = (schema, *schema.get("$defs", {}).values())
    return tuple(sorted({name for part in parts for name in part.get("properties", {})}))


def write_recipe(recipe: MasterRecipe) -> dict[str, Any]:
    """The recipe as JSON values; `canonical` of it is what is hashed, signed and stored."""
    value: dict[str, Any] = _adapter().dump_python(recipe, mode="json")
    # A recipe in one language has the digest it had before the format knew of others.
    return value if recipe.translations else {key: item for key, item in value.items() if key != "translations"}


def digest_of(recipe: MasterRecipe) -> str:
    """SHA-256 of the recipe's canonical form, 64 hex digits."""
    return sha256(canonical(write_recipe(recipe))).hexdigest()


def recipe_schema() -> dict[str, Any]:
    """JSON Schema of the format."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **_adapter().json_schema()}


def sources(recipe: MasterRecipe) -> Iterator[tuple[str, Source]]:
    """Every source in the recipe with its path, in order."""
    return ((path, found) for path, found in parts("", recipe) if isinstance(found, Source))


def quantities(recipe: MasterRecipe) -> Iterator[tuple[str, Quantity]]:
    """Every quantity in the recipe with its path, in order. The cells of the dose bands are no quantities."""
    return ((path, found) for path, found in parts("", recipe) if isinstance(found, Quantity))


def parts(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    """A part of the format and every part inside it, each with its path, in order."""
    if is_dataclass(value):
        yield path, value
        for each in fields(value):
            yield from parts(f"{path}/{each.name}", getattr(value, each.name))
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from parts(f"{path}/{key}", item)
    elif isinstance(value, tuple):
        for number, item in enumerate(value):
            yield from parts(f"{path}/{number}", item)
