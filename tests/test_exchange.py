"""Data packages: valid, the same after a round trip, and refused with every error where they are wrong."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import zipfile
from functools import cache
from pathlib import Path

import networkx as nx
import numpy as np
import openpyxl
import pandas as pd
import pytest
from frictionless import Package
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from matchmaker import dataset, exchange, network, service, sheets
from matchmaker.errors import BadInput, ImportRejected
from matchmaker.i18n import language
from matchmaker.workspace import DEMONSTRATION

KEYS = ("01001000", "01002000", "01059", "09162000")
KNOWN = {"register": frozenset(KEYS), "use_cases": frozenset({"UC01", "UC02", "UC30"})}
NEEDS = "key,use_case,urgency,provenance,source_url"
FORMS = ("csv", "folder", "xlsx")


def assert_same(one: sheets.Tables, other: sheets.Tables) -> None:
    assert list(one) == list(other)
    for name, frame in one.items():
        assert_frame_equal(frame, other[name], check_dtype=False, check_column_type=False)


def placed(content: str, form: str, folder: Path, table: str = "needs") -> Path:
    """Write a table given as CSV text as a CSV file, a folder or a workbook."""
    if form == "xlsx":
        book = openpyxl.Workbook()
        sheet = book.active
        sheet.title = table
        for line in content.splitlines():
            sheet.append([cell or None for cell in line.split(",")])
        book.save(folder / "package.xlsx")
        return folder / "package.xlsx"
    (folder / f"{table}.csv").write_bytes(content.encode())
    return folder if form == "folder" else folder / f"{table}.csv"


def refused(path: Path, **options: object) -> ImportRejected:
    with pytest.raises(ImportRejected) as caught:
        exchange.read(path, known=KNOWN, **options)
    return caught.value


def issues(path: Path, **options: object) -> list[tuple[int | None, str, str]]:
    return [(issue.row, issue.column, issue.value) for issue in refused(path, **options).issues]


# Valid packages --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("folder", [sheets.SHIPPED, DEMONSTRATION], ids=["data", "demonstration"])
def test_shipped_packages_are_valid(folder: Path):
    report = Package(str(folder / "datapackage.json")).validate()
    assert report.valid, report.flatten(["title", "rowNumber", "fieldName", "message"])[:5]


def test_an_exported_package_is_valid_and_reads_back_the_same(shipped: dataset.Dataset, tmp_path: Path):
    exchange.write(shipped.tables, tmp_path / "export")
    assert Package(str(tmp_path / "export" / "datapackage.json")).validate().valid
    assert_same(exchange.read(tmp_path / "export"), shipped.tables)


def test_a_packed_package_is_valid_and_reads_back_the_same(shipped: dataset.Dataset, tmp_path: Path):
    exchange.write(shipped.tables, tmp_path / "export.zip")
    assert Package(str(tmp_path / "export.zip")).validate().valid
    assert_same(exchange.read(tmp_path / "export.zip"), shipped.tables)
    assert exchange.packed(shipped.tables, ".zip") == (tmp_path / "export.zip").read_bytes()


def test_other_registers_read_the_whole_package_as_one_json_document(shipped: dataset.Dataset, tmp_path: Path):
    exchange.write(shipped.tables, tmp_path / "export.json")
    assert Package(str(tmp_path / "export.json")).validate().valid
    document = json.loads((tmp_path / "export.json").read_text(encoding="utf-8"))
    resources = {resource["name"]: resource["data"] for resource in document["resources"]}
    assert {name: len(rows) for name, rows in resources.items()} == {n: len(f) for n, f in shipped.tables.items()}
    place = next(row for row in resources["register"] if row["key"] == "01059083")
    assert (place["name"], place["population"], place["area_km2"]) == ("Süderbrarup", 3887, None)


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"../../needs.csv": b"x"}, "column is missing"),
        ({"a/needs.csv": b"x", "b/needs.csv": b"x"}, "twice"),
        ({"needs.csv": b"0" * (sheets.MAX_IMPORTED_BYTES + 1)}, "larger than"),
        ({f"{name}.csv": b"0" * (sheets.MAX_IMPORTED_BYTES // 2 + 1) for name in ("needs", "offers")}, "larger than"),
        ({"other.csv": b"x"}, "no table of a data package"),
    ],
    ids=["outside", "twice", "bomb", "two bombs", "foreign"],
)  # fmt: skip
def test_archives_that_are_no_package_are_refused(members: dict[str, bytes], said: str, tmp_path: Path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "package.zip").write_bytes(packed(members))
    found = refused(tmp_path / "in" / "package.zip", bounded=True)
    assert any(said in language("en").render(issue.rule) for issue in found.issues)
    assert [path.name for path in tmp_path.rglob("*.csv")] == []


def test_a_workbook_holds_the_same_as_a_folder(shipped: dataset.Dataset, tmp_path: Path):
    tables = service.simulated_package(shipped, n=30, seed=5, unknown=0.3)
    exchange.write(tables, tmp_path / "package")
    exchange.write(tables, tmp_path / "package.xlsx")
    known = {"use_cases": frozenset(shipped.catalogue.ids)}
    assert Package(str(tmp_path / "package" / "datapackage.json")).validate().valid
    assert_same(exchange.read(tmp_path / "package", known=known), tables)
    assert_same(exchange.read(tmp_path / "package.xlsx", known=known), tables)


# Characters that a form of writing could take for something else stand beside all others.
TEXTS = (
    st.one_of(
        st.text("ÄÖÜäöüß\"'=+-@,;\n\t 0aE.", max_size=12),
        st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn"]), max_size=12),
        st.sampled_from(["=1+1", "+49 30", "-5", "-inf", "@x", "'=1", "''-1", "'", "007", "1e5", "TRUE", "NA", "null"]),
    )
    .map(str.strip)
    .filter(lambda text: "_x" not in text)
)
NUMBERS = st.floats(0, 1e9, allow_nan=False) | st.just(np.nan) | st.integers(0, 10**9).map(float)
TABLES = st.builds(
    lambda offers, profiles: {
        "profiles": pd.DataFrame(
            [
                {
                    "key": key,
                    **dict.fromkeys(sheets.schema()["profiles"].columns[1:18], np.nan),
                    "D1": level,
                    "fte": min(fte, 1e5),
                    "budget_eur": budget,
                    "contact": "",
                    "provenance": "survey",
                    "as_of": "2026-01-31",
                }
                for key, (level, fte, budget) in zip(KEYS, profiles, strict=False)
            ],
            columns=sheets.schema()["profiles"].columns,
        ),
        "offers": pd.DataFrame(
            [
                {
                    "key": key,
                    "use_case": "UC01",
                    "stage": "pilot",
                    "title": title,
                    "title_en": english,
                    "year": np.nan,
                    "provenance": "published",
                    "source_url": "https://example.org",
                    "software": title,
                    "software_url": "",
                    "licence": "EUPL-1.2",
                }
                for key, title, english in offers
            ],
            columns=sheets.schema()["offers"].columns,
        ),
    },
    st.lists(st.tuples(st.sampled_from(KEYS), TEXTS, TEXTS), min_size=1, max_size=4),
    st.lists(st.tuples(st.sampled_from([0.0, 2.5, 5.0, np.nan]), NUMBERS, NUMBERS), min_size=1, max_size=3),
)


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("exchange")


@settings(max_examples=15)
@given(tables=TABLES)
def test_what_is_written_is_read_back(tables: sheets.Tables, scratch: Path):
    for target in (scratch / "package", scratch / "package.xlsx"):
        exchange.write(tables, target)
        assert_same(exchange.read(target, known=KNOWN), tables)


@given(text=TEXTS)
def test_no_text_becomes_a_formula(text: str):
    written = sheets.guarded(text)
    assert not written.startswith(("=", "@", "\t", "\r"))
    assert not written.startswith(("+", "-")) or np.isfinite(float(written))


def test_a_formula_stays_a_text_in_a_workbook(tmp_path: Path):
    row = dict.fromkeys(sheets.schema()["offers"].columns, "") | {"key": KEYS[0], "provenance": "published"}
    exchange.write({"offers": pd.DataFrame([row | {"title": "=1+1", "year": np.nan}])}, tmp_path / "p.xlsx")
    cell = openpyxl.load_workbook(tmp_path / "p.xlsx")["offers"]["D2"]
    assert (cell.value, cell.data_type) == ("=1+1", "s")


def test_line_breaks_and_white_space_of_a_text_are_made_the_same(tmp_path: Path):
    row = dict.fromkeys(sheets.schema()["offers"].columns, "") | {"key": KEYS[0], "provenance": "published"}
    tables = {"offers": pd.DataFrame([row | {"title": " a\r\nb\rc ", "year": np.nan}])}
    for target in (tmp_path / "package", tmp_path / "package.xlsx"):
        exchange.write(tables, target)
        assert list(exchange.read(target, known=KNOWN)["offers"]["title"]) == ["a\nb\nc"]


def test_the_template_has_every_column_with_an_explanation(tmp_path: Path):
    exchange.write_template(tmp_path / "template.xlsx")
    book = openpyxl.load_workbook(tmp_path / "template.xlsx")
    tables = {name: table for name, table in sheets.schema().items() if not table.catalogue}
    assert book.sheetnames == list(tables)
    for name, table in tables.items():
        header = next(book[name].iter_rows())
        assert tuple(cell.value for cell in header) == table.columns
        for cell, field in zip(header, table.fields, strict=True):
            assert field["description"] in cell.comment.text


def test_a_template_filled_in_by_hand_is_read(tmp_path: Path):
    exchange.write_template(tmp_path / "template.xlsx")
    book = openpyxl.load_workbook(tmp_path / "template.xlsx")
    book["needs"].append(["01001000", "UC01", 3, "self-assessed", None])
    book.save(tmp_path / "filled.xlsx")
    assert exchange.read(tmp_path / "filled.xlsx", known=KNOWN)["needs"].to_dict("records") == [
        {"key": "01001000", "use_case": "UC01", "urgency": 3.0, "provenance": "self-assessed", "source_url": ""}
    ]


@pytest.mark.parametrize(
    ("suffix", "load"),
    [
        (".graphml", lambda path: nx.read_graphml(path, force_multigraph=True)),
        (".gexf", nx.read_gexf),
        (".json", lambda path: nx.node_link_graph(json.loads(path.read_text(encoding="utf-8")), edges="edges")),
    ],
)
def test_a_network_opens_again_with_its_attributes(shipped: dataset.Dataset, tmp_path: Path, suffix: str, load):
    rows = shipped.profiles.participates.nonzero()[0][:20]
    titles = [("„Süd“ <West> & 'Ost'", rows[:3]), ("Zweiter; Verbund", rows[1:4])]
    graph = network.build_graph(shipped.profiles, titles)
    exchange.write_text(service.graph_text(graph, suffix), tmp_path / f"network{suffix}")
    opened = load(tmp_path / f"network{suffix}")
    for key, attributes in graph.nodes(data=True):
        assert attributes.items() <= opened.nodes[key].items()

    def named(a: str, b: str, data: dict) -> tuple:
        return frozenset((a, b)), data["layer"], data.get("giver")

    edges = {named(*edge): edge[2] for edge in opened.edges(data=True)}
    assert len(edges) == graph.number_of_edges()
    for edge in graph.edges(data=True):
        assert edge[2].items() <= edges[named(*edge)].items()


def test_nothing_is_left_behind_where_writing_fails(tmp_path: Path):
    (tmp_path / "taken").mkdir()
    with pytest.raises(BadInput):
        exchange.write_text("text", tmp_path / "taken")
    with pytest.raises(BadInput):
        exchange.write_template(tmp_path / "missing" / "template.xlsx")
    assert [path.name for path in tmp_path.rglob("*")] == ["taken"]


def test_a_table_too_long_for_a_sheet_is_refused(tmp_path: Path):
    needs = pd.DataFrame(index=pd.RangeIndex(1_048_576), columns=sheets.schema()["needs"].columns)
    with pytest.raises(BadInput, match="too many for a sheet"):
        exchange.write({"needs": needs}, tmp_path / "long.xlsx")
    assert list(tmp_path.iterdir()) == []


# Errors ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS)
def test_every_wrong_cell_is_named_with_its_row_and_column(form: str, tmp_path: Path):
    content = f"""{NEEDS}
