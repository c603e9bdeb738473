"""A batch that is made for stock: for no patient, by the recipe's own numbers, and so under the planner's signature."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from onelot.app.commands import Command, handles
from onelot.app.commands.order import usable
from onelot.app.context import Context, unknown
from onelot.record.errors import Conflict, Held, Refused
from onelot.record.events.batch import BatchPlanned
from onelot.record.journal import TakeName

STOCK = "stock"


@dataclass(frozen=True)
class PlanStock(Command):
    """Plan a batch for stock by an approved recipe of that kind.

    batch: its number, new; site: where it is made; recipe: `NAME/VERSION`.
    """

    meaning: ClassVar[str] = "plans this batch for stock, by this approved recipe"
    batch: str
    site: str
    recipe: str


@handles(PlanStock)
def _plan_stock(context: Context, command: PlanStock) -> None:
    if not context.actor.may_see(command.site):
        raise unknown("site", command.site)
    document = context.reader.document(f"recipe/{command.recipe}")
    usable(document, command.recipe, context.now)
    if document.cite is None:
        raise Held("the recipe has no text", rule="a recipe is a document", remedy="register the recipe")
    if context.reader.recipe(document.cite).kind != STOCK:
        raise Refused(
            f"recipe {command.recipe} is made for a patient",
            rule="a batch for stock is made by a recipe of that kind; all others are tailored to somebody",
            remedy="order a therapy, and plan its batch",
        )
    stream = f"batch/{command.batch}"
    if context.reader.batch(command.batch).state != "new":
        raise Conflict(
            f"there is a batch {command.batch} already",
            rule="a batch's number is used once",
            remedy="give it another number",
        )
    context.new(stream)
    context.claim(TakeName(stream))
    planned = BatchPlanned(command.batch, (), document.cite, None, command.site, STOCK)
    context.add(stream, planned, signed=True)
