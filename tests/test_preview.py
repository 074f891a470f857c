"""The preview of an import: what it announces is exactly what the import then does."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matchmaker import exchange
from matchmaker.preview import differences
from matchmaker.sheets import schema
from matchmaker.store import Store
from matchmaker.workspace import Workspace

COLUMNS = schema()["offers"].columns


def offers(*rows: tuple) -> pd.DataFrame:
    made = [
        dict.fromkeys(COLUMNS, "") | dict(zip(("key", "use_case", "title", "year"), row, strict=True)) for row in rows
    ]
    return pd.DataFrame(made, columns=COLUMNS).astype({"year": "float64"})


def as_rows(frame: pd.DataFrame) -> Counter:
    return Counter(frame.astype(object).where(frame.notna(), None).itertuples(index=False, name=None))


def test_rows_are_told_apart_by_what_names_them():
    present = {"offers": offers(("01", "UC01", "a", 2020), ("01", "UC01", "b", np.nan), ("02", "UC01", "c", 2020))}
    taken = {"offers": offers(("01", "UC01", "a", 2021), ("01", "UC02", "d", np.nan))}
    found = differences(present, taken)["offers"]
    assert list(found.added["title"]) == ["d"]
    assert list(found.removed["title"]) == ["b"]  # and not c, whose municipality is not in the file
    assert found.changed.to_dict("records") == [
        {"key": "01", "use_case": "UC01", "title": "a", "column": "year", "before": "2020", "after": "2021"}
    ]
    assert (found.changed_rows, found.unchanged) == (1, 0)


ROWS = st.lists(
    st.tuples(
        st.sampled_from(["01", "02", "03"]), st.sampled_from(["UC01", ""]), st.sampled_from(["a", "b"]),
        st.sampled_from([2020.0, 2021.0, np.nan]),
    ),
    max_size=6,
)  # fmt: skip


@settings(max_examples=15)
@given(before=ROWS, after=ROWS.filter(bool))
def test_what_is_announced_leads_from_the_present_to_the_file(before, after):
    present, taken = offers(*before), offers(*after)
    found = differences({"offers": present}, {"offers": taken})["offers"]
    named = present[present["key"].isin(set(taken["key"]))]
    assert len(found.added) + found.changed_rows + found.unchanged == len(taken)
    assert len(found.removed) + found.changed_rows + found.unchanged == len(named)
    assert as_rows(found.added) <= as_rows(taken)
    assert as_rows(found.removed) <= as_rows(named)
    # Without the rows that change or stay, both sides are empty.
    if not found.changed_rows:
        assert as_rows(named) - as_rows(found.removed) == as_rows(taken) - as_rows(found.added)


@pytest.mark.both_databases
def test_an_import_does_what_its_preview_says(database: str, tmp_path: Path):
    workspace = Workspace(store=Store(database))
    header = "key,use_case,urgency,provenance,source_url"
    (tmp_path / "needs.csv").write_text(f"{header}\n01059083,UC01,3,survey,\n", encoding="utf-8")
    workspace.take_in(tmp_path / "needs.csv", what="import needs.csv")
    (tmp_path / "needs.csv").write_text(
        f"{header}\n01059083,UC02,3,survey,\n01001000,UC01,1,survey,\n", encoding="utf-8"
    )
    before = workspace.load().tables["needs"]
    found = workspace.preview(tmp_path / "needs.csv")["needs"]
    workspace.take_in(tmp_path / "needs.csv", what="import needs.csv")
    after = workspace.load().tables["needs"]
    assert as_rows(after) - as_rows(before) == as_rows(found.added)
    assert as_rows(before) - as_rows(after) == as_rows(found.removed)


def test_all_tables_taken_in_again_change_nothing(shipped, tmp_path: Path):
    for ending in (".zip", ".xlsx"):
        exchange.write(shipped.tables, tmp_path / f"all{ending}")
        read = exchange.read(tmp_path / f"all{ending}")
        taken = {name: frame for name, frame in read.items() if not schema()[name].catalogue}
        for name, found in differences(shipped.tables, taken).items():
            assert (len(found.added), len(found.changed), len(found.removed)) == (0, 0, 0), name
            assert found.unchanged == len(shipped.tables[name])
