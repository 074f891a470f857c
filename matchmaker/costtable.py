"""Tables of costs that a user brings, read as the costs of coalitions: what a split of a joint cost starts from.

A file is a CSV or the first sheet of a workbook, in one of two forms::

    player,alone,marginal          coalition,cost
    A,21.95,17.36                  A,60
    B,17.08,9.85                   B,60
    *,83.82,                       A+B,90

In the first, ``alone`` is what a player would pay alone and ``marginal`` what its joining adds to the joint cost, so
that all others together would pay the joint cost less this; ``inhabitants`` may be added. The joint cost stands in
the row of the player ``*`` (or ``total``, ``gesamt``), or in every row of a column ``total``, or is given with the
call. In the second, the players of a coalition are joined by ``+`` or ``;``, and ``*`` is all of them.

Empty means unknown. Every error is collected, as in any table; a CSV file with semicolons may have decimal commas.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from matchmaker.message import Message, message
from matchmaker.profiles import Floats
from matchmaker.sheets import BLANK, SHEET_ROWS, Findings, Sheet, Table, check_columns, check_values, read_sheet, typed

MOST_PLAYERS: Final = 20
"""Most players of a table: a million coalitions."""

_EVERYBODY: Final = {"*", "total", "gesamt"}
_LARGEST: Final = 10**11
_EXACT_DIGITS: Final = 1e-6

_AMOUNT: Final = {"type": "number", "constraints": {"minimum": 0, "maximum": _LARGEST}, "optional": True}
_NAME: Final = {"type": "string", "constraints": {"required": True}}


def _declared(key: str, columns: Mapping[str, Mapping[str, Any]]) -> Table:
    fields = ({"name": key, **_NAME}, *({"name": name, **field} for name, field in columns.items()))
    return Table("costs", BLANK, fields, (key,), (), catalogue=False, max_rows=SHEET_ROWS)


_PLAYERS: Final = _declared(
    "player",
    {
        "alone": {**_AMOUNT, "optional": False},
        "marginal": {"type": "number", "constraints": {"maximum": _LARGEST}, "optional": True},
        "inhabitants": {"type": "integer", "constraints": {"minimum": 0}, "optional": True},
        "total": _AMOUNT,
    },
)
_COALITIONS: Final = _declared("coalition", {"cost": {**_AMOUNT, "optional": False}})


@dataclass(frozen=True, eq=False)
class CostTable:
    """Players in the order of the file and what their coalitions pay.

    ``cost`` has shape (2^n,): whole cents (hundredths of the unit of the file) by bitmask over the players, NaN for
    unknown; the last entry, the joint cost, is known. ``inhabitants`` are None where unknown.
    """

    players: tuple[str, ...]
    cost: Floats
    inhabitants: tuple[int | None, ...]


def read_costs(path: Path, *, total: float | None = None) -> CostTable:
    """Read a table of costs; ``total`` is the joint cost where the file does not have it, in the file's unit.

    Raises `ImportRejected` with every error: what makes the file unreadable, columns of neither form, missing or
    repeated players, anything but amounts from 0 with at most two decimals, no joint cost or several of them, figures
    that contradict each other, fewer than 2 or more than 20 players.
    """
    findings = Findings()
    sheet = read_sheet(path, "costs", findings)
    table = None
    if sheet is not None:
        reads = _from_coalitions if "coalition" in sheet.cells.columns else _from_players
        table = reads(sheet, findings, total)
    findings.refuse(str(path))
    if table is None:
        raise AssertionError("a table is refused or there")
    return table


class _Reader:
    """The checked rows of one file, and what is wrong with them."""

    def __init__(self, sheet: Sheet, declared: Table, findings: Findings) -> None:
        self.source, self._findings, self._columns = sheet.source, findings, declared.columns
        if not len(sheet.cells):
            findings.add(sheet.source, message("The file has a header but no rows."))
        frame = check_columns(declared, sheet, findings)
        check_values(declared, frame, sheet.source, findings)
        self.sound = not findings.total
        self._texts = frame
        self.rows = [int(str(row)) for row in frame.index]
        self._typed = typed(declared, frame) if self.sound else None

    def names(self) -> list[str]:
        return [str(name) for name in self._texts[self._columns[0]]]

    def wrong(self, rule: Message, place: int | None = None, column: str = BLANK, value: str | None = None) -> None:
        """Report what is wrong in a row (counted from 0), or in the whole file."""
        if value is None:
            value = str(self._texts[column].iloc[place]) if place is not None and column else BLANK
        self._findings.add(
            self.source, rule, row=None if place is None else self.rows[place], column=column, value=value
        )

    def numbers(self, column: str) -> list[float]:
        return [float(value) for value in self._typed[column]] if self._typed is not None else []

    def cents(self, column: str) -> list[float]:
        """Return a column in whole cents; report amounts with parts of cents, save those of binary arithmetic."""
        amounts = []
        for place, amount in enumerate(self.numbers(column)):
            cents = np.round(100 * amount)
            if abs(100 * amount - cents) > _EXACT_DIGITS * max(1.0, abs(amount)):
                self.wrong(message("Must have at most two decimals."), place, column)
            amounts.append(float(cents))
        return amounts


def _from_players(sheet: Sheet, findings: Findings, total: float | None) -> CostTable | None:
    read = _Reader(sheet, _PLAYERS, findings)
    if not read.sound:
        return None
    names = read.names()
    alone, marginal, stated = (read.cents(column) for column in ("alone", "marginal", "total"))
    of_all = [place for place, name in enumerate(names) if name.casefold() in _EVERYBODY]
    places = [place for place in range(len(names)) if place not in of_all]
    joints = {alone[place] for place in of_all} | set(stated) | ({np.nan} if total is None else {_in_cents(total)})
    known = {joint for joint in joints if not np.isnan(joint)}
    count = len(places)
    if len(known) != 1:
        read.wrong(
            message("The joint cost is missing: add a row with the player * and the joint cost in the column alone.")
            if not known
            else message("Several joint costs are given.")
        )
    if not _right_number(count, read) or len(known) != 1:
        return None
    (joint,) = known
    cost = np.full(1 << count, np.nan)
    cost[0], cost[-1] = 0.0, joint
    for i, place in enumerate(places):
        cost[1 << i] = alone[place]
    for i, place in enumerate(places):
        rest = joint - marginal[place]
        others = len(cost) - 1 - (1 << i)
        if np.isnan(rest):
            continue
        if rest < 0:
            read.wrong(message("Must not be more than the joint cost."), place, "marginal")
        elif not np.isnan(cost[others]) and cost[others] != rest:
            read.wrong(message("Contradicts what the other player pays alone."), place, "marginal")
        cost[others] = rest
    people = read.numbers("inhabitants")
    return CostTable(
        tuple(names[place] for place in places),
        cost,
        tuple(None if np.isnan(people[place]) else int(people[place]) for place in places),
    )


def _from_coalitions(sheet: Sheet, findings: Findings, total: float | None) -> CostTable | None:
    read = _Reader(sheet, _COALITIONS, findings)
    if not read.sound:
        return None
    amounts = read.cents("cost")
    written = read.names()
    split: list[list[str] | None] = [
        None if name.casefold() in _EVERYBODY else [part.strip() for part in re.split("[+;]", name)] for name in written
    ]
    players = tuple(dict.fromkeys(player for who in split for player in who or ()))
    for place, who in enumerate(split):
        if who is not None and (BLANK in who or len(set(who)) < len(who)):
            read.wrong(message("Must be names joined by + or ;, each once."), place, "coalition")
    if findings.total or not _right_number(len(players), read):
        return None
    bit = {player: 1 << i for i, player in enumerate(players)}
    cost = np.full(1 << len(players), np.nan)
    cost[0] = 0.0
    if total is not None:
        cost[-1] = _in_cents(total)
    seen: set[int] = set()
    for place, who in enumerate(split):
        mask = len(cost) - 1 if who is None else sum(bit[player] for player in who)
        if mask in seen:
            read.wrong(message("Stands here a second time."), place, "coalition")
        elif mask == len(cost) - 1 and total is not None and amounts[place] != cost[-1]:
            read.wrong(message("Several joint costs are given."), place, "cost")
        seen.add(mask)
        cost[mask] = amounts[place]
    if np.isnan(cost[-1]):
        read.wrong(message("The joint cost is missing: add a row with the coalition * of all players."))
        return None
    return CostTable(players, cost, (None,) * len(players))


def _in_cents(amount: float) -> float:
    return float(np.round(100 * amount))


def _right_number(count: int, read: _Reader) -> bool:
    if 2 <= count <= MOST_PLAYERS:  # noqa: PLR2004 - one has nobody to share with
        return True
    read.wrong(message("A cost is shared by 2 to {most} players, not by {count}.", most=MOST_PLAYERS, count=count))
    return False
