"""What a competence centre asks: a plan of its region, what would change it, and how it looks beside others."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pandas as pd

from matchmaker import access, portfolio
from matchmaker.dataset import Dataset
from matchmaker.errors import BadInput, Forbidden
from matchmaker.message import Label, Message, message
from matchmaker.model import KINDS, LANDS, Kind
from matchmaker.portfolio import Limits, Plan, Progress
from matchmaker.portfolio.entry import ways_in as _ways_in
from matchmaker.portfolio.inclusion import inclusion_curve
from matchmaker.portfolio.schedule import schedule as _schedule
from matchmaker.portfolio.values import Setup, WayIn
from matchmaker.profiles import Bools, Profiles

_DISTRICT: Final = 5
_SECONDS_TO_REPLAN: Final = 5.0


@dataclass(frozen=True, slots=True)
class Region:
    """Whose projects are planned: everybody in the Länder, in the districts and with one of the keys together.

    ``lands`` are letters of Länder, ``districts`` five-digit keys (county-free cities too), each with all
    municipalities in it; ``keys`` single municipalities or Landkreise. All of Germany where nothing is named.
    """

    lands: tuple[str, ...] = ()
    districts: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()

    @property
    def named(self) -> tuple[str, ...]:
        """Everything that was named, for an error or a title."""
        return (*self.lands, *self.districts, *self.keys)


@dataclass(frozen=True, slots=True)
class Variant:
    """A plan under other limits, with what is different about it."""

    title: Message
    limits: Limits
    plan: Plan


def inside(data: Dataset, region: Region) -> Bools:
    """Mark who takes part in a region; where none is named, in all of Germany, or for a centre in its own region.

    Raises `BadInput` where nobody does or something named does not exist, and `Forbidden` where the reader of the
    data may not plan it.
    """
    lands, keys = access.planned_region(data.reader, region.lands, (*region.districts, *region.keys))
    if not region.named:
        region = Region(
            lands,
            tuple(key for key in keys if len(key) == _DISTRICT),
            tuple(key for key in keys if len(key) != _DISTRICT),
        )
    profiles = data.profiles
    mask = profiles.participates.copy()
    if region.named:
        mask &= _covered(profiles, region)
    if not mask.any():
        raise BadInput(
            message("Nobody in this region takes part yet: no profile, need or offer is known."),
            where=" ".join(region.named),
            remedy=message("Choose a larger region, or enter profiles first."),
        )
    return mask


def _covered(profiles: Profiles, region: Region) -> Bools:
    for land in sorted(set(region.lands) - set(LANDS)):
        raise BadInput(
            message("{land} is no Land.", land=land),
            where="land",
            remedy=message("Use the two letters of a Land: {lands:list}.", lands=LANDS),
        )
    district = profiles.key.astype(f"U{_DISTRICT}")
    for key in sorted(set(region.districts) - set(district.tolist())):
        raise BadInput(
            message("There is no district with the key {key}.", key=key),
            where=key,
            remedy=message("Use the first five digits of the key of a municipality in it."),
        )
    rows = [profiles.row(key) for key in region.keys]
    covered: Bools = np.isin(profiles.land, [LANDS.index(land) for land in region.lands])
    covered |= np.isin(district, region.districts)
    covered[rows] = True
    return covered


def districts(data: Dataset) -> tuple[int, ...]:
    """Return the rows of the Landkreise and county-free cities that exist, in the order of their keys."""
    profiles = data.profiles
    counties = set(profiles.key[profiles.kind == KINDS.index(Kind.DISTRICT)].tolist())
    free = np.char.endswith(profiles.key, "000") & ~np.isin(profiles.key.astype(f"U{_DISTRICT}"), sorted(counties))
    return tuple(np.flatnonzero((np.isin(profiles.key, sorted(counties)) | free) & ~profiles.simulated).tolist())


def plan_region(
    data: Dataset,
    limits: Limits,
    region: Region,
    *,
    seconds: float = 60.0,
    progress: Callable[[Progress], None] | None = None,
    stop: Callable[[], bool] | None = None,
) -> Plan:
    """Return the joint projects to start in a region, chosen together; see `matchmaker.portfolio.make_plan`.

    Raises `BadInput` where nobody in the region takes part, where a wish names somebody who does not take part in it,
    and where wishes cannot be met.
    """
    profiles = data.profiles
    mask = inside(data, region)
    for key in sorted(limits.wished):
        row = profiles.row(key)
        if not mask[row]:
            raise BadInput(
                message(
                    "A wish names {name}, which is not among the participants of this region.",
                    name=str(profiles.name[row]),
                ),
                where=key,
                remedy=message("Drop the wish, enter a profile for it, or choose a larger region."),
            )
    plan = portfolio.make_plan(
        profiles.take(mask), data.catalogue, limits, seconds=seconds, progress=progress, stop=stop
    )
    silent = [str(profiles.name[profiles.row(key)]) for key in region.keys if not mask[profiles.row(key)]]
    if silent:
        note = message("On the list, but nothing is known yet of: {names:list}.", names=tuple(silent))
        plan = replace(plan, notes=(*plan.notes, note))
    return plan


def variants(
    data: Dataset,
    limits: Limits,
    region: Region,
    plan: Plan,
    *,
    seconds: float = 60.0,
    progress: Callable[[Progress], None] | None = None,
    stop: Callable[[], bool] | None = None,
) -> tuple[Variant, ...]:
    """Return a plan beside those under other limits: the weakest fifth, smaller groups, fewer to lead, less money.

    A variant within whose limits the wishes cannot be met is left out.
    """
    other = message("Without the weakest fifth first") if limits.include_weak else message("With the weakest fifth")
    wanted = [(other, replace(limits, include_weak=not limits.include_weak))]
    if limits.max_size > 2:  # noqa: PLR2004 - the smallest group
        fewer = max(2, limits.max_size - 2)
        wanted.append((message("Groups of up to {count}", count=fewer), replace(limits, max_size=fewer)))
    if limits.most_led > 1:
        wanted.append((message("One group for each lead"), replace(limits, most_led=1)))
    halved = message("Half of what is free in the budgets")
    wanted.append((halved, replace(limits, budget_share=limits.budget_share / 2)))
    found = [Variant(message("This plan"), limits, plan)]
    for title, changed in wanted:
        if stop and stop():
            break
        try:
            new = plan_region(data, changed, region, seconds=seconds, progress=progress, stop=stop)
        except BadInput:
            continue
        found.append(Variant(title, changed, new))
    return tuple(found)


def inclusion(
    data: Dataset,
    limits: Limits,
    region: Region,
    *,
    seconds: float = 60.0,
    progress: Callable[[Progress], None] | None = None,
    stop: Callable[[], bool] | None = None,
) -> tuple[Plan, ...]:
    """Return plans with more and more of the weakest fifth; see `matchmaker.portfolio.inclusion`.

    ``seconds`` is the time for each plan.
    """

    def make(changed: Limits) -> Plan:
        return portfolio.make_plan(part, data.catalogue, changed, seconds=seconds, progress=progress, stop=stop)

    part = data.profiles.take(inside(data, region))
    return inclusion_curve(part, data.catalogue, limits, make)


def ways_in(data: Dataset, limits: Limits, region: Region, plan: Plan, key: str) -> tuple[WayIn, ...]:
    """Return single changes that would bring a municipality into a plan; see `matchmaker.portfolio.entry`.

    Raises `UnknownKey` where it, or a member of the plan, is not there any more, and `BadInput` where it is in the
    plan already or does not take part in the region.
    """

    def replan(profiles: Profiles, changed: Limits) -> Plan:
        return portfolio.make_plan(profiles, data.catalogue, changed, seconds=_SECONDS_TO_REPLAN)

    mask = inside(data, region)
    row = data.profiles.row(key)
    name = str(data.profiles.name[row])
    if key in {m.key for p in plan.projects for m in p.members}:
        raise BadInput(message("{name} is in the plan already.", name=name), where=key)
    if not mask[row]:
        raise BadInput(
            message("{name} is not among the participants of this region.", name=name),
            where=key,
            remedy=message("Enter a profile for it, or choose a larger region."),
        )
    everybody = data.profiles.take(data.profiles.participates)
    return _ways_in(everybody, mask[data.profiles.participates], data.catalogue, limits, plan, key, replan=replan)


def schedule(data: Dataset, plan: Plan) -> tuple[Setup, ...]:
    """Return when each project of a plan is set up; see `matchmaker.portfolio.schedule` for the rule."""
    return _schedule(plan, data.profiles, data.catalogue)


def fingerprint(data: Dataset, region: Region) -> str:
    """Return a hash of all that a plan of a region rests on: its participants and the catalogue.

    Raises `BadInput` as `inside` does.
    """
    part = data.profiles.take(inside(data, region))
    asked = [(u.id, u.levels) for u in data.catalogue.use_cases]
    costs = [cost for use_case in data.catalogue.use_cases for cost in use_case.costs]
    figures = [(a.id, a.low, a.central, a.high) for a in (*costs, *data.catalogue.assumptions.values())]
    return hashlib.sha256(f"{part.fingerprint}{asked}{figures}".encode()).hexdigest()


def rests_on(data: Dataset, region: Region, kept: str) -> bool:
    """Return whether data still have a fingerprint; False too where nobody in the region takes part any more."""
    try:
        return fingerprint(data, region) == kept
    except (BadInput, Forbidden):
        return False


def plan_table(plan: Plan, title_of: Callable[[Label], str]) -> pd.DataFrame:
    """Return a plan as a table, one row for each member of each project."""
    return pd.DataFrame(
        [
            (number, p.use_case, title_of(p.title), m.key, m.name, "lead" if place == 0 else "member",
             round(paid, 2), round(p.saving_eur, 2), "simulated" if m.simulated else "")
            for number, p in enumerate(plan.projects, start=1)
            for place, (m, paid) in enumerate(zip(p.members, p.pays_eur, strict=True))
        ],
        columns=["project", "use_case", "title", "key", "name", "role", "pays_eur_a_year", "project_saving_eur",
                 "provenance"],
    )  # fmt: skip


def plan_workbook(sheets: Sequence[tuple[str, pd.DataFrame]]) -> bytes:
    """Return tables as sheets of one XLSX file, by name of the sheet."""
    content = io.BytesIO()
    options = {"strings_to_formulas": False, "strings_to_urls": False}
    with pd.ExcelWriter(content, engine="xlsxwriter", engine_kwargs={"options": options}) as book:
        for name, table in sheets:
            table.to_excel(book, sheet_name=name, index=False)
    return content.getvalue()
