"""Lots: what comes in, for any batch or for one patient's alone; released after inspection, or blocked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import ClassVar

from onelot.app.commands import Command, handles
from onelot.app.context import Context
from onelot.record.events import journal as ev
from onelot.record.identity import own_mark
from onelot.record.journal import AddQuantity, TakeName


@dataclass(frozen=True)
class ReceiveLot(Command):
    """Take a lot in, into quarantine. therapy: for a lot made for one patient, that chain of identity."""

    lot: str
    item: str
    supplier_lot: str
    certificate_sha256: str
    amount: Decimal
    unit: str
    expires_at: datetime
    therapy: str = ""


@handles(ReceiveLot)
def _receive_lot(context: Context, command: ReceiveLot) -> None:
    if command.therapy:
        context.therapy(command.therapy)
    stream = f"lot/{command.lot}"
    context.new(stream)
    context.claim(TakeName(f"lot/{command.lot}"))
    context.claim(AddQuantity(f"lot/{command.lot}", command.amount))
    context.add(
        stream,
        ev.LotReceived(
            command.item,
            command.supplier_lot,
            command.certificate_sha256,
            command.amount,
            command.unit,
            command.expires_at,
            own_mark(command.therapy) if command.therapy else "",
        ),
    )


@dataclass(frozen=True)
class ReleaseLot(Command):
    """Release a lot for use after incoming inspection."""

    meaning: ClassVar[str] = "releases this lot for use"
    lot: str
    finding: str


@handles(ReleaseLot)
def _release_lot(context: Context, command: ReleaseLot) -> None:
    context.add(f"lot/{command.lot}", ev.LotReleased(command.finding), signed=True)


@dataclass(frozen=True)
class BlockLot(Command):
    """Block a lot."""

    lot: str
    reason: str


@handles(BlockLot)
def _block_lot(context: Context, command: BlockLot) -> None:
    context.add(f"lot/{command.lot}", ev.LotBlocked(command.reason))
