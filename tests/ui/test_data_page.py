"""Page "Daten": what an import would do is shown before it is done, and all data come out again."""

from __future__ import annotations

import io
import json
import zipfile

import pytest

from matchmaker.ui import cache

HEADER = "key,use_case,urgency,provenance,source_url"


def uploaded(session, name: str, content: bytes):
    (field,) = session.file_uploader
    return field.set_value((name, content, "text/csv")).run()


def pressed(session, label: str):
    (button,) = [button for button in session.button if button.label == label]
    return button.click().run()


def stored():
    return cache.opened().store


@pytest.mark.both_databases
def test_an_import_is_previewed_and_then_taken_over(enter):
    session = uploaded(enter("data"), "needs.csv", f"{HEADER}\n01059083,UC01,3,survey,\n".encode())
    assert not session.exception
    assert session.dataframe[0].value.to_numpy().tolist() == [["needs", 1, 0, 0, 0]]
    assert stored().version() == 0
    pressed(session, "Übernehmen")
    assert list(stored().tables()["needs"]["use_case"]) == ["UC01"]
    (version,) = stored().history("01059083")
    assert (version.what, version.by.origin) == ("import needs.csv", "page")
    assert not [button for button in session.button if button.label == "Übernehmen"]


def test_errors_of_an_import_are_listed_and_nothing_can_be_taken_over(enter):
    session = uploaded(enter("data"), "needs.csv", f"{HEADER}\n01059083,UC01,9,survey,\n".encode())
    assert session.error
    assert session.dataframe[0].value["Spalte"].tolist() == ["urgency"]
    assert not [button for button in session.button if button.label == "Übernehmen"]


def test_a_preview_that_others_have_overtaken_is_not_taken_over(enter, shipped):
    session = uploaded(enter("data"), "needs.csv", f"{HEADER}\n01059083,UC01,3,survey,\n".encode())
    stored().save({"needs": shipped.tables["needs"].head(1)}, what="test")
    pressed(session, "Übernehmen")
    assert stored().version() == 1
    pressed(session, "Übernehmen")  # after the new preview has been seen
    assert stored().version() == 2


def test_all_data_come_out_in_three_forms(look, shipped):
    assert look("data").get("download_button")
    version = cache.opened().version()
    with zipfile.ZipFile(io.BytesIO(cache.package(version, ".zip"))) as packed:
        assert {f"{name}.csv" for name in shipped.tables} <= set(packed.namelist())
    assert len(json.loads(cache.package(version, ".json"))["resources"]) == len(shipped.tables)
    assert cache.package(version, ".xlsx").startswith(b"PK")
