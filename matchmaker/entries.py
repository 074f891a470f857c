"""What users enter: the form in which it is edited and exchanged, and the rows that it becomes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import count
from operator import index
from typing import Any, Final, TypeAlias

import numpy as np
import pandas as pd

from matchmaker.dataset import Dataset
from matchmaker.errors import BadInput
from matchmaker.message import Label, message
from matchmaker.model import DIMENSIONS, Activity, CompetenceCentre, Municipality, Provenance, Software, Stage
from matchmaker.sheets import Tables, schema

HAND_ENTERED: Final = "entered by hand"
"""Source of a municipality that is not in the register, and of a competence centre that nobody published."""

Seen: TypeAlias = Mapping[str, tuple[tuple[object, ...], ...]]
"""Rows of one municipality by table."""


@dataclass(frozen=True, slots=True)
class OwnProfile:
    """What a municipality says about itself; None means unknown.

    ``needs`` are (use case, urgency 1-3), ``as_of`` an ISO date, ``contact`` a function mailbox, empty for none.
    ``seen`` is what stood in the tables when the profile was read: it is saved only over that. None saves over whatever
    is there.
    """

    municipality: Municipality
    maturity: tuple[float | None, ...]
    needs: tuple[tuple[str, int], ...]
    offers: tuple[Activity, ...]
    fte: float | None
    budget_eur: float | None
    as_of: str
    contact: str = ""
    seen: Seen | None = field(default=None, compare=False, repr=False)


def seen_in(tables: Tables, key: str) -> Seen:
    """Return what tables say about a municipality, in a form that can be compared."""
    found = {}
    for name in ("profiles", "needs", "offers"):
        rows = tables[name][tables[name]["key"] == key].itertuples(index=False, name=None)
        found[name] = tuple(tuple(None if pd.isna(value) else value for value in row) for row in rows)
    return found


def still(stored: Tables, key: str, seen: Seen) -> bool:
    """Return whether what is stored about a municipality is what was seen; a block not stored is nobody's."""
    stated = set(stored["stated"]["block"][stored["stated"]["key"] == key])
    now = seen_in(stored, key)
    return all(now[name] == rows for name, rows in seen.items() if now[name] or name in stated)


def tables_of(profile: OwnProfile) -> dict[str, pd.DataFrame]:
    """Return the rows of the tables that a profile consists of."""
    return {
        "profiles": pd.DataFrame(
            [
                {
                    "key": profile.municipality.key,
                    **{d: np.nan if m is None else m for d, m in zip(DIMENSIONS, profile.maturity, strict=True)},
                    "fte": np.nan if profile.fte is None else profile.fte,
                    "budget_eur": np.nan if profile.budget_eur is None else profile.budget_eur,
                    "contact": profile.contact,
                    "provenance": Provenance.SELF_ASSESSED.value,
                    "as_of": profile.as_of,
                }
            ]
        ),
        "needs": pd.DataFrame(
            [
                {
                    "key": profile.municipality.key,
                    "use_case": use_case,
                    "urgency": float(urgency),
                    "provenance": Provenance.SELF_ASSESSED.value,
                    "source_url": "",
                }
                for use_case, urgency in profile.needs
            ],
            columns=schema()["needs"].columns,
        ),
        "offers": pd.DataFrame(
            [
                {
                    "key": profile.municipality.key,
                    "use_case": activity.use_case,
                    "stage": activity.stage.value if activity.stage else "",
                    "title": activity.title.de,
                    "title_en": activity.title.en,
                    "year": np.nan if activity.year is None else activity.year,
                    "provenance": activity.provenance.value,
                    "source_url": activity.url,
                    "software": activity.software.name if activity.software else "",
                    "software_url": activity.software.url if activity.software else "",
                    "licence": activity.software.licence if activity.software else "",
                }
                for activity in profile.offers
            ],
            columns=schema()["offers"].columns,
        ),
    }


def centre_at(
    data: Dataset, seat: str, *, name: str, topics: Sequence[str], host: str, url: str, id_: str = ""
) -> CompetenceCentre:
    """Return a competence centre as somebody enters it, with its seat in a municipality; a free id where none is given.

    Raises `BadInput` for a seat that is not in the register.
    """
    town = data.profiles.municipality(data.profiles.row(seat))
    taken = {centre.id for centre in data.centres}
    return CompetenceCentre(
        id=id_ or next(free for number in count(1) if (free := f"KZ{number:02}") not in taken),
        name=name.strip(),
        land=town.land,
        lat=town.lat,
        lon=town.lon,
        topics=tuple(topics),
        host=host.strip(),
        url=url.strip(),
        source=HAND_ENTERED,
        place=town.name,
    )


