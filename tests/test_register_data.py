"""What a user may rely on in the shipped register and its map layers."""

from __future__ import annotations

import csv
import json
import math
import re
from collections import Counter
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

DATA = Path(__file__).resolve().parent.parent / "data"
COLUMNS = ["key", "name", "land", "lat", "lon", "population", "area_km2", "parent_key", "source"]
LANDS = dict(
    zip(
        ["01", "02", "03", "04", "05", "06", "07", "08", "09", *map(str, range(10, 17))],
        ["SH", "HH", "NI", "HB", "NW", "HE", "RP", "BW", "BY", "SL", "BE", "BB", "MV", "SN", "ST", "TH"],
        strict=True,
    )
)
# Islands too small for the district map, with their true distance in km.
OFF_THE_MAP = {"01056025": 160, "03452013": 15, "03455021": 15}


@cache
def register() -> dict[str, dict[str, str]]:
    with (DATA / "register.csv").open(encoding="utf-8", newline="") as file:
        return {row["key"]: row for row in csv.DictReader(file)}


@cache
def layer(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((DATA / name).read_text(encoding="utf-8"))
    return content


def rings(geometry: dict[str, Any]) -> list[list[list[float]]]:
    """Return all rings; a point inside crosses them an odd number of times."""
    polygons = geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]
    return [ring for polygon in polygons for ring in polygon]


def distance_km(lat: float, lon: float, geometry: dict[str, Any]) -> float:
    """Return 0 inside the outline, else the distance to its nearest corner."""
    inside = False
    nearest = math.inf
    for ring in rings(geometry):
        for (x1, y1), (x2, y2) in pairwise(ring):
            if (y1 > lat) != (y2 > lat) and lon < (x2 - x1) * (lat - y1) / (y2 - y1) + x1:
                inside = not inside
            nearest = min(nearest, math.hypot(y1 - lat, (x1 - lon) * math.cos(math.radians(lat))))
    return 0 if inside else nearest * 111.2


def test_the_files_are_plain_and_sorted() -> None:
    raw = (DATA / "register.csv").read_bytes()
    assert not raw.startswith(b"\xef\xbb\xbf")
    assert b"\r" not in raw
    lines = raw.decode("utf-8").splitlines()
    assert lines[0].split(",") == COLUMNS
    keys = [line.split(",")[0] for line in lines[1:]]
    assert keys == sorted(keys)
    assert len(keys) == len(set(keys)) == len(register())


def test_keys_and_cells_are_well_formed() -> None:
    for key, row in register().items():
        assert re.fullmatch(r"\d{5}|\d{8}", key)
        assert row["land"] == LANDS[key[:2]], key
        assert re.fullmatch(r"[1-9]\d*|", row["population"]), key
        assert re.fullmatch(r"\d+\.\d\d|", row["area_km2"]), key
        assert row["source"], key
        assert row["name"] == " ".join(row["name"].split()), key
        assert row["name"], key
        assert not re.search(r", |\b[abi]\.| b |Stadt \(", row["name"]), row["name"]
        assert 47.2 < float(row["lat"]) < 55.1, key
        assert 5.8 < float(row["lon"]) < 15.1, key


def test_every_landkreis_is_there_and_told_from_the_town_of_its_name() -> None:
    rural = {key: row for key, row in register().items() if len(key) == 5}
    assert len(rural) == 294
    assert {"03241", "05334", "10041", "03159", "13071", "16063"} <= rural.keys()
    assert "16056" not in rural
    assert len({row["name"] for row in rural.values()}) == 294
    assert all(row["population"] and row["area_km2"] and not row["parent_key"] for row in rural.values())
    towns = {row["name"] for key, row in register().items() if len(key) == 8}
    assert not towns & {row["name"] for row in rural.values()}
    names = {key: row["name"] for key, row in rural.items()}
    assert names["03459"] == "Landkreis Osnabrück"
    assert names["05978"] == "Kreis Unna"
    assert names["03358"] == "Heidekreis"
    assert names["03241"] == "Region Hannover"
    assert names["05382"] == "Rhein-Sieg-Kreis"
    assert names["13072"] == "Landkreis Rostock"
    assert names["09373"] == "Landkreis Neumarkt in der Oberpfalz"


def test_every_municipality_belongs_to_its_landkreis_or_to_none() -> None:
    rural = {key for key in register() if len(key) == 5}
    towns = {key: row for key, row in register().items() if len(key) == 8}
    for key, row in towns.items():
        assert row["parent_key"] == (key[:5] if key[:5] in rural else ""), key
    cities = [key for key, row in towns.items() if not row["parent_key"]]
    assert len(cities) == 106
    assert all(key.endswith("000") for key in cities)
    assert all(towns[key]["area_km2"] for key in cities)
    assert {row["parent_key"] for row in towns.values()} - {""} == rural


