"""From the tables of a data package to columns and values, and the order in which tables lie over each other.

A `Dataset` is what everything else works on. It is made from layers of tables: the shipped package, the
demonstration participants, what users entered. A later layer replaces what an earlier one says about the same
municipality, block by block: its register row, its profile, all its needs, all its offers. A layer may also
hold a table ``stated`` (columns key, block) that names blocks replaced even where nothing is left in them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
import pandas as pd

from matchmaker.access import LOCAL, User
from matchmaker.catalogue import Anchor, Assumption, Catalogue, Dimension, Item, LegalForm, Programme, UseCase
from matchmaker.message import Label, Message, message
from matchmaker.model import (
    DIMENSIONS,
    LANDS,
    OFFER_QUARTERS,
    Activity,
    CompetenceCentre,
    Cooperation,
    Evidence,
    Provenance,
    Software,
    Stage,
)
from matchmaker.profiles import BLOCKS, Profiles, ties_of
from matchmaker.sheets import Tables, schema

EVERYBODY: Final = "*"
"""Stands in ``stated`` for a whole table instead of one municipality."""

OWNER: Final = {"cooperations": "id", "cooperation_members": "cooperation_id", "competence_centres": "id"}
"""Column whose rows are replaced together; the key of the municipality where not named here."""

SIMULATED: Final = Provenance.SIMULATED.value
_UNSTATED_STAGE: Final = OFFER_QUARTERS[Stage.PLANNED]
_A_YEAR: Final = message("EUR/a").template


@dataclass(frozen=True, eq=False)
class Dataset:
    """Columns for the computations, values for people, and the tables both came from.

    ``reader`` is who looks at them: what only some may compute is refused to others by it.
    """

    profiles: Profiles
    catalogue: Catalogue
    cooperations: tuple[Cooperation, ...]
    tables: Tables
    reader: User = LOCAL

    @cached_property
    def _offer_ranges(self) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        keys = self.tables["offers"]["key"].to_numpy(dtype=str)
        return np.searchsorted(keys, self.profiles.key), np.searchsorted(keys, self.profiles.key, side="right")

    @cached_property
    def _offer_columns(self) -> Mapping[str, np.ndarray[Any, Any]]:
        """Columns of the offers: cutting a few rows out of the table takes milliseconds each time."""
        return {str(name): column.to_numpy() for name, column in self.tables["offers"].items()}

    def activities(self, row: int) -> tuple[Activity, ...]:
        """Return what a municipality plans, pilots, runs or has ended."""
        first, last = (int(ends[row]) for ends in self._offer_ranges)
        columns = self._offer_columns
        return tuple(
            _activity({name: column[place] for name, column in columns.items()}) for place in range(first, last)
        )

    @cached_property
    def _cooperations_of(self) -> Mapping[str, tuple[Cooperation, ...]]:
        found: dict[str, list[Cooperation]] = {}
        for cooperation in self.cooperations:
            for key in cooperation.members:
                found.setdefault(key, []).append(cooperation)
        return {key: tuple(list_) for key, list_ in found.items()}

    def cooperations_of(self, row: int) -> tuple[Cooperation, ...]:
        """Return the cooperations a municipality takes part in, ended ones too."""
        return self._cooperations_of.get(str(self.profiles.key[row]), ())

    @cached_property
    def centres(self) -> tuple[CompetenceCentre, ...]:
        """Competence centres by id."""
        return tuple(
            CompetenceCentre(
                id=record["id"],
                name=record["name"],
                land=record["land"],
                lat=None if np.isnan(record["lat"]) else record["lat"],
                lon=None if np.isnan(record["lon"]) else record["lon"],
                topics=tuple(part.strip() for part in record["topics"].split(";") if part.strip()),
                host=record["host"],
                url=record["url"],
                source=record["source"],
                place=record["place"],
                place_status=record["place_status"],
            )
            for record in _records(self.tables["competence_centres"].sort_values("id"))
        )

    def contact(self, key: str) -> str:
        """Return the mailbox of a municipality; empty where it has named none or it is not open to who looks."""
        frame = self.tables["profiles"]
        return "".join(frame["contact"][frame["key"] == key])

    def evidence(self, row: int, use_cases: Sequence[str] = ()) -> tuple[Evidence, ...]:
        """Return what is published about a municipality, activities on the given use cases first."""
        activities = sorted(
            self.activities(row), key=lambda a: (a.use_case not in use_cases, a.stage != Stage.OPERATION)
        )
        found = [Evidence(a.title, a.url, a.year) for a in activities if a.url]
        found += [Evidence(Label(c.title, c.title), c.url, c.start_year) for c in self.cooperations_of(row) if c.url]
        return tuple(dict.fromkeys(found))


def build(layers: Sequence[Tables]) -> Dataset:
    """Lay tables over each other, first layer lowest, and turn them into a `Dataset`.

    The catalogue is taken from the last layer that has one. The tables must have passed the checks of
    `matchmaker.exchange.read`; rows about municipalities outside the register are left out.
    """
    tables = {name: _overlaid(name, layers) for name in schema()}
    catalogue = _catalogue(tables)
    register = tables["register"].drop_duplicates("key", keep="last").sort_values("key", kind="stable")
    tables["register"] = register.reset_index(drop=True)
    known = set(register["key"])
    for name in ("profiles", "needs", "offers", "cooperation_members"):
        frame = tables[name]
        tables[name] = frame[frame["key"].isin(known)].sort_values("key", kind="stable").reset_index(drop=True)
    cooperations = _cooperations(tables)
    return Dataset(_profiles(tables, catalogue, cooperations), catalogue, cooperations, tables)


def with_tables(data: Dataset, tables: Tables) -> Dataset:
    """Return the data with other rows about the same municipalities, by the same catalogue."""
    cooperations = _cooperations(tables)
    return Dataset(_profiles(tables, data.catalogue, cooperations), data.catalogue, cooperations, tables)


def _overlaid(name: str, layers: Sequence[Tables]) -> pd.DataFrame:
    """Return one table of all layers together; a catalogue table comes whole from the last layer that has it."""
    table = schema()[name]
    result = pd.DataFrame(
        {
            field["name"]: pd.Series(dtype="float64" if field["type"] in {"number", "integer"} else object)
            for field in table.fields
        }
    )
    owner = OWNER.get(name, "key")
    for layer in layers:
        frame = layer.get(name, result.iloc[:0])
        if table.catalogue:
            result = frame if len(frame) else result
            continue
        replaced = set(frame[owner])
        kept = result
        if (stated := layer.get("stated")) is not None:
            owners = set(stated["key"][stated["block"] == name])
            replaced |= owners
            if EVERYBODY in owners:
                # A whole register replaces the shipped one; what does not exist in either stays.
                kept = kept[kept["source"] == SIMULATED]
        kept = kept[~kept[owner].isin(replaced)]
        # Joining with an empty frame would let it decide about the types of the columns.
        result = pd.concat([f for f in (kept, frame) if len(f)] or [result.iloc[:0]], ignore_index=True)
    return result


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in record.items()} for record in frame.to_dict("records")]


def _label(record: Mapping[str, Any], name: str) -> Label:
    return Label(record[f"{name}_de"], record[f"{name}_en"] or record[f"{name}_de"])


def _whole(value: float) -> int | None:
    return None if np.isnan(value) else int(value)


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _activity(record: Mapping[str, Any]) -> Activity:
    software = (record["software"], record["software_url"], record["licence"])
    return Activity(
        use_case=record["use_case"],
        stage=Stage(record["stage"]) if record["stage"] else None,
        title=Label(record["title"], record["title_en"] or record["title"]),
        year=_whole(record["year"]),
        provenance=Provenance(record["provenance"]),
        url=record["source_url"],
        software=Software(*software) if any(software) else None,
    )


def _cooperations(tables: Tables) -> tuple[Cooperation, ...]:
    members = tables["cooperation_members"].groupby("cooperation_id")["key"].agg(tuple).to_dict()
    return tuple(
        Cooperation(
            id=record["id"],
            title=record["title"],
            topic=Label(record["topic"], record["topic_en"] or record["topic"]),
            use_cases=tuple(part.strip() for part in record["use_cases"].split(";") if part.strip()),
            legal_form=Label(record["legal_form"], record["legal_form_en"] or record["legal_form"]),
            start_year=_whole(record["start_year"]),
            status=record["status"],
            url=record["source_url"],
            members=members.get(record["id"], ()),
        )
        for record in _records(tables["cooperations"])
    )


def _profiles(tables: Tables, catalogue: Catalogue, cooperations: Sequence[Cooperation]) -> Profiles:
    register = tables["register"]
    key = register["key"].to_numpy(dtype="U8")
    n, u = len(key), len(catalogue.ids)

    def rows(frame: pd.DataFrame, column: str = "key") -> np.ndarray[Any, np.dtype[np.int64]]:
        found: np.ndarray[Any, np.dtype[np.int64]] = np.searchsorted(key, frame[column].to_numpy(dtype="U8"))
        return found

    column_of = {use_case: place for place, use_case in enumerate(catalogue.ids)}
    parent_key = register["parent_key"].to_numpy(dtype="U8")
    at = np.searchsorted(key, parent_key).clip(max=max(0, n - 1))
    parent = np.where((parent_key != "") & (key[at] == parent_key), at, -1) if n else np.empty(0, dtype=np.int64)

    maturity, se = np.full((n, 8), np.nan), np.full((n, 8), np.nan)
    fte, budget = np.full(n, np.nan), np.full(n, np.nan)
    simulated = register["source"].to_numpy(dtype=object) == SIMULATED
    participates = np.zeros(n, dtype=bool)
    profiles = tables["profiles"]
    at_profile = rows(profiles)
    maturity[at_profile] = profiles[list(DIMENSIONS)].to_numpy(dtype=np.float64)
    se[at_profile] = profiles[[f"{d}_se" for d in DIMENSIONS]].to_numpy(dtype=np.float64)
    fte[at_profile], budget[at_profile] = profiles["fte"], profiles["budget_eur"]
    simulated[at_profile] |= profiles["provenance"].to_numpy(dtype=object) == SIMULATED
    participates[at_profile] = True

    need, offer = np.zeros((n, u), dtype=np.uint8), np.zeros((n, u), dtype=np.uint8)
    need_known, offer_known = np.zeros(n, dtype=bool), np.zeros(n, dtype=bool)
    needs, offers = tables["needs"], tables["offers"]
    at_need, at_offer = rows(needs), rows(offers)
    listed = needs["use_case"].isin(column_of).to_numpy(dtype=bool)
    need[at_need[listed], needs["use_case"][listed].map(column_of).to_numpy(dtype=np.int64)] = needs["urgency"][listed]
    need_known[at_need] = True
    listed = offers["use_case"].isin(column_of).to_numpy(dtype=bool)
    quarters = offers["stage"].map({stage.value: q for stage, q in OFFER_QUARTERS.items()}).fillna(_UNSTATED_STAGE)
    np.maximum.at(
        offer,
        (at_offer[listed], offers["use_case"][listed].map(column_of).to_numpy(dtype=np.int64)),
        quarters[listed].to_numpy(dtype=np.uint8),
    )
    offer_known[at_offer] = True

    members = [np.searchsorted(key, np.array(c.members, dtype="U8")) for c in cooperations if c.binds]
    participates |= need_known | offer_known
    participates[rows(tables["cooperation_members"])] = True
    return Profiles(
        key=key,
        name=register["name"].to_numpy(dtype="U"),
        land=np.asarray(register["land"].map({land: i for i, land in enumerate(LANDS)}), dtype=np.int64),
        lat=register["lat"].to_numpy(dtype=np.float64).copy(),
        lon=register["lon"].to_numpy(dtype=np.float64).copy(),
        population=register["population"].to_numpy(dtype=np.float64).copy(),
        area_km2=register["area_km2"].to_numpy(dtype=np.float64).copy(),
        parent=parent.astype(np.int64),
        simulated=simulated.astype(bool),
        maturity=maturity,
        maturity_se=se,
        fte=fte,
        budget_eur=budget,
        need=need,
        offer=offer,
        need_known=need_known,
        offer_known=offer_known,
        ties=ties_of(n, members),
        participates=participates,
        closed=np.zeros((n, len(BLOCKS)), dtype=bool),
        use_cases=catalogue.ids,
    )


def _catalogue(tables: Tables) -> Catalogue:
    use_cases = tuple(
        UseCase(
            id=r["id"],
            title=_label(r, "title"),
            pain=_label(r, "pain"),
            category=r["category"],
            relevance=r["relevance"],
            one_off=_cost(r, "one_off", message("One-off cost: {use_case}", use_case=_label(r, "title")), "EUR"),
            yearly=_cost(r, "yearly", message("Yearly cost: {use_case}", use_case=_label(r, "title")), _A_YEAR),
            saving=(r["saving_low"], r["saving_high"]),
            saving_unit=_label(r, "saving_unit"),
            saving_status=r["saving_status"],
            saving_source=r["saving_source"],
            levels=tuple(r[d] for d in DIMENSIONS),
            shared=_label(r, "shared"),
            open_source=r["open_source"],
            ai_act_class=r["ai_act_class"],
            ai_act_note=_label(r, "ai_act_note"),
        )
        for r in _records(tables["use_cases"].sort_values("id"))
    )
    levels = tables["dimensions"].sort_values(["dimension", "level"])
    dimensions = tuple(
        Dimension(
            id=str(name),
            title=_label(rows[0], "title"),
            question=_label(rows[0], "question"),
            anchors=tuple(Anchor(int(r["level"]), _label(r, "anchor")) for r in rows),
            source=rows[0]["source"],
        )
        for name, rows in ((name, _records(group)) for name, group in levels.groupby("dimension"))
    )
    assumptions = {
        r["id"]: Assumption(
            id=r["id"],
            title=Message("{title}", (("title", _label(r, "title")),)),
            unit=r["unit"],
            low=r["low"],
            central=r["central"],
            high=r["high"],
            status=r["status"],
            source=r["source"],
            source_url=r["source_url"],
            year=_whole(r["year"]),
            note=_label(r, "note"),
        )
        for r in _records(tables["assumptions"])
    }
    return Catalogue(
        use_cases=use_cases,
        dimensions=dimensions,
        legal_forms=tuple(
            LegalForm(
                **_rule(r, "use"),
                kind=r["kind"],
                law=r["law"],
                min_partners=_whole(r["min_partners"]),
                governance_cost=r["governance_cost"],
                across=_label(r, "cross_land"),
                note=_label(r, "note"),
            )
            for r in _records(tables["legal_forms"])
        ),
        funding=tuple(_programme(r) for r in _records(tables["funding"])),
        assumptions=assumptions,
        questionnaire=tuple(
            Item(r["item"], r["dimension"], r["reverse"] == "true", _label(r, "text"))
            for r in _records(tables["questionnaire"].sort_values("item"))
        ),
    )


def _cost(record: Mapping[str, Any], name: str, title: Message, unit: str) -> Assumption:
    """Return a cost of a use case; the table has its range, and the middle of it is the central case."""
    low, high = record[f"{name}_eur_low"], record[f"{name}_eur_high"]
    return Assumption(
        id=f"{record['id']}.{name}",
        title=title,
        unit=unit,
        low=low,
        central=(low + high) / 2,
        high=high,
        status=record["cost_status"],
        source=record["cost_source"],
        source_url="",
        year=_whole(record["cost_year"]),
        note=_label(record, "cost_basis"),
    )


def _rule(record: Mapping[str, Any], text: str) -> dict[str, Any]:
    return {
        "id": record["id"],
        "lands": tuple(record["lands"].split("; ")),
        "title": _label(record, "title"),
        "text": _label(record, text),
        "status": record["status"],
        "source": record["source"],
        "source_url": record["source_url"],
        "year": _whole(record["year"]),
    }


def _programme(record: Mapping[str, Any]) -> Programme:
    further = _known(record["grant_further_eur"])
    steps = (step.split("=") for step in record["grant_steps_eur"].split("; ") if step)
    return Programme(
        **_rule(record, "conditions"),
        state=_label(record, "state"),
        amount_rule=_label(record, "amount_rule"),
        max_amount_eur=_known(record["max_amount_eur"]),
        max_share_pct=_known(record["max_share_pct"]),
        min_partners=_whole(record["min_partners"]),
        max_partners_in_land=_whole(record["max_partners_in_land"]),
        min_years=_whole(record["min_years"]),
        min_saving_pct=_known(record["min_saving_pct"]),
        covers_digital={"true": True, "false": False}.get(record["covers_digital"]),
        grant_steps=tuple(sorted((int(partners), float(euro)) for partners, euro in steps)),
        grant_further_eur=further or 0.0,
        valid_until=record["valid_until"],
    )