def own_profile(data: Dataset, key: str) -> OwnProfile:
    """Return what is known of a municipality, in the form in which it can be edited and saved."""
    profiles = data.profiles
    row = profiles.row(key)

    stated = data.tables["profiles"]
    return OwnProfile(
        municipality=profiles.municipality(row),
        maturity=tuple(_known(level) for level in profiles.maturity[row]),
        needs=tuple(
            (use_case, int(urgency))
            for use_case, urgency in zip(profiles.use_cases, profiles.need[row], strict=True)
            if urgency
        ),
        offers=data.activities(row),
        fte=_known(profiles.fte[row]),
        budget_eur=_known(profiles.budget_eur[row]),
        as_of="".join(stated["as_of"][stated["key"] == key]),
        contact=data.contact(key),
        seen=seen_in(data.tables, key),
    )


def profile_document(profile: OwnProfile) -> dict[str, Any]:
    """Return a profile as a JSON document; None means unknown."""
    return {
        "key": profile.municipality.key,
        "name": profile.municipality.name,
        "maturity": dict(zip(DIMENSIONS, profile.maturity, strict=True)),
        "needs": dict(profile.needs),
        "offers": [
            {
                "use_case": a.use_case,
                "stage": a.stage.value if a.stage else None,
                "title": a.title.de,
                "title_en": a.title.en,
                "year": a.year,
                "provenance": a.provenance.value,
                "source_url": a.url,
                "software": asdict(a.software) if a.software else None,
            }
            for a in profile.offers
        ],
        "fte": profile.fte,
        "budget_eur": profile.budget_eur,
        "as_of": profile.as_of,
        "contact": profile.contact,
    }


def profile_from(document: Mapping[str, Any], now: OwnProfile) -> OwnProfile:
    """Return a profile with what a document in the form of `profile_document` says; the rest stays as it is.

    Raises `BadInput` where the form is another. Whether the values are allowed is checked on saving.
    """
    try:
        merged = {**profile_document(now), **document}
        return replace(
            now,
            maturity=tuple(_known(merged["maturity"].get(dimension)) for dimension in DIMENSIONS),
            needs=tuple((str(use_case), index(urgency)) for use_case, urgency in merged["needs"].items()),
            offers=tuple(_offer(offer) for offer in merged["offers"]),
            fte=_known(merged["fte"]),
            budget_eur=_known(merged["budget_eur"]),
            as_of=str(merged["as_of"]),
            contact=str(merged["contact"] or ""),
        )
    except (AttributeError, KeyError, OverflowError, TypeError, ValueError) as error:
        raise BadInput(
            message("The profile does not have the expected form: {reason}.", reason=str(error)),
            where=now.municipality.key,
            remedy=message("Take the output of profile show, change it and try again."),
        ) from None


def _known(value: float | None) -> float | None:
    """Return a number as float; None and NaN both mean unknown."""
    return None if value is None or np.isnan(value) else float(value)


def _offer(document: Mapping[str, Any]) -> Activity:
    given = document.get("software") or {}
    software = tuple(str(given.get(name) or "") for name in ("name", "url", "licence"))
    return Activity(
        use_case=document.get("use_case") or "",
        stage=Stage(document["stage"]) if document.get("stage") else None,
        title=Label(document.get("title") or "", document.get("title_en") or ""),
        year=None if document.get("year") is None else index(document["year"]),
        provenance=Provenance(document.get("provenance", Provenance.SELF_ASSESSED)),
        url=document.get("source_url") or "",
        software=Software(*software) if any(software) else None,
    )


def register_row(municipality: Municipality) -> pd.DataFrame:
    """Return the row of the register for a municipality that is entered by hand."""

    def known(value: float | None) -> float:
        return np.nan if value is None else float(value)

    return pd.DataFrame(
        [
            {
                "key": municipality.key,
                "name": municipality.name,
                "land": municipality.land,
                "lat": known(municipality.lat),
                "lon": known(municipality.lon),
                "population": known(municipality.population),
                "area_km2": np.nan,
                "parent_key": "",
                "source": HAND_ENTERED,
            }
        ]
    )
