"""Tables of indicators: read as they are meant, refused with every error where they are wrong."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import openpyxl
import pytest

from matchmaker.errors import BadInput, ImportRejected
from matchmaker.indicators import BUDGET, DENSITY, FTE, NEEDS, POPULATION, from_profiles, read_excluded, read_indicators
from matchmaker.model import DIMENSIONS
from tests.strategies import make_profiles

TABLE = "key,Wage,Share\n01001000,12.5,3\n01002000,,4\n"


def saved(content: str | bytes, folder: Path, name: str = "figures.csv") -> Path:
    file = folder / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return file


def workbook(rows: list[list[object]], folder: Path) -> Path:
    book = openpyxl.Workbook()
    book.active.title = "any name"
    for row in rows:
        book.active.append(row)
    book.create_sheet("second").append(["not", "read"])
    book.save(folder / "figures.xlsx")
    return folder / "figures.xlsx"


def issues(path: Path) -> list[tuple[int | None, str, str]]:
    with pytest.raises(ImportRejected) as caught:
        read_indicators(path)
    assert caught.value.total == len(caught.value.issues)
    return [(issue.row, issue.column, issue.value) for issue in caught.value.issues]


def pair_issues(path: Path, keys: tuple[str, ...] = ("a", "b")) -> list[tuple[int | None, str, str]]:
    with pytest.raises(ImportRejected) as caught:
        read_excluded(path, keys)
    return [(issue.row, issue.column, issue.value) for issue in caught.value.issues]


@pytest.mark.parametrize(
    "content",
    [
        TABLE,
        "\ufeff" + TABLE.replace("\n", "\r\n"),
        TABLE.replace(",", "\t"),
        TABLE.replace(",", ";"),
        TABLE.replace(",", ";").replace("12.5", "12,5"),
        TABLE.replace("\n", "\n\n"),
    ],
)
def test_every_way_of_writing_a_table_is_read_alike(content: str, tmp_path: Path):
    table = read_indicators(saved(content, tmp_path))
    assert table.keys == ("01001000", "01002000")
    assert table.names == ("Wage", "Share")
    np.testing.assert_array_equal(table.values, [[12.5, 3], [np.nan, 4]])
    assert table.values.dtype == np.float64


def test_the_first_sheet_of_a_workbook_is_read_whatever_its_name(tmp_path: Path):
    table = read_indicators(workbook([["key", "Wage"], ["01001000", 12.5], [1002000, None]], tmp_path))
    assert table.keys == ("01001000", "1002000")
    np.testing.assert_array_equal(table.values, [[12.5], [np.nan]])


def test_every_error_is_listed_with_its_place(tmp_path: Path):
    content = "key,Wage,Share\n1,x,3\n1,4,1e999\n,5,6\n2,7\n"
    assert issues(saved(content, tmp_path)) == [
        (2, "Wage", "x"), (3, "key", "1"), (3, "Share", "1e999"), (4, "key", ""), (5, "", "2, 7")
    ]  # fmt: skip


def test_the_same_errors_are_found_in_a_workbook(tmp_path: Path):
    rows: list[list[object]] = [["key", "Wage"], ["1", "#N/A"], ["1", True], [None, 2]]
    assert issues(workbook(rows, tmp_path)) == [
        (2, "Wage", "#N/A"),
        (3, "key", "1"),
        (3, "Wage", "true"),
        (4, "key", ""),
    ]


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (b"", (None, "", "")),
        (b" \n", (None, "", "")),
        (b"key,Wage\n", (None, "", "")),
        (b"key\n1\n", (1, "", "")),
        (b"key,Wage,Wage\n1,2,3\n", (1, "Wage", "")),
        (b"key,key\n1,2\n", (1, "key", "")),
        (b"key,,Wage\n1,2,3\n", (1, "", "")),
        (b",Wage\n1,2\n", (1, "", "")),
        ("key,Löhne\n1,2\n".encode("latin-1"), (1, "L\ufffdhne", "L\ufffdhne")),
        ("key,Wage\n1,2\n".encode("utf-16"), (None, "", "")),
        (b"key;Wage\n1;1.234,5\n", (2, "Wage", "1.234,5")),
        (b'key,Wage\n1,"2\n', (2, "", "")),
    ],
)
def test_what_cannot_be_a_table_is_refused(content: bytes, place: tuple[int | None, str, str], tmp_path: Path):
    assert place in issues(saved(content, tmp_path))


@pytest.mark.parametrize("content", [b"", b"no workbook", b"PK\x03\x04 cut off"])
def test_a_damaged_workbook_is_refused(content: bytes, tmp_path: Path):
    assert issues(saved(content, tmp_path, "figures.xlsx")) == [(None, "", "")]


def test_an_empty_workbook_is_refused(tmp_path: Path):
    assert (1, "", "") in issues(workbook([], tmp_path))


def test_a_file_that_is_not_there_is_refused(tmp_path: Path):
    assert issues(tmp_path / "none.csv") == [(None, "", "")]
    assert issues(tmp_path) == [(None, "", "")]


def test_a_row_is_found_by_its_key(tmp_path: Path):
    table = read_indicators(saved(TABLE, tmp_path))
    assert table.row("01002000") == 1
    with pytest.raises(BadInput, match="no row with the key"):
        table.row("1002000")


def test_pairs_become_rows_of_the_table(tmp_path: Path):
    pairs = read_excluded(saved("one,other\nb,a\na,a\n", tmp_path), ("a", "b"))
    assert pairs.tolist() == [[1, 0], [0, 0]]
    assert read_excluded(workbook([["one", "other"], ["a", "b"]], tmp_path), ("a", "b")).tolist() == [[0, 1]]
    assert read_excluded(saved("one,other\n", tmp_path), ("a", "b")).shape == (0, 2)


@pytest.mark.parametrize(
    ("content", "places"),
    [
        ("one,other\na,c\n,b\n", [(2, "other", "c"), (3, "one", "")]),
        ("a,b\na,b\n", [(1, "", "a"), (1, "", "b")]),
        ("one\na\n", [(1, "", "")]),
        ("one,other,third\na,b,a\n", [(1, "", "")]),
        ("one,one\na,b\n", [(1, "", ""), (1, "one", "")]),
        ("", [(None, "", "")]),
    ],
)
def test_wrong_pairs_are_refused_with_every_error(content: str, places: list[object], tmp_path: Path):
    assert pair_issues(saved(content, tmp_path)) == places


def test_own_figures_are_those_of_the_assessed():
    base = make_profiles(3, 20, unknown=0)
    maturity = base.maturity.copy()
    maturity[0], maturity[1, 0] = np.nan, np.nan
    population, area = base.population.copy(), np.full(20, 10.0)
    population[2], area[3] = np.nan, np.nan
    need_known = np.arange(20) != 4
    profiles = replace(base, maturity=maturity, population=population, area_km2=area, need_known=need_known)
    table = from_profiles(profiles)
    assert table.keys == tuple(profiles.key[1:])
    assert table.names == (POPULATION, DENSITY, *DIMENSIONS, NEEDS, FTE, BUDGET)
    column = dict(zip(table.names, table.values.T, strict=True))
    np.testing.assert_allclose(column[POPULATION], np.log10(population[1:]))
    np.testing.assert_allclose(column[DENSITY], np.log10(population[1:] / area[1:]))
    np.testing.assert_allclose(column[FTE], 1e4 * profiles.fte[1:] / population[1:])
    np.testing.assert_allclose(column[BUDGET], profiles.budget_eur[1:] / population[1:])
    assert np.isnan(column["D1"][0])
    assert np.isnan(column[NEEDS][3])
    assert column[NEEDS][0] == np.count_nonzero(profiles.need[1])


def test_own_figures_leave_out_the_simulated_and_what_nobody_has():
    profiles = make_profiles(3, 20, unknown=0)
    table = from_profiles(profiles, simulated=False)
    assert table.keys == tuple(profiles.key[~profiles.simulated])
    assert DENSITY not in table.names
    nobody = from_profiles(make_profiles(3, 5, unknown=1))
    assert nobody.values.shape == (0, 0)
