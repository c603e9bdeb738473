"""What goes along with events in the same transaction: claims, sealed payloads, side effects to do.

The rules of claims are constraints of the database; here they are only carried there, one statement per kind for a
whole group. When one is violated, `why_not` loads what is held and asks the rules for the reason.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

import asyncpg
import orjson

from onelot.adapters.claims import Claims
from onelot.record.errors import Conflict
from onelot.record.journal import AddQuantity, Append, Claim, GiveBack, TakeInterval, TakeName, TakeQuantity


class ClaimLost(Exception):
    """A claim of this group cannot be had, as seen by counting rows; the group is rolled back."""


async def write(connection: asyncpg.Connection, appends: Sequence[Append]) -> None:
    """Write what the group's appends carry besides events. Inside a transaction.

    Raises:
        ClaimLost, asyncpg.IntegrityConstraintViolationError: a claim is taken, not held, or not covered.
    """
    claims = [claim for append in appends for claim in append.claims]
    if claims:
        await _write_claims(connection, claims)
    payloads = [one for append in appends for one in append.payloads]
    if payloads:
        await connection.execute(
            "insert into payload (address, patient, data) select * from unnest($1::text[], $2::text[], $3::bytea[])"
            " on conflict do nothing",
            *_columns((one.address, one.patient, one.data) for one in payloads),
        )
    effects = [one for append in appends for one in append.effects]
    if effects:
        await connection.execute(
            "insert into effect (key, kind, data) select k, n, d::json from unnest($1::text[], $2::text[], $3::text[])"
            " with ordinality as given (k, n, d, place) order by place on conflict do nothing",
            *_columns((one.key, one.kind, orjson.dumps(one.data).decode()) for one in effects),
        )


async def _write_claims(connection: asyncpg.Connection, claims: Sequence[Claim]) -> None:
    resources = {one.resource for one in claims if isinstance(one, AddQuantity | TakeInterval | TakeQuantity)}
    if resources:
        await connection.execute(
            "insert into resource (name) select unnest($1::text[])"
            " except select name from resource where name = any($1) order by 1 on conflict do nothing",
            sorted(resources),
        )
    added: defaultdict[str, Decimal] = defaultdict(Decimal)
    given = [one.claim for one in claims if isinstance(one, GiveBack)]
    if given:
        back = await connection.fetch(
            "update claim c set held = false from resource r where claim = any($1::text[]) and held and r.rid = c.rid"
            " returning r.name, c.amount",
            sorted(given),
        )
        if len(back) != len(given):
            raise ClaimLost
        for name, amount in back:
            if amount is not None:
                added[name] += amount
    for add in claims:
        if isinstance(add, AddQuantity):
            added[add.resource] += add.amount
    if added:
        await connection.execute(
            "insert into quantity (rid, available) select rid, amount from unnest($1::text[], $2::numeric[])"
            " as given (name, amount) join resource using (name) order by rid"
            " on conflict (rid) do update set available = quantity.available + excluded.available",
            *_columns(sorted(added.items())),
        )
    await _take(connection, claims)
    names = sorted(one.name for one in claims if isinstance(one, TakeName))
    if names:
        await connection.execute("insert into taken_name select unnest($1::text[])", names)
    notes = [(one.name, one.note) for one in claims if isinstance(one, TakeName) and one.note]
    if notes:
        await connection.execute(
            "insert into note (name, data) select * from unnest($1::text[], $2::bytea[])", *_columns(notes)
        )


async def _take(connection: asyncpg.Connection, claims: Sequence[Claim]) -> None:
    taken: defaultdict[str, Decimal] = defaultdict(Decimal)
    rows: list[tuple[Any, ...]] = []
    for one in claims:
        if isinstance(one, TakeQuantity):
            taken[one.resource] += one.amount
            rows.append((one.claim, one.resource, None, None, one.amount))
        elif isinstance(one, TakeInterval):
            rows.append((one.claim, one.resource, one.starts_at, one.ends_at, None))
    if taken:
        done = await connection.execute(
            "update quantity q set available = q.available - t.amount from unnest($1::text[], $2::numeric[])"
            " as t (name, amount) join resource r using (name) where q.rid = r.rid",
            *_columns(sorted(taken.items())),
        )
        if done != f"UPDATE {len(taken)}":
            raise ClaimLost
    if rows:
        await connection.execute(
            "insert into claim (claim, rid, during, amount)"
            " select g.claim, rid, case when g.since is not null then tstzrange(g.since, g.until, '[)') end, g.amount"
            " from unnest($1::text[], $2::text[], $3::timestamptz[], $4::timestamptz[], $5::numeric[])"
            " as g (claim, name, since, until, amount) join resource using (name) order by g.claim",
            *_columns(sorted(rows, key=lambda row: row[0])),
        )


def _columns(rows: Iterable[tuple[Any, ...]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]


async def why_not(connection: asyncpg.Connection, append: Append) -> Conflict | None:
    """The refusal of an append whose claims the database did not accept; None when by now it would accept them."""
    state = Claims()
    ids = [one.claim for one in append.claims if isinstance(one, GiveBack | TakeInterval | TakeQuantity)]
    resources = [one.resource for one in append.claims if isinstance(one, AddQuantity | TakeInterval | TakeQuantity)]
    for row in await connection.fetch(
        "select c.claim, r.name, lower(c.during) as since, upper(c.during) as until, c.amount, c.held"
        " from claim c join resource r using (rid)"
        " where c.claim = any($1) or (c.held and c.during is not null and r.name = any($2))",
        ids, resources,
    ):  # fmt: skip
        held: TakeInterval | TakeQuantity = (
            TakeInterval(row["claim"], row["name"], row["since"], row["until"])
            if row["amount"] is None
            else TakeQuantity(row["claim"], row["name"], row["amount"])
        )
        state.known[held.claim] = held
        if row["held"]:
            state.held[held.resource].add(held.claim)
    for row in await connection.fetch("select r.name, q.available from quantity q join resource r using (rid)"
                                      " where r.name = any($1)", resources):  # fmt: skip
        state.available[row["name"]] = row["available"]
    names = [one.name for one in append.claims if isinstance(one, TakeName)]
    state.names = {row["name"]: b"" for row in await connection.fetch(
        "select name from taken_name where name = any($1)", names)}  # fmt: skip
    try:
        state.work_off(append.claims)
    except Conflict as refusal:
        return refusal
    return None
