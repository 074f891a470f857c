"""Mailboxes: which look like a person, and which can be kept at all."""

from __future__ import annotations

from dataclasses import replace

import pytest

from matchmaker.contacts import looks_personal
from matchmaker.entries import own_profile, profile_document, profile_from
from matchmaker.errors import EntryRejected
from matchmaker.store import Store
from matchmaker.workspace import Workspace

KEY = "01059083"


@pytest.mark.parametrize(
    "address",
    ["digitales@kappeln.de", "smart.city@jena.de", "it-service@kreis.de", "info@amt-suederbrarup.de", "ki@stadt.de",
     "buergermeister@dorf.de", "amt.digitalisierung@x.de", ""],
)  # fmt: skip
def test_a_mailbox_of_an_office_is_no_question(address: str):
    assert not looks_personal(address)


@pytest.mark.parametrize(
    "address", ["erika.mustermann@stadt.de", "Max_Muster@stadt.de", "a.b@stadt.de", "gemeinde@gmail.com", "x@WEB.DE"]
)
def test_an_address_that_looks_like_a_person_is(address: str):
    assert looks_personal(address)


@pytest.mark.parametrize(
    "wrong",
    ["kein", "a@b", "a@b.", "@stadt.de", "a b@stadt.de", "a@stadt.de,b@stadt.de", "a@stadt.de\nBcc: x@y.de",
     "mailto:a@stadt.de", "<a@stadt.de>", "a@" + "x" * 250 + ".de", "a@stadt.de?subject=x"],
)  # fmt: skip
def test_what_is_no_mailbox_is_not_kept(database: str, wrong: str):
    workspace = Workspace(store=Store(database))
    with pytest.raises(EntryRejected) as refusal:
        workspace.save_profile(replace(own_profile(workspace.load(), KEY), contact=wrong, as_of="2026-11-01"))
    assert {issue.column for issue in refusal.value.issues} == {"contact"}


def test_a_mailbox_is_kept_taken_along_and_stands_in_the_history(database: str):
    workspace = Workspace(store=Store(database))
    before = own_profile(workspace.load(), KEY)
    workspace.save_profile(profile_from({"contact": "ki@stadt.de", "as_of": "2026-11-01"}, before))
    data = workspace.load()
    assert data.contact(KEY) == "ki@stadt.de"
    assert data.contact("01059045") == ""
    assert profile_document(own_profile(data, KEY))["contact"] == "ki@stadt.de"
    (entry,) = workspace.history(data.catalogue, KEY)
    assert "ki@stadt.de" in [dict(word.values).get("now") for word in entry.words]
    # A survey says nothing about it.
    workspace.save_levels(
        data.tables["profiles"].query("key == @KEY")[["key", "D1"]], as_of="2026-11-02", what="survey"
    )
    assert workspace.load().contact(KEY) == "ki@stadt.de"
