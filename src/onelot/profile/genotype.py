"""What a fact `pgx_GENE` holds: a line for people, and a line for the gate.

The gate weighs what is still possible, which no sentence tells exactly; so the value carries both, and only the first
line is ever shown as the fact.
"""

from __future__ import annotations

from dataclasses import dataclass

import orjson

from onelot.profile.pgx import GeneCall

SHOWN = 300


@dataclass(frozen=True, slots=True)
class Genotype:
    """One gene of the patient, as recorded.

    told: for people; keys: what guidance is looked up by, one per possibility, () for unknown; phenotypes: still
    possible; outside: called outside the variant file; origin: of the sample; held: why it does not act, else "".
    """

    told: str
    keys: tuple[str, ...] = ()
    phenotypes: tuple[str, ...] = ()
    outside: bool = False
    origin: str = ""
    held: str = ""


def write_genotype(told: str, call: GeneCall, *, origin: str, held: str = "") -> str:
    """The value of a fact. What is held does not act: to the gate the gene is unknown."""
    value = {
        "keys": [] if held else list(call.keys),
        "phenotypes": list(call.possible_phenotypes),
        "outside": call.outside,
        "origin": origin,
        "held": held,
    }
    line = f"{told}; does not act: {held}" if held else told
    return f"{line}\n{orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()}"


def read_genotype(value: str) -> Genotype:
    """What stands in a fact; a value without a line for the gate (an older record, a word typed) is unknown to it."""
    told, _, plain = value.partition("\n")
    try:
        found = orjson.loads(plain)
        keys, phenotypes = (tuple(map(str, found[name])) for name in ("keys", "phenotypes"))
        return Genotype(told, keys, phenotypes, bool(found["outside"]), str(found["origin"]), str(found["held"]))
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return Genotype(told)


def for_people(value: object) -> str:
    """A fact's value as it is shown: the line for people."""
    return str(value).partition("\n")[0]