@pytest.mark.parametrize(
    ("key", "name", "people", "lat", "lon"),
    [
        ("01059083", "Süderbrarup", 4_000, 54.635, 9.775),
        ("16053000", "Jena", 110_000, 50.927, 11.586),
        ("03354", "Landkreis Lüchow-Dannenberg", 48_500, 53.02, 11.12),
        ("12073532", "Schwedt/Oder", 31_000, 53.06, 14.28),
        ("11000000", "Berlin", 3_650_000, 52.52, 13.40),
        ("02000000", "Hamburg", 1_850_000, 53.55, 10.00),
        ("04011000", "Bremen", 570_000, 53.08, 8.81),
        ("03241001", "Hannover", 525_000, 52.37, 9.73),
        # Where the sources are wrong or silent and a correction steps in.
        ("03251047", "Weyhe", 31_000, 52.99, 8.87),
        ("12072017", "Blankenfelde-Mahlow", 29_000, 52.34, 13.40),
        ("15082015", "Bitterfeld-Wolfen", 36_600, 51.63, 12.31),
        ("07337038", "Herxheim bei Landau/Pfalz", 11_100, 49.15, 8.22),
        ("07332026", "Herxheim am Berg", 730, 49.51, 8.18),
        ("16063105", "Eisenach", 42_000, 50.98, 10.32),
        ("03403000", "Oldenburg", 172_000, 53.14, 8.21),
        ("09363000", "Weiden in der Oberpfalz", 42_500, 49.68, 12.16),
        ("03354018", "Lüchow (Wendland)", 9_500, 52.97, 11.15),
        ("01056044", "Schenefeld", 19_900, 53.60, 9.82),
        ("05558040", "Rosendahl", 11_250, 52.01, 7.21),
        ("06531001", "Allendorf (Lumda)", 3_800, 50.68, 8.82),
        ("09776117", "Lindenberg im Allgäu", 11_600, 47.60, 9.89),
        ("13071142", "Stavenhagen", 4_850, 53.70, 12.91),
        ("15002000", "Halle (Saale)", 235_000, 51.48, 11.97),
    ],
)
def test_well_known_places(key: str, name: str, people: int, lat: float, lon: float) -> None:
    row = register()[key]
    assert row["name"] == name
    assert int(row["population"]) == pytest.approx(people, rel=0.08)
    assert float(row["lat"]) == pytest.approx(lat, abs=0.05)
    assert float(row["lon"]) == pytest.approx(lon, abs=0.08)


def test_dissolved_municipalities_are_gone() -> None:
    assert not {"14522450", "06635005", "01059141", "16076004"} & register().keys()


def test_coverage_is_as_documented() -> None:
    towns = [row for key, row in register().items() if len(key) == 8]
    assert len(towns) == 9866
    known = [int(row["population"]) for row in towns if row["population"]]
    assert 78_000_000 < sum(known) < 80_000_000
    assert len(towns) - len(known) < 400
    assert sum(row["population"] == "" for row in towns if not row["parent_key"]) == 0
    rural = sum(int(row["population"]) for key, row in register().items() if len(key) == 5)
    cities = sum(int(row["population"]) for row in towns if not row["parent_key"])
    assert rural + cities == 83_019_213  # Germany on 31 December 2018


def test_sources_name_their_licence() -> None:
    sources = Counter(row["source"] for row in register().values())
    assert all(re.search(r"CC BY 4\.0|Destatis GV100AD 2025-11-30", source) for source in sources)
    # A position taken from GeoNames by hand is GeoNames' all the same.
    assert register()["03452014"]["source"] == "GeoNames (CC BY 4.0); Destatis GV100AD 2025-11-30"
    assert register()["01056044"]["source"] == "Destatis GV100AD 2025-11-30"


def test_map_layers_are_complete_small_and_attributed() -> None:
    districts, lands = layer("districts.geojson"), layer("lands.geojson")
    for content in (districts, lands):
        assert content["type"] == "FeatureCollection"
        assert content["attribution"] == "© GeoBasis-DE / BKG (Daten verändert)"
    names = {f["properties"]["key"]: f["properties"]["name"] for f in districts["features"]}
    assert len(districts["features"]) == len(names) == 400
    for key, name in names.items():
        assert name == register()[key if key in register() else f"{key}000"]["name"]
    assert [f["properties"]["land"] for f in lands["features"]] == list(LANDS.values())
    assert len({f["properties"]["name"] for f in lands["features"]}) == 16
    assert (DATA / "districts.geojson").stat().st_size < 1_200_000
    assert (DATA / "lands.geojson").stat().st_size < 250_000


def test_neighbours_on_the_map_share_their_borders() -> None:
    """A border drawn twice, once for each neighbour, leaves no slivers."""
    edges: Counter[frozenset[tuple[float, ...]]] = Counter()
    for feature in layer("districts.geojson")["features"]:
        for ring in rings(feature["geometry"]):
            assert ring[0] == ring[-1]
            edges.update(frozenset((tuple(a), tuple(b))) for a, b in pairwise(ring))
    assert set(edges.values()) == {1, 2}
    assert sum(count == 2 for count in edges.values()) > sum(count == 1 for count in edges.values())


def test_places_lie_in_their_district() -> None:
    outlines = {f["properties"]["key"]: f["geometry"] for f in layer("districts.geojson")["features"]}
    for number, (key, row) in enumerate(register().items()):
        if number % 7 == 0 or len(key) == 5 or "Destatis" in row["source"] or key in OFF_THE_MAP:
            away = distance_km(float(row["lat"]), float(row["lon"]), outlines[key[:5]])
            assert away <= OFF_THE_MAP.get(key, 8), (key, row["name"], away)