1001000,UC01,3,survey,
01001000,UC01,4,survey,
01001000,UC02,1.5,survey,
01001000,UC30,,survey,
01001000,UC99,1,survey,
12345678,UC01,1,survey,
01002000,UC01,viel,survey,
01002000,uc02,1,guess,
01002000,UC30,1e999,survey,
01059,UC01,nan,survey,
01059,UC02,50.000,survey,
09162000,UC01,2,survey,
09162000,UC01,3,survey,
"""
    assert sorted(set(issues(placed(content, form, tmp_path)))) == [
        (2, "key", "1001000"),
        (3, "urgency", "4"),
        (4, "urgency", "1.5"),
        (5, "urgency", ""),
        (6, "use_case", "UC99"),
        (7, "key", "12345678"),
        (8, "urgency", "viel"),
        (9, "provenance", "guess"),
        (9, "use_case", "uc02"),
        (10, "urgency", "1e999"),
        (11, "urgency", "nan"),
        (12, "urgency", "50.000"),
        (14, "key, use_case", "09162000, UC01"),
    ]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "value", ["nan", "inf", "-inf", "1e999", "-1", "5.5", "2.25", "drei", "٣", "1_0", "0x1", "TRUE"]
)
def test_only_half_steps_from_0_to_5_are_levels(form: str, value: str, tmp_path: Path):
    columns = sheets.schema()["profiles"].columns
    cells = dict.fromkeys(columns, "") | {"key": KEYS[0], "provenance": "survey", "D3": value, "fte": "0.5"}
    path = placed(f"{','.join(columns)}\n{','.join(cells.values())}\n", form, tmp_path, "profiles")
    assert set(issues(path)) == {(2, "D3", value)}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("key,use_case,urgency\n01001000,UC01,9\n", [(1, "provenance", ""), (2, "urgency", "9")]),
        (f"{NEEDS},urgency\n01001000,UC01,9,survey,,2\n", [(1, "urgency", ""), (2, "urgency", "9")]),
        (f"{NEEDS},colour\n01001000,UC01,1,survey,,red\n", [(1, "colour", "")]),
        (f"{NEEDS},,x\n01001000,UC01,1,survey,,,\n", [(1, "", ""), (1, "x", "")]),
        (f"{NEEDS}\n01001000,UC01,1,survey,,surplus\n", [(2, "", "01001000, UC01, 1, survey, , surplus")]),
        (f"{NEEDS}\n", [(None, "", "")]),
    ],
    ids=["missing", "twice", "unknown", "unnamed", "too many cells", "header only"],
)
def test_wrong_columns_are_named_and_the_others_checked(form: str, content: str, expected: list, tmp_path: Path):
    assert issues(placed(content, form, tmp_path)) == expected


@pytest.mark.parametrize("form", ["csv", "folder"])
def test_too_few_cells_in_a_row_are_an_error(form: str, tmp_path: Path):
    path = placed(f"{NEEDS}\n01001000,UC01\n01002000,UC01,1,survey,\n", form, tmp_path)
    assert issues(path) == [(2, "", "01001000, UC01")]


def test_rows_are_counted_as_a_spreadsheet_does(tmp_path: Path):
    header = "key,use_case,stage,title,title_en,year,provenance,source_url"
    path = tmp_path / "offers.csv"
    path.write_bytes(
        f'{header}\r\n01001000,UC01,pilot,"two\r\nlines\r\n",,,published,\r\n\r\n01001000,UC01\r\n'
        "01001000,UC01,never,x,,,published,\r\n,,,,,,,\r\n01001000,UC77,pilot,x,,,published,\r\n".encode()
    )
    assert sorted(issues(path)) == [(4, "", "01001000, UC01"), (5, "stage", "never"), (7, "use_case", "UC77")]


def test_rows_of_a_sheet_are_counted_with_its_empty_rows(tmp_path: Path):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "needs"
    for row, cells in {1: NEEDS.split(","), 4: ["01001000", "UC01", 9, "survey"]}.items():
        for place, value in enumerate(cells, start=1):
            sheet.cell(row, place, value)
    book.save(tmp_path / "p.xlsx")
    assert issues(tmp_path / "p.xlsx") == [(4, "urgency", "9")]


def test_bytes_of_another_encoding_are_shown_in_their_cell(tmp_path: Path):
    path = tmp_path / "register.csv"
    path.write_bytes(
        "key,name,land,lat,lon,population,area_km2,parent_key,source\n"
        '01001000,"a\nb",SH,,,,,,x\n01002000,Lübeck,SH,,,-1,,,x\n'.encode("latin-1")
    )
    assert sorted(issues(path)) == [(3, "name", "L\ufffdbeck"), (3, "population", "-1")]


@pytest.mark.parametrize(
    ("content", "row"),
    [
        (b"", None),
        (b"\n \n", None),
        ("key,use_case\n".encode("utf-16"), None),
        ("key,use_case\n".encode("utf-16-le"), None),
        (b"\x7fELF\0\0\1\2" * 100, None),
        (f'{NEEDS}\n01001000,UC01,1,survey,\n01002000,"UC01,1,survey,\n'.encode(), 3),
        (f'{NEEDS}\n01001000,"UC01"x,1,survey,\n'.encode(), 2),
    ],
    ids=["empty", "blank", "UTF-16", "UTF-16 without mark", "binary", "open quote", "text after quote"],
)
@pytest.mark.parametrize("form", ["csv", "folder"])
def test_files_that_are_no_csv_are_refused(content: bytes, row: int | None, form: str, tmp_path: Path):
    (tmp_path / "needs.csv").write_bytes(content)
    assert issues(tmp_path if form == "folder" else tmp_path / "needs.csv") == [(row, "", "")]


@pytest.mark.parametrize("length", [40_000, 10_000_000])
def test_a_huge_cell_is_refused_and_shown_in_part(length: int, tmp_path: Path):
    (tmp_path / "needs.csv").write_text(f"{NEEDS}\n01001000,UC01,1,survey,{'x' * length}\n")
    [issue] = refused(tmp_path / "needs.csv").issues
    assert issue.row == 2
    assert len(issue.value) <= 80


@pytest.mark.parametrize(("columns", "errors"), [(900, 900), (10_000, 1)])
def test_many_columns_are_counted_and_some_listed(columns: int, errors: int, tmp_path: Path):
    names = ",".join(f"c{number}" for number in range(columns))
    (tmp_path / "needs.csv").write_text(f"{NEEDS},{names}\n01001000,UC01,1,survey,{',x' * columns}\n")
    error = refused(tmp_path / "needs.csv")
    assert (error.total, len(error.issues)) == (errors, min(errors, sheets.MOST_ISSUES))


def test_an_unknown_table_is_refused(tmp_path: Path):
    (tmp_path / "budget.csv").write_text("year,euros\n2026,1\n")
    assert issues(tmp_path / "budget.csv") == [(1, "", "year, euros")]
    for path in (tmp_path, tmp_path / "missing", tmp_path / "missing.xlsx", Path("/dev/null")):
        with pytest.raises(BadInput):
            exchange.read(path)


@pytest.mark.parametrize("form", ["folder", "xlsx"])
def test_a_mistyped_table_beside_a_right_one_is_not_passed_over(form: str, tmp_path: Path):
    path = placed(f"{NEEDS}\n01001000,UC01,1,survey,\n", form, tmp_path)
    if form == "xlsx":
        book = openpyxl.load_workbook(path)
        book.create_sheet("Tabelle1")  # left empty, as spreadsheets make them
        book.create_sheet("Profile").append(["key"])
        book.save(path)
    else:
        (path / "Profile.csv").write_text("key\n01001000\n")
        (path / "lands.geojson").write_text("{}")
    [issue] = refused(path).issues
    assert issue.file == ("package.xlsx: Profile" if form == "xlsx" else "Profile.csv")
    rule = language("en").render(issue.rule)
    assert "Is profiles meant?" in rule
    assert "offers" in rule


@pytest.mark.parametrize(
    "content", [f'{NEEDS}\n01001000,"UC01', f"{NEEDS}\n01001000,UC01,1,survey,{'x' * 1_000_000}\n"]
)
def test_an_open_quote_and_a_huge_cell_are_told_apart(content: str, tmp_path: Path):
    (tmp_path / "needs.csv").write_text(content)
    before = csv.field_size_limit(131_072)  # Python's own, which other packages of the tests raise
    [issue] = refused(tmp_path / "needs.csv").issues
    csv.field_size_limit(before)
    assert ("a cell has more than" in issue.rule.template) == ("xxx" in content)


def test_errors_stand_in_the_order_of_rows(tmp_path: Path):
    rows = "".join(f"01001000,UC{row},{row % 2 * 9},survey,\n" for row in range(10, 99)) + "01001000,UC01\n"
    (tmp_path / "needs.csv").write_text(f"{NEEDS}\n09999999,UC01,1,survey,\n{rows}01001000,UC02,9,survey,\n")
    found = [row for row, _, _ in issues(tmp_path / "needs.csv")]
    assert found == sorted(found)
    assert {2, 92, 93} <= set(found)


def test_of_many_errors_those_of_the_first_rows_are_listed(tmp_path: Path):
    (tmp_path / "needs.csv").write_text(f"{NEEDS}\n09999999,UC77,1,survey,\n" + "01001000,UC01,9,survey,\n" * 999)
    assert [column for row, column, _ in issues(tmp_path / "needs.csv") if row == 2] == ["key", "use_case"]


def test_a_simulated_package_may_say_about_its_own_what_it_likes(shipped: dataset.Dataset, tmp_path: Path):
    exchange.write(service.simulated_package(shipped, n=20, seed=1), tmp_path / "package")
    known = {"use_cases": frozenset(shipped.catalogue.ids)}
    assert exchange.read(tmp_path / "package", known=known, real=frozenset({"01059083"}))


def test_a_file_with_another_name_is_recognised_by_its_header(tmp_path: Path):
    (tmp_path / "Bedarfe 2026.csv").write_text(f"{NEEDS}\n01001000,UC01,1,survey,\n")
    assert list(exchange.read(tmp_path / "Bedarfe 2026.csv", known=KNOWN)) == ["needs"]


def test_german_spreadsheets_are_read(tmp_path: Path):
    path = tmp_path / "profiles.csv"
    columns = [name for name in sheets.schema()["profiles"].columns if not name.endswith("_se")]
    cells = dict.fromkeys(columns, "") | {"key": KEYS[0], "D1": "2,5", "fte": "0,75", "budget_eur": "50000,00"}
    cells |= {"respondents": "12", "provenance": "survey"}
    path.write_bytes(b"\xef\xbb\xbf" + f"{';'.join(columns)};;\r\n{';'.join(cells.values())};;\r\n".encode())
    row = exchange.read(path, known=KNOWN)["profiles"].iloc[0]
    assert (row["key"], row["D1"], row["fte"], row["budget_eur"], row["respondents"]) == (KEYS[0], 2.5, 0.75, 5e4, 12)
    cells["budget_eur"] = "50.000"  # fifty thousand, not fifty
    path.write_text(f"{';'.join(columns)}\n{';'.join(cells.values())}\n")
    assert issues(path) == [(2, "budget_eur", "50.000")]


def test_far_more_rows_than_germany_can_fill_are_refused(tmp_path: Path):
    most = sheets.schema()["profiles"].max_rows
    columns = sheets.schema()["profiles"].columns
    with (tmp_path / "profiles.csv").open("w") as stream:
        stream.write(",".join(columns) + "\n")
        stream.writelines(f"{number:08d}{',' * 21}survey,\n" for number in range(540_000))
    assert issues(tmp_path / "profiles.csv", bounded=True) == [(None, "", "")]
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("profiles")
    sheet.append(columns)
    for number in range(most + 1):
        sheet.append([f"{number:08d}"])
    book.save(tmp_path / "profiles.xlsx")
    assert issues(tmp_path / "profiles.xlsx", bounded=True) == [(None, "", "")]


def test_a_million_errors_are_counted_and_the_first_listed(tmp_path: Path):
    columns = sheets.schema()["profiles"].columns
    wrong = ",7.3" * 8 + ",x" * 13
    (tmp_path / "profiles.csv").write_text(
        ",".join(columns) + "\n" + "".join(f"{KEYS[0]}{wrong},\n" for _ in range(20_000))
    )
    error = refused(tmp_path / "profiles.csv")
    assert error.total > 20_000 * 20
    assert [issue.row for issue in error.issues] == sorted(issue.row for issue in error.issues)
    assert error.issues[0].row == 2


# Workbooks that are none -----------------------------------------------------------------------------------


@cache
def workbook() -> bytes:
    """Return a sound workbook, the same at each call although it carries the time."""
    book = openpyxl.Workbook()
    book.active.title = "needs"
    for row in (NEEDS.split(","), ["01001000", "UC01", 1, "survey", ""]):
        book.active.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def packed(members: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in members.items():
            made.writestr(name, content)
    return stream.getvalue()


def changed(name: str, content: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(workbook())) as made:
        return packed({member: made.read(member) for member in made.namelist()} | {name: content})


LAUGHS = (
    b"<!DOCTYPE x [<!ENTITY a0 'ha'>%s]>"
    b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1">'
    b'<c r="A1" t="inlineStr"><is><t>&a25;</t></is></c></row></sheetData></worksheet>'
) % b"".join(b"<!ENTITY a%d '&a%d;&a%d;'>" % (n, n - 1, n - 1) for n in range(1, 26))


@pytest.mark.parametrize(
    "content",
    [
        b"no archive",
        workbook()[:-200],
        packed({"word/document.xml": b"<document/>"}),
        packed({"xl/worksheets/sheet1.xml": b"0" * (sheets.MAX_BYTES + 1)}),
        changed("xl/worksheets/sheet1.xml", b"<worksheet><sheetData><row"),
        changed("xl/workbook.xml", b"<workbook/>"),
        changed("xl/worksheets/sheet1.xml", LAUGHS),
    ],
    ids=["text", "cut off", "foreign", "bomb", "broken sheet", "no sheets", "laughs"],
)
def test_files_that_are_no_workbook_are_refused(content: bytes, tmp_path: Path):
    (tmp_path / "package.xlsx").write_bytes(content)
    with pytest.raises(BadInput):
        exchange.read(tmp_path / "package.xlsx", known=KNOWN)


def test_a_row_far_down_does_not_take_long(tmp_path: Path):
    namespace = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    cell = b'<c r="A2000000000" t="inlineStr"><is><t>x</t></is></c>'
    sheet = b'<worksheet xmlns="%s"><sheetData><row r="2000000000">%s</row></sheetData></worksheet>' % (namespace, cell)
    (tmp_path / "package.xlsx").write_bytes(changed("xl/worksheets/sheet1.xml", sheet))
    with pytest.raises(BadInput):
        exchange.read(tmp_path / "package.xlsx", known=KNOWN)


@settings(max_examples=60)
@given(at=st.integers(0, len(workbook()) - 1), byte=st.integers(0, 255))
def test_a_damaged_workbook_is_read_or_refused(at: int, byte: int, scratch: Path):
    content = bytearray(workbook())
    content[at] = byte
    (scratch / "damaged.xlsx").write_bytes(content)
    with contextlib.suppress(BadInput):
        assert list(exchange.read(scratch / "damaged.xlsx", known=KNOWN)) == ["needs"]


@settings(max_examples=100)
@given(content=st.binary(max_size=60) | st.text("\"',;\n\t01key=", max_size=60).map(str.encode))
def test_any_bytes_are_refused_with_a_reason(content: bytes, scratch: Path):
    (scratch / "needs.csv").write_bytes(content)
    assert refused(scratch / "needs.csv").issues


# The official register ---------------------------------------------------------------------------------------


def official(*records: tuple[str, str, str, str, int, int]) -> bytes:
    """Return records of GV100AD: kind of record, key, name, kind of unit, hectares, inhabitants."""
    return "".join(
        f"{kind}20251130{key:<8}{'':4}{name:<50}{'':50}{unit}{'':4}{area:>11}{people:>11}\r\n"
        for kind, key, name, unit, area, people in records
    ).encode()


def test_the_official_register_is_read(tmp_path: Path):
    (tmp_path / "GV100AD.txt").write_bytes(
        official(
            ("40", "01059", "Schleswig-Flensburg", "44", 0, 0),
            ("60", "01059001", "Alt Bennebek, Gemeinde", "64", 1000, 300),
            ("60", "01059083", "Süderbrarup", "64", 500, 4000),
            ("60", "01059999", "Forst", "65", 99, 0),
        )
    )
    frame = exchange.read_official_register(tmp_path / "GV100AD.txt").set_index("key")
    assert list(frame.index) == ["01059", "01059001", "01059083"]
    assert list(frame["name"]) == ["Landkreis Schleswig-Flensburg", "Alt Bennebek", "Süderbrarup"]
    assert list(frame["population"]) == [4300, 300, 4000]
    assert list(frame["area_km2"]) == [15, 10, 5]
    assert list(frame["parent_key"]) == ["", "01059", "01059"]
    assert set(frame["source"]) == {"Destatis GV100AD 2025-11-30"}


@pytest.mark.parametrize(
    ("content", "row"),
    [
        (official(("60", "99000000", "Nowhere", "64", 1, 1)), 1),
        (b"\n" + official(("60", "0105908x", "Broken", "64", 1, 1)), 2),
        (official(("60", "01059083", "Süderbrarup", "64", 1, 1)).decode().encode("latin-1"), 1),
        (b"key,name\n", None),
    ],
    ids=["no Land", "no key", "Latin-1", "other file"],
)
def test_a_file_that_is_no_official_register_is_refused(content: bytes, row: int | None, tmp_path: Path):
    (tmp_path / "register.txt").write_bytes(content)
    with pytest.raises(ImportRejected) as caught:
        exchange.read_official_register(tmp_path / "register.txt")
    assert caught.value.issues[0].row == row


CELLS = st.sampled_from((
    "", "01001000", "09162000", "UC01", "UC02", "0", "1", "3", "-1", "2.5", "1e400", "nan", "survey", "true", "wahr",
    "https://a.example", "ftp://a", "2025-01-01", "2025-13-01", "SH", "xx", "plan", "pilot", " ", "büro@stadt.example",
))  # fmt: skip


@settings(max_examples=300)
@given(data=st.data(), name=st.sampled_from(tuple(sheets.schema())))
def test_the_quick_look_at_a_table_finds_it_right_exactly_where_the_thorough_one_does(data: st.DataObject, name: str):
    table = sheets.schema()[name]
    shipped = pd.read_csv(sheets.SHIPPED / f"{name}.csv", dtype=str, keep_default_na=False, nrows=4)
    frame = shipped.reindex(columns=list(table.columns), fill_value="")
    for row, column, cell in data.draw(
        st.lists(st.tuples(st.integers(0, 3), st.sampled_from(table.columns), CELLS), max_size=2)
    ):
        if row < len(frame):
            frame.loc[row, column] = cell
    found = sheets.Findings()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sheets, "_sound", lambda *_: False)
        sheets.check_values(table, frame, name, found)
    assert sheets._sound(table, frame) == (found.total == 0)
