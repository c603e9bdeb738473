"""What a batch goes by: each parameter as it acts now, with what it comes from.

One source for every page that says a parameter: the batch's record, its parameters, and the why of each.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from onelot.app.authority import sees_personal_data
from onelot.app.context import Context
from onelot.record.errors import Erased, Held
from onelot.record.events.therapy import RecipeTailored
from onelot.record.journal import Entry
from onelot.record.recipe import MasterRecipe
from onelot.record.subjects import Batch
from onelot.record.subjects.batch import Adjustment
from onelot.record.terms.opened import OpenParameter
from onelot.record.terms.values import Cite, Sealed
from onelot.tailor import facts_used, tailor

#: What stands in the place of a value that is not shown.
HIDDEN, ERASED = "not for your role", "erased"


@dataclass(frozen=True)
class GoesBy:
    """One parameter of a batch. title, basis: the recipe's words; unit: UCUM, "1" for a plain number.

    value: as it acts now, plain (`136000000`, a guide's letters), or HIDDEN or ERASED. facts: what of the patient it
    rests on, as (title, or a name without one); none where the recipe's own numbers give it. change: the newest change
    within the approved range, None without one; by: its person's name.
    """

    name: str
    title: str
    value: str
    unit: str
    basis: str
    facts: tuple[tuple[str, bool], ...]
    change: Adjustment | None = None
    by: str = ""
    stale: bool = False

    @property
    def shown(self) -> bool:
        """Whether the value stands there, rather than why it does not."""
        return self.value not in (HIDDEN, ERASED)

    @property
    def erased(self) -> bool:
        """Whether the patient's health key is gone, and the value with it."""
        return self.value == ERASED


def goes_by(context: Context, batch: Batch) -> tuple[GoesBy, ...]:
    """The parameters of a batch, as its recipe orders them; empty before its therapy is tailored.

    A patient's values open for roles that need them (each look is logged by the vault); a changed one, and what is the
    recipe's own number, stands in clear.
    """
    recipe = context.reader.recipe(batch.recipe) if batch.recipe else None
    if recipe is None:
        return ()
    found = _tailored(context, batch, recipe) if batch.tailoring else _constant(context, batch, recipe)
    newest = {each.change.name: each for each in batch.adjusted}
    people = context.journal.rows("people", [_login(each.by) for each in newest.values()]) if newest else {}
    return tuple(_changed(each, newest.get(each.name), people) for each in found)


def _login(person: str) -> str:
    return person.removeprefix("person/")


def _changed(set_: GoesBy, found: Adjustment | None, people: Mapping[str, Mapping[str, object]]) -> GoesBy:
    if found is None:
        return set_
    login = _login(found.by)
    name = str(people.get(login, {}).get("printed_name") or login)
    return replace(set_, value=f"{found.change.value:f}", unit=found.change.unit, change=found, by=name)


def tailored_by(context: Context, cite: Cite) -> tuple[Entry, RecipeTailored]:
    """The event by which a batch's parameters were set.

    Raises:
        LookupError: what is cited sets no parameters.
    """
    entry = context.journal.read(cite.stream, cite.seq - 1)[0]
    if not isinstance(entry.event, RecipeTailored):
        raise LookupError(f"{cite.stream}#{cite.seq}")
    return entry, entry.event


def _tailored(context: Context, batch: Batch, recipe: MasterRecipe) -> Iterator[GoesBy]:
    if batch.tailoring is None or not batch.therapies:
        return
    _, event = tailored_by(context, batch.tailoring)
    titles, facts = titles_of(recipe), {need.name: need.title for need in recipe.facts}
    stale = context.reader.therapy(batch.therapies[0]).stale
    given, own = {each.name: each for each in event.parameters}, own_numbers(context, event)
    for name in (*(each for each in titles if each in given), *sorted(given.keys() - titles.keys())):
        each, value = given[name], own.get(name) or shown(context, given[name].value)
        rests = tuple((facts.get(one.name, one.name), one.name not in facts) for one in each.inputs)
        title = titles.get(name, name)
        yield GoesBy(name, title, value, each.unit, each.basis, rests, stale=name in stale)


def own_numbers(context: Context, event: RecipeTailored) -> dict[str, str]:
    """What rests on no fact, by name: read from the recipe that set it, so that no seal is opened.

    It tells nothing of the patient, and whoever makes, checks or may change it has to see it.
    """
    recipe = context.reader.recipe(event.recipe)
    own = tuple(rule for rule in recipe.parameters if not facts_used(recipe, rule.name))
    return {each.name: each.shown for each in tailor(replace(recipe, parameters=own, editing=None), {}, context.now)}


def _constant(context: Context, batch: Batch, recipe: MasterRecipe) -> Iterator[GoesBy]:
    titles = titles_of(recipe)
    for each in constants(context, batch, recipe):
        yield GoesBy(each.name, titles[each.name], each.shown, each.unit, each.basis, ())


def constants(context: Context, batch: Batch, recipe: MasterRecipe) -> tuple[OpenParameter, ...]:
    """The parameters of a batch that is made for nobody: the recipe's own numbers give them."""
    if batch.therapies:
        return ()
    try:
        return tailor(recipe, {}, context.now)
    except Held:
        return ()  # the recipe asks for a patient's facts, and there is no patient


def of_recipe(context: Context, recipe: MasterRecipe) -> tuple[GoesBy, ...]:
    """What a batch for stock by this recipe would go by."""
    return tuple(_constant(context, Batch(), recipe))


def titles_of(recipe: MasterRecipe) -> dict[str, str]:
    """Name -> title of everything tailoring sets, in the recipe's order; the patient's own guide last."""
    found = {rule.name: rule.title for rule in recipe.parameters}
    return found | ({recipe.editing.parameter: recipe.editing.title} if recipe.editing else {})


def shown(context: Context, sealed: Sealed) -> str:
    """The value behind a seal, for whoever may see it; HIDDEN for everybody else, ERASED when its key is gone."""
    if not sees_personal_data(context.actor) and context.actor.id != "system":
        return HIDDEN
    try:
        return str(context.open(sealed))
    except Erased:
        return ERASED
