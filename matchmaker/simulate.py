"""Simulated municipalities of any number, for demonstration and for measuring.

They do not exist. Places, Länder and sizes are drawn from the real register and moved; names follow the manner
of the source study ("Mittelstadt C"); keys begin with 00, which no Land has. The rule is drawn so that the
statements of the study can be looked at: a hidden attitude of each municipality moves strategy and, through it,
everything else; kinds differ little and vary much within, mid-size towns most; data management is low
everywhere; small towns lag in data, processes and change; money and staff grow with inhabitants, not with
maturity. Nothing about a real municipality can be concluded from it.

Employees' answers can be drawn as well: around the level of their municipality, so that a survey of them finds
about that level again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd

from matchmaker.catalogue import Catalogue, Item
from matchmaker.errors import BadInput
from matchmaker.message import message
from matchmaker.model import DIMENSIONS, KIND_FROM, KINDS, LANDS, Kind, Provenance, Stage
from matchmaker.profiles import Floats, Ints, Profiles
from matchmaker.sheets import Tables

DEMONSTRATION_SIZE: Final = 36
DEMONSTRATION_SHEETS: Final = 44_290
DEMONSTRATION_SEED: Final = 658
"""Participants, answer sheets and seed of the demonstration survey, as many as in the source study. With this seed
all Länder but one are there, and the statements above can be seen in so few; `scripts/build_demonstration.py`
writes what is shipped."""

AS_OF: Final = "2026-01-01"
_EVEN_BELOW: Final = 200
"""Below this size all kinds are equally frequent, above as frequent as in the register."""

_EVEN_LEAST: Final = 1_250
"""Inhabitants that a model has at least where kinds are equally frequent: a village of some hundred would hardly
take part in a survey. Moved by up to a fifth, 1,000 are left."""

_MOST_DISTRICTS: Final = 999
_MOST: Final = 999_999

# Means of D1…D8, spread of the hidden attitude, and what a kind adds; in levels.
_LEVEL: Final = np.array([2.3, 1.3, 2.2, 2.3, 2.2, 2.5, 2.4, 2.2])
_PULL: Final = np.array([1.0, 0.7, 0.8, 0.8, 0.8, 0.7, 0.6, 0.7])
_SPREAD: Final = {Kind.CITY: 0.7, Kind.TOWN: 1.4, Kind.SMALL_TOWN: 0.7, Kind.RURAL: 0.7, Kind.DISTRICT: 0.7}
_SHIFT: Final = {Kind.CITY: 0.2, Kind.TOWN: 0.0, Kind.SMALL_TOWN: 0.0, Kind.RURAL: -0.1, Kind.DISTRICT: 0.1}
_SMALL_TOWN_LAG: Final = np.array([0, -0.7, -0.7, -0.7, 0, 0, 0, 0])
_NOISE: Final = 0.35
_NEEDS: Final = 8

# How far an answer strays from the level of the municipality, in levels: the respondent, the respondent's view of
# one dimension, and the item; and how often an item is left out.
_RESPONDENT: Final = 0.7
_VIEW: Final = 0.5
_ITEM: Final = 0.9
_LEFT_OUT: Final = 0.02

_LEAST_SHEETS: Final = 12
_SPECIAL_KINDS: Final = (Kind.CITY, Kind.DISTRICT)


def simulate(register: Profiles, catalogue: Catalogue, *, n: int, seed: int = 0, unknown: float = 0.0) -> Tables:
    """Return the tables of a data package with ``n`` simulated municipalities.

    Parameters
    ----------
    register
        Real municipalities whose places and sizes are drawn from; simulated ones among them are not used.
    catalogue
        Use cases that are needed and offered.
    n
        1 to 999,999.
    seed
        Same seed and register, same tables.
    unknown
        Chance in [0, 1] that a block (maturity, needs, offers, capacity) of a municipality is left empty.
        With 0 everybody is fully assessed.
    """
    if not 1 <= n <= _MOST:
        raise BadInput(
            message("The number of municipalities must lie between 1 and {most:number}.", most=_MOST), where=f"n={n}"
        )
    if not 0 <= unknown <= 1:
        raise BadInput(message("The share of unknown blocks must lie between 0 and 1."), where=f"unknown={unknown}")
    rng = np.random.default_rng(seed)
    models = _models(register, n, rng)
    kind = register.kind[models]
    key, name = _names(kind)
    population = _population(register.population[models], kind, rng)
    maturity = _maturity(kind, rng)
    hidden = rng.random((n, 4)) < unknown
    tables = {
        "register": pd.DataFrame(
            {
                "key": key,
                "name": name,
                "land": [LANDS[i] for i in register.land[models]],
                "lat": np.round(register.lat[models] + rng.uniform(-0.1, 0.1, n), 4),
                "lon": np.round(register.lon[models] + rng.uniform(-0.1, 0.1, n), 4),
                "population": population,
                "area_km2": np.nan,
                "parent_key": "",
                "source": Provenance.SIMULATED.value,
            }
        ),
        "profiles": _profile_table(key, population, maturity, hidden, rng),
    }
    tables["needs"], tables["offers"] = _use_case_tables(key, kind, maturity, hidden, catalogue, rng)
    tables["cooperations"], tables["cooperation_members"] = _cooperation_tables(key, catalogue, rng)
    order = np.argsort(key)
    for table in ("register", "profiles"):
        tables[table] = tables[table].iloc[order].reset_index(drop=True)
    return tables


def simulate_answers(profiles: pd.DataFrame, questionnaire: Sequence[Item], *, sheets: int, seed: int) -> pd.DataFrame:
    """Return the answers of employees: key, respondent, item, answer 1-5, empty where an item was left out.

    Parameters
    ----------
    profiles
        Table with key, D1…D8 and respondents, none of them unknown. Each municipality has twelve sheets, the
        others are shared out in proportion to the respondents.
    questionnaire
        Items that are answered.
    sheets
        Answer sheets in all, at least twelve per municipality.
    seed
        Same seed and profiles, same answers.
    """
    n = len(profiles)
    if sheets < _LEAST_SHEETS * n:
        least = message("There must be at least {least:number} answer sheets.", least=_LEAST_SHEETS * n)
        raise BadInput(least, where=f"sheets={sheets}")
    rng = np.random.default_rng(seed)
    respondents = profiles["respondents"].to_numpy(dtype=np.float64)
    exact = (sheets - _LEAST_SHEETS * n) * respondents / respondents.sum()
    share = np.floor(exact).astype(np.int64)
    # What is left over by rounding down goes to those who lost most by it.
    share[np.argsort(share - exact, kind="stable")[: sheets - _LEAST_SHEETS * n - share.sum()]] += 1
    group = np.repeat(np.arange(n), share + _LEAST_SHEETS)
    dimension = np.array([DIMENSIONS.index(item.dimension) for item in questionnaire])
    level = profiles[list(DIMENSIONS)].to_numpy(dtype=np.float64)[group]
    level += _RESPONDENT * rng.normal(size=(sheets, 1)) + _VIEW * rng.normal(size=(sheets, len(DIMENSIONS)))
    felt = level[:, dimension] + _ITEM * rng.normal(size=(sheets, len(questionnaire)))
    answer = np.clip(np.round(1 + felt * 4 / 5), 1, 5).astype(np.int64)
    answer = np.where([item.reverse for item in questionnaire], 6 - answer, answer)
    answer[rng.random(answer.shape) < _LEFT_OUT] = 0
    number = pd.Series(group).groupby(group).cumcount().to_numpy() + 1
    repeated = len(questionnaire)
    return pd.DataFrame(
        {
            "key": np.repeat(profiles["key"].to_numpy(dtype=object)[group], repeated),
            "respondent": np.repeat(number.astype(str).astype(object), repeated),
            "item": np.tile(np.array([item.id for item in questionnaire], dtype=object), sheets),
            "answer": np.array(["", "1", "2", "3", "4", "5"], dtype=object)[answer.ravel()],
        }
    )


def _models(register: Profiles, n: int, rng: np.random.Generator) -> Ints:
    """Draw the real municipality whose place and size each simulated one is moved from."""
    usable = np.flatnonzero(
        ~register.simulated & (register.kind >= 0) & ~np.isnan(register.lat) & ~np.isnan(register.population)
    )
    if n > _EVEN_BELOW:
        models = rng.choice(usable, size=n, replace=n > len(usable))
        districts = np.flatnonzero(register.kind[models] == KINDS.index(Kind.DISTRICT))
        spare = districts[_MOST_DISTRICTS:]
        others = usable[register.kind[usable] != KINDS.index(Kind.DISTRICT)]
        models[spare] = rng.choice(others, size=len(spare))
        return np.asarray(models, dtype=np.int64)
    usable = usable[register.population[usable] >= _EVEN_LEAST]
    parts: list[Ints] = []
    for place, kind in enumerate(KINDS):
        count = n // len(KINDS) + (place < n % len(KINDS))
        drawn = rng.permutation(usable[register.kind[usable] == KINDS.index(kind)])
        # First one of each Land, then a second of each: all parts of the country are there.
        turn = pd.Series(register.land[drawn]).groupby(register.land[drawn]).cumcount().to_numpy()
        parts.append(drawn[np.argsort(turn, kind="stable")][:count])
    return np.concatenate(parts)


def _names(kind: Ints) -> tuple[np.ndarray, np.ndarray]:
    """Return keys and names, numbered within each kind: by letters where they suffice, by numbers beyond."""
    number = pd.Series(kind).groupby(kind).cumcount().to_numpy()
    most = number.max()
    district = kind == KINDS.index(Kind.DISTRICT)
    key = np.array([f"00{i + 1:06d}" for i in range(len(kind))], dtype="U8")
    key[district] = [f"00{i + 1:03d}" for i in range(int(district.sum()))]
    letters = most < len("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    name = [f"{KINDS[k].value} {chr(ord('A') + i) if letters else i + 1}" for k, i in zip(kind, number, strict=True)]
    return key, np.array(name)


def _population(model: Floats, kind: Ints, rng: np.random.Generator) -> Floats:
    """Move the inhabitants by up to a fifth and keep them inside their kind."""
    moved = np.round(model * rng.uniform(0.8, 1.25, len(model)), -1)
    least = np.array([KIND_FROM.get(k, 0) for k in KINDS])[kind]
    ceiling = {Kind.TOWN: 99_990, Kind.SMALL_TOWN: 19_990, Kind.RURAL: 4_990}
    most = np.array([ceiling.get(k, 10_000_000) for k in KINDS])[kind]
    return np.clip(moved, np.maximum(least, 100), most)


def _maturity(kind: Ints, rng: np.random.Generator) -> Floats:
    """Draw D1…D8 in half steps, shape (n, 8)."""
    spread = np.array([_SPREAD[k] for k in KINDS])[kind]
    attitude = np.array([_SHIFT[k] for k in KINDS])[kind] + spread * rng.normal(size=len(kind))
    level = _LEVEL + attitude[:, None] * _PULL + _NOISE * rng.normal(size=(len(kind), len(DIMENSIONS)))
    level += np.where((kind == KINDS.index(Kind.SMALL_TOWN))[:, None], _SMALL_TOWN_LAG, 0)
    half_steps: Floats = np.clip(np.round(level * 2) / 2, 0, 5)
    return half_steps


def _profile_table(
    key: np.ndarray, population: Floats, maturity: Floats, hidden: np.ndarray, rng: np.random.Generator
) -> pd.DataFrame:
    n = len(key)
    respondents = np.maximum(12, np.round(population * 0.004 * rng.uniform(0.5, 1.5, n)))
    fte = np.round(0.02 * population**0.45 * rng.lognormal(0, 0.5, n), 1)
    budget = np.round(5 * population**0.85 * rng.lognormal(0, 0.5, n), -3)
    table = {"key": key}
    for place, dimension in enumerate(DIMENSIONS):
        table[dimension] = np.where(hidden[:, 0], np.nan, maturity[:, place])
    for dimension in DIMENSIONS:
        table[f"{dimension}_se"] = np.where(hidden[:, 0], np.nan, np.round(1.1 / np.sqrt(respondents), 3))
    table["respondents"] = np.where(hidden[:, 0], np.nan, respondents)
    table["fte"] = np.where(hidden[:, 3], np.nan, fte)
    table["budget_eur"] = np.where(hidden[:, 3], np.nan, budget)
    return pd.DataFrame(table).assign(contact="", provenance=Provenance.SIMULATED.value, as_of=AS_OF)


def _use_case_tables(
    key: np.ndarray, kind: Ints, maturity: Floats, hidden: np.ndarray, catalogue: Catalogue, rng: np.random.Generator
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Draw needs and offers; whoever operates a use case does not need it any more."""
    n, u = len(key), len(catalogue.ids)
    special = np.array([use_case.relevance == "special" for use_case in catalogue.use_cases])
    bears = np.isin(kind, [KINDS.index(k) for k in _SPECIAL_KINDS])
    open_to = ~special[None, :] | bears[:, None]
    offers = open_to & (rng.random((n, u)) < (0.04 + 0.05 * maturity.mean(axis=1))[:, None])
    stage = rng.choice([s.value for s in (Stage.PLANNED, Stage.PILOT, Stage.OPERATION)], size=(n, u), p=[0.3, 0.3, 0.4])
    running = offers & (stage == Stage.OPERATION.value)
    needs = open_to & ~running & (rng.random((n, u)) < _NEEDS / u)
    urgency = rng.choice([1, 2, 3], size=(n, u), p=[0.3, 0.4, 0.3])
    # Nobody is left without any need or offer by chance: an empty block means unknown.
    needs[np.arange(n), np.argmax(open_to & ~running, axis=1)] |= ~needs.any(axis=1)
    lonely = ~offers.any(axis=1)
    spare = np.argmax(open_to & ~needs, axis=1)
    offers[np.flatnonzero(lonely), spare[lonely]] = True
    needs[hidden[:, 1]] = False
    offers[hidden[:, 2]] = False
    ids = np.array(catalogue.ids)
    i, c = np.nonzero(needs)
    need_table = pd.DataFrame(
        {
            "key": key[i],
            "use_case": ids[c],
            "urgency": urgency[i, c].astype(float),
            "provenance": Provenance.SIMULATED.value,
            "source_url": "",
        }
    )
    i, c = np.nonzero(offers)
    offer_table = pd.DataFrame(
        {
            "key": key[i],
            "use_case": ids[c],
            "stage": stage[i, c],
            "title": np.array([use_case.title.de for use_case in catalogue.use_cases])[c],
            "title_en": np.array([use_case.title.en for use_case in catalogue.use_cases])[c],
            "year": np.nan,
            "provenance": Provenance.SIMULATED.value,
            "source_url": "",
            "software": "",
            "software_url": "",
            "licence": "",
        }
    )
    return (
        need_table.sort_values(["key", "use_case"], ignore_index=True),
        offer_table.sort_values(["key", "use_case"], ignore_index=True),
    )


def _cooperation_tables(
    key: np.ndarray, catalogue: Catalogue, rng: np.random.Generator
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Let about every second municipality cooperate in a group of two to four."""
    count = len(key) // 6
    chosen = [rng.choice(len(key), size=int(size), replace=False) for size in rng.integers(2, 5, count)]
    about = rng.integers(len(catalogue.use_cases), size=count)
    ids = [f"SIM{number + 1:05d}" for number in range(count)]
    cooperations = pd.DataFrame(
        {
            "id": ids,
            "title": [f"Verbund {number + 1}" for number in range(count)],
            "topic": [catalogue.use_cases[c].title.de for c in about],
            "topic_en": [catalogue.use_cases[c].title.en for c in about],
            "use_cases": [catalogue.ids[c] for c in about],
            "legal_form": "",
            "legal_form_en": "",
            "start_year": np.nan,
            "status": "running",
            "source_url": "",
        }
    )
    members = pd.DataFrame(
        {
            "cooperation_id": np.repeat(np.array(ids, dtype=object), [len(rows) for rows in chosen]),
            "key": np.concatenate([key[np.sort(rows)] for rows in chosen] or [np.empty(0, dtype=object)]),
        }
    )
    return cooperations, members
