"""What is closed to a user is nowhere in what he gets, and cannot be reckoned back from it."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from matchmaker import bands, exchange, plans, service, sight
from matchmaker.access import LOCAL, Role, User
from matchmaker.dataset import Dataset
from matchmaker.entries import own_profile
from matchmaker.errors import BadInput, Forbidden
from matchmaker.i18n import language
from matchmaker.message import Label
from matchmaker.model import Activity, Preferences, Provenance, Stage
from matchmaker.portfolio import Limits
from matchmaker.profiles import BLOCKS
from matchmaker.reports import excel, word
from matchmaker.sight import Openness
from matchmaker.store import Store
from matchmaker.workspace import Workspace

ASKER, SECRET, PARTNER = "01059083", "01059045", "01059120"
FOREIGN = User(Role.OFFICER, (ASKER,))
VIEWER = User(Role.VIEWER)
FRIEND = User(Role.OFFICER, (PARTNER,))
OWNER = User(Role.OFFICER, (SECRET,))
CENTRE = User(Role.CENTRE, ("SH",))
MARKER = re.compile(
    r"(?<![\d.,])(?:1[.,]9173|1[.,]92|73[.,]?519(?:[.,]0)?)(?!\d)|Geheimprojekt|geheim\.example|ki@stadt\.invalid"
)
"""What the municipality has said and nobody else shall read, as files and as people write it."""
EVERYTHING = dict.fromkeys((*BLOCKS, "contact"), Openness.HIDDEN)
BY_PARTNERS = dict.fromkeys((*BLOCKS, "contact"), Openness.PARTNERS)


def enter(workspace: Workspace, secret: str = SECRET) -> None:
    """Let one municipality ask, one say things that nobody else shall know, and a third work with that one."""
    data = workspace.load()
    asks = replace(
        own_profile(data, ASKER), needs=(("UC01", 3), ("UC03", 2)), maturity=(1.0,) * 8, fte=0.8, as_of="2026-11-01",
    )  # fmt: skip
    title = Label("Geheimprojekt", "Geheimprojekt")
    offer = Activity("UC09", Stage.OPERATION, title, 2026, Provenance.SELF_ASSESSED, "https://geheim.example/")
    says = replace(
        own_profile(data, secret), needs=(("UC09", 3),), maturity=(3.0,) * 8, fte=1.9173, budget_eur=73519.0,
        offers=(offer,), as_of="2026-11-01", contact="ki@stadt.invalid",
    )  # fmt: skip
    for profile in (asks, says, replace(own_profile(data, PARTNER), fte=1.0, as_of="2026-11-01")):
        workspace.save_profile(profile)
    workspace.stored.save(
        {
            "cooperations": pd.DataFrame([{"id": "x1", "title": "Zu zweit", "topic": "KI", "status": "agreed"}]),
            "cooperation_members": pd.DataFrame([{"cooperation_id": "x1", "key": key} for key in (secret, PARTNER)]),
        },
        what="import",
    )


@pytest.fixture(scope="module")
def entered(any_databases) -> Workspace:
    """Return a workspace in which a municipality has said things in its closed blocks."""
    workspace = Workspace(store=Store(any_databases.fresh()))
    enter(workspace)
    return workspace


@pytest.fixture(scope="module")
def full(entered: Workspace) -> Dataset:
    return entered.load()


def seen(full: Dataset, user: User, levels: dict[str, Openness]) -> Dataset:
    return sight.seen_by(full, user, {SECRET: levels})


def test_the_bands_are_as_they_are_documented():
    levels = np.array([0, 1.5, 2, 3, 3.5, 5, np.nan])
    assert bands.MATURITY.middle(levels).tolist()[:6] == [1, 1, 2.5, 2.5, 4, 4]
    assert np.isnan(bands.MATURITY.middle(levels)[6])
    assert bands.FTE.middle(np.array([0, 0.49, 0.5, 1.99, 2, 50])).tolist() == [0.25, 0.25, 1, 1, 3, 3]
    assert bands.BUDGET.middle(np.array([0, 2e4, 99_999, 1e5])).tolist() == [1e4, 5e4, 5e4, 15e4]
    for kind in (bands.MATURITY, bands.FTE, bands.BUDGET):
        # What stands for a band lies in it, and is told by its name.
        assert kind.middle(np.array(kind.middles)).tolist() == list(kind.middles)
        assert [kind.name(middle).template for middle in kind.middles] == ["low", "medium", "high"]


@pytest.mark.parametrize(
    ("user", "levels", "expected"),
    [
        (FOREIGN, EVERYTHING, False), (VIEWER, EVERYTHING, False), (FRIEND, EVERYTHING, False),
        (CENTRE, EVERYTHING, False), (OWNER, EVERYTHING, True), (LOCAL, EVERYTHING, True),
        (FOREIGN, BY_PARTNERS, False), (VIEWER, BY_PARTNERS, False), (FRIEND, BY_PARTNERS, True),
        (CENTRE, BY_PARTNERS, True), (User(Role.CENTRE, ("01059",)), BY_PARTNERS, True),
        (User(Role.CENTRE, ("TH",)), BY_PARTNERS, False),
        (User(Role.OFFICER, ("SH",)), BY_PARTNERS, False), (VIEWER, dict.fromkeys(BY_PARTNERS, Openness.PUBLIC), True),
    ],
    ids=str,
)  # fmt: skip
def test_who_sees_the_values_of_whom(full: Dataset, user, levels, expected):
    data = seen(full, user, levels)
    row = data.profiles.row(SECRET)
    assert (data.profiles.fte[row] == 1.9173) == (data.profiles.budget_eur[row] == 73519) == expected
    assert (data.profiles.maturity[row] == 3.0).all() == expected
    assert bool(data.profiles.need[row].any()) == bool(data.profiles.offer[row].any()) == expected
    assert ("Geheimprojekt" in set(data.tables["offers"]["title"])) == expected
    assert (73519 in set(data.tables["profiles"]["budget_eur"])) == expected
    assert bool(data.profiles.in_bands[row]) == (not expected)
    assert data.contact(SECRET) == ("ki@stadt.invalid" if expected else "")


def test_without_a_choice_needs_and_offers_are_open_and_figures_are_not(full: Dataset):
    data = sight.seen_by(full, VIEWER, {})
    row = data.profiles.row(SECRET)
    assert data.profiles.closed[row].tolist() == [True, False, False, True]
    assert (data.profiles.fte[row], data.profiles.maturity[row, 0]) == (1.0, 2.5)
    assert data.profiles.need[row].any()


def test_what_is_published_and_who_does_not_exist_stay_as_they_are(full: Dataset):
    everybody = {str(key): EVERYTHING for key in full.profiles.key}
    data = sight.seen_by(full, VIEWER, everybody)
    published = full.tables["offers"]["provenance"] == "published"
    assert_frame_equal(
        data.tables["offers"][data.tables["offers"]["provenance"] == "published"].reset_index(drop=True),
        full.tables["offers"][published].reset_index(drop=True),
    )
    made_up = full.profiles.simulated
    assert np.array_equal(data.profiles.maturity[made_up], full.profiles.maturity[made_up], equal_nan=True)
    assert not data.profiles.closed[made_up].any()


@pytest.mark.parametrize(
    ("level", "fte", "budget", "secret"),
    [(2.0, 0.5, 20_000.0, "UC01"), (2.5, 1.99, 99_999.0, "UC20"), (3.0, 1.92, 73_520.0, "UC10")],
)
def test_values_of_the_same_band_give_the_same_data_to_the_last_digit(full: Dataset, level, fte, budget, secret):
    """Everything that a user gets is computed from these data alone, so none of it can give a closed value back."""
    row = full.profiles.row(SECRET)
    tables = {name: frame.copy() for name, frame in full.tables.items()}
    mine = tables["profiles"]["key"] == SECRET
    tables["profiles"].loc[mine, [f"D{d}" for d in range(1, 9)]] = level
    tables["profiles"].loc[mine, ["fte", "budget_eur"]] = fte, budget
    for name in ("needs", "offers"):
        tables[name].loc[tables[name]["key"] == SECRET, "use_case"] = secret
    other = replace(full, tables=tables)
    changed = sight.with_tables(other, tables)
    assert changed.profiles.maturity[row, 0] == level
    one, two = (seen(data, FOREIGN, EVERYTHING) for data in (full, changed))
    assert one.profiles.fingerprint == two.profiles.fingerprint
    for name, frame in one.tables.items():
        assert_frame_equal(frame, two.tables[name])


def texts(data: Dataset, key: str) -> str:
    """Return all that can be taken out of some data, as one text."""
    parts = [service.graph_text(service.draw_network(data, Preferences()).graph, ".graphml")]
    parts += [plans.plan_table(plan_of(data), lambda title: title.de).to_csv()] if data.reader == CENTRE else []
    everybody = Preferences(participants_only=False)
    for lang in ("de", "en"):
        _ = language(lang)
        for found in service.suggest(data, key, everybody, top=300, with_stability=False):
            said = [*found.reasons, *found.against, *([found.lift] if found.lift else [])]
            parts += [_.render(text) for text in said] + [_.label(item.title) + item.url for item in found.evidence]
    parts.append(exchange.packed(data.tables, ".json").decode())
    with zipfile.ZipFile(io.BytesIO(exchange.packed(data.tables, ".zip"))) as package:
        parts += [package.read(name).decode() for name in package.namelist() if name.endswith(".csv")]
    memo = service.council_memo(data, key, "UC01", Preferences(), date(2026, 11, 25))
    for document in (word.document(memo, language("de")), excel.workbook(memo, language("de"))):
        with zipfile.ZipFile(io.BytesIO(document)) as package:
            parts += [package.read(name).decode(errors="replace") for name in package.namelist()]
    return "\n".join(parts)


def plan_of(data: Dataset):
    return plans.plan_region(data, Limits(), plans.Region(lands=("SH",)), seconds=1)


def test_no_search_export_paper_or_plan_holds_what_is_closed_and_the_owner_gets_it_all(entered: Workspace):
    entered.open(SECRET, EVERYTHING)
    for user in (FOREIGN, CENTRE):
        got = texts(replace(entered, user=user).load(), ASKER)
        assert MARKER.findall(got) == []
    own = texts(replace(entered, user=OWNER).load(), SECRET)
    said = {found.removesuffix(".0") for found in MARKER.findall(own)}
    assert {"1.9173", "73519", "Geheimprojekt", "geheim.example", "ki@stadt.invalid"} <= said
    entered.open(SECRET, BY_PARTNERS)
    assert "Geheimprojekt" in texts(replace(entered, user=FRIEND).load(), PARTNER)


def test_a_partner_in_bands_is_told_as_bands(entered: Workspace):
    entered.open(SECRET, EVERYTHING)
    data = replace(entered, user=FOREIGN).load()
    _ = language("en")
    only = Preferences(participants_only=False, exclude=frozenset(set(data.profiles.key.tolist()) - {SECRET, ASKER}))
    (found,) = service.suggest(data, ASKER, only, with_stability=False)
    said = " ".join(_.render(text) for text in (*found.reasons, *found.against))
    assert "medium against 1.0" in said
    assert "3.0" not in said


def test_only_the_municipality_itself_chooses_and_the_choice_reaches_everybody(entered: Workspace):
    for user in (FOREIGN, VIEWER, CENTRE, FRIEND):
        with pytest.raises(Forbidden):
            replace(entered, user=user).open(SECRET, {})
    before = entered.stored.version()
    replace(entered, user=OWNER).open(SECRET, {"capacity": Openness.PUBLIC})
    assert entered.stored.version() == before + 1
    assert entered.openness(SECRET) == {**sight.DEFAULTS, "capacity": Openness.PUBLIC}
    data = replace(entered, user=VIEWER).load()
    assert data.profiles.fte[data.profiles.row(SECRET)] == 1.9173
    replace(entered, user=OWNER).open(SECRET, {})
    assert entered.openness(SECRET) == sight.DEFAULTS


def test_a_centre_reads_no_history_of_who_hides_something(entered: Workspace):
    entered.open(SECRET, {})
    catalogue = entered.load().catalogue
    assert replace(entered, user=CENTRE).history(catalogue, SECRET)
    entered.open(SECRET, {"needs": Openness.HIDDEN})
    with pytest.raises(Forbidden) as refusal:
        replace(entered, user=CENTRE).history(catalogue, SECRET)
    assert MARKER.search(str(refusal.value.what)) is None
    assert replace(entered, user=OWNER).history(catalogue, SECRET)


def test_a_level_that_this_program_does_not_know_closes(entered: Workspace):
    entered.stored.open(SECRET, {"needs": "friends of friends"})
    assert entered.openness(SECRET)["needs"] is Openness.HIDDEN


NAMELESS = {"name": Openness.HIDDEN, "maturity": Openness.PUBLIC, "contact": Openness.PUBLIC}
TWIN = "01051074"
"""A municipality of the same Land and band of inhabitants as the one that says things nobody else shall know."""


def nameless(any_databases, key: str) -> Workspace:
    """Return a workspace in which a municipality has said things without its name."""
    workspace = Workspace(store=Store(any_databases.fresh()))
    enter(workspace, key)
    workspace.open(key, {**NAMELESS, "capacity": Openness.PUBLIC})
    return workspace


def test_whoever_hides_its_name_cannot_be_told_from_others_of_its_size(any_databases, monkeypatch):
    """All that others get begins with these data: they are the same to the last digit, whichever of the two it is."""
    monkeypatch.setattr(sight, "randbelow", lambda _: 123_456)
    one, two = (nameless(any_databases, key) for key in (SECRET, TWIN))
    for user in (FOREIGN, VIEWER, CENTRE):
        here, there = (replace(workspace, user=user).load() for workspace in (one, two))
        row = here.profiles.row("99123456")
        assert str(here.profiles.name[row]) == "Kommune mit 5.000–10.000 Einwohnern, Schleswig-Holstein (Nr. 456)"
        assert (here.profiles.maturity[row] == 3.0).all()
        assert (here.profiles.fte[row], here.contact("99123456")) == (1.9173, "")
        assert np.isnan([here.profiles.lat[row], here.profiles.population[row]]).all()
        assert here.profiles.fingerprint == there.profiles.fingerprint
        for name, frame in here.tables.items():
            assert_frame_equal(frame, there.tables[name])
        assert here.cooperations == there.cooperations
        # Under its name there is what there was before it entered anything.
        own = Workspace().load()
        assert own_profile(here, SECRET) == own_profile(own, SECRET)


def test_without_its_name_a_municipality_is_found_all_the_same_and_its_words_are_not(any_databases):
    workspace = nameless(any_databases, SECRET)
    (number,) = workspace.aliases().values()
    data = replace(workspace, user=FOREIGN).load()
    got = texts(data, ASKER)
    found = service.suggest(data, ASKER, Preferences(), top=300, with_stability=False)
    assert number in [suggestion.partner.key for suggestion in found]
    assert number in got
    assert not re.search(r"Geheimprojekt|geheim\.example|ki@stadt\.invalid", got)
    (offer,) = data.activities(data.profiles.row(number))
    assert (offer.title, offer.stage, offer.year) == (data.catalogue.use_case("UC09").title, Stage.OPERATION, None)
    # Partner, owner and administrator read the name, and no number.
    for user in (FRIEND, OWNER, LOCAL):
        data = replace(workspace, user=user).load()
        assert number not in data.profiles.key
        assert data.profiles.fte[data.profiles.row(SECRET)] == 1.9173


def test_history_and_choices_do_not_tell_who_hides_its_name(any_databases):
    workspace = nameless(any_databases, SECRET)
    catalogue = workspace.load().catalogue
    centre = replace(workspace, user=CENTRE)
    for key in (SECRET, TWIN):
        assert centre.history(catalogue, key) == ()
        for version in (0, 1):
            with pytest.raises(BadInput):
                centre.restore(key, version)
        with pytest.raises(Forbidden):
            centre.openness(key)
    assert replace(workspace, user=OWNER).history(catalogue, SECRET)
    assert replace(workspace, user=CENTRE).hidden() == workspace.aliases()


@pytest.mark.parametrize("key", ["11000000", "01002000", "00000001"])
def test_who_is_one_of_few_of_its_size_cannot_hide(entered: Workspace, key: str):
    """Berlin, Kiel and a simulated participant."""
    with pytest.raises(BadInput):
        entered.open(key, {"name": Openness.HIDDEN})
    assert entered.openness(key)["name"] is Openness.PUBLIC


def test_a_number_stays_the_same_and_belongs_to_one(entered: Workspace):
    for _ in range(2):
        entered.open(SECRET, {"name": Openness.PARTNERS})
        before = entered.aliases()
        entered.open(SECRET, {})
    assert entered.aliases() == before
    entered.open(TWIN, {"name": Openness.HIDDEN})
    assert len(set(entered.aliases().values())) == 2
    entered.open(TWIN, {})


def test_the_name_is_open_to_the_centre_where_it_was_chosen_so(any_databases):
    workspace = nameless(any_databases, SECRET)
    workspace.open(SECRET, {"name": Openness.PARTNERS})
    assert replace(workspace, user=CENTRE).hidden() == {}
    assert set(replace(workspace, user=FOREIGN).hidden()) == {SECRET}
