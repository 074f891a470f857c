"""Rights: what each role may do, that every way in asks for them, and that a refusal changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from matchmaker import access, cli, plans
from matchmaker.access import LOCAL, Role, User
from matchmaker.cooperations import Act, Reason
from matchmaker.dealings import Dealings
from matchmaker.entries import own_profile
from matchmaker.errors import BadInput, Forbidden, UnknownKey
from matchmaker.model import DIMENSIONS, Municipality
from matchmaker.portfolio import Limits
from matchmaker.store import Account, Author, Store
from matchmaker.workspace import Workspace

OWN, FOREIGN, FAR = "01059083", "01059045", "09162000"
ISSUER = "https://login.example"

OFFICER = User(Role.OFFICER, (OWN,), "anna")
CENTRE = User(Role.CENTRE, ("SH",), "centre")
DISTRICT = User(Role.CENTRE, ("01059",), "district")
VIEWER = User(Role.VIEWER, (), "viewer")
ADMIN = User(Role.ADMIN, (), "admin")


def test_each_role_edits_moderates_and_plans_only_what_is_its_own():
    def keys(right: Callable[[User, str], bool], user: User) -> list[str]:
        return [key for key in (OWN, FOREIGN, FAR, "00000001") if right(user, key)]

    everybody = [OWN, FOREIGN, FAR, "00000001"]
    assert keys(access.may_edit, OFFICER) == [OWN]
    assert keys(access.may_edit, ADMIN) == keys(access.may_edit, LOCAL) == everybody
    assert keys(access.may_edit, CENTRE) == keys(access.may_edit, VIEWER) == []
    assert keys(access.may_moderate, OFFICER) == [OWN]
    assert keys(access.may_moderate, CENTRE) == keys(access.may_moderate, DISTRICT) == [OWN, FOREIGN]
    assert keys(access.may_moderate, VIEWER) == []
    assert [u.role for u in (OFFICER, CENTRE, VIEWER, ADMIN) if access.may_plan(u)] == ["centre", "admin"]


def test_a_scope_counts_for_the_role_that_has_it_only():
    """An officer whose scope looks like a region is no centre, and a centre does not edit the key it is named by."""
    assert not access.in_region(User(Role.OFFICER, ("SH", "01059")), OWN)
    assert not access.may_edit(User(Role.CENTRE, (OWN,)), OWN)
    assert access.may_moderate(User(Role.CENTRE, (OWN,)), OWN)
    assert not access.in_region(User(Role.CENTRE, ("TH",)), "00000001")


@pytest.fixture
def entered(database: str) -> Workspace:
    """Return a workspace in which two municipalities have entered something, work together and ask others."""
    workspace = Workspace(store=Store(database))
    for key in (OWN, FOREIGN):
        workspace.save_profile(replace(own_profile(workspace.load(), key), fte=1.5, as_of="2026-11-01"))
    begin = Dealings(workspace)
    id_ = begin.ask(OWN, (FOREIGN,), "UC01", "Machen Sie mit?")
    begin.take(id_, Act.ACCEPT, FOREIGN, other=FOREIGN)
    for asking, asked, use_case in ((OWN, FAR, "UC02"), (FAR, OWN, "UC03"), (FAR, OWN, "UC04"), (FOREIGN, FAR, "UC06")):
        begin.ask(asking, (asked,), use_case, "Machen Sie mit?")
    deal(workspace, FAR, Act.ACCEPT, only="UC06")
    deal(workspace, FOREIGN, Act.OPEN, only="UC06")
    return workspace


def deal(workspace: Workspace, key: str, act: Act, *, only: str = "UC", **more: object) -> None:
    """Do something for a municipality in the first cooperation in which it can be done, if there is any."""
    everything = [life for life in Dealings(replace(workspace, user=LOCAL)).all() if life.use_case.startswith(only)]
    others = ("", key, FAR)
    can = ((life.id, o) for life in everything for o in others if life.may(act, key, o))
    id_, other = next(can, ("none", ""))
    Dealings(workspace).take(id_, act, key, other=other, **more)


def levels(key: str) -> pd.DataFrame:
    return pd.DataFrame([{"key": key, **dict.fromkeys(DIMENSIONS, 2.0), "respondents": 12.0}])


def csv(folder: Path, name: str, text: str) -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def acts(folder: Path) -> dict[str, tuple[Callable[[Workspace, str], object], frozenset[Role]]]:
    """Return everything that can be asked of a workspace about the municipality of the officer, and who may ask it."""
    officers, nobody = frozenset({Role.OFFICER}), frozenset[Role]()
    moderators = frozenset({Role.OFFICER, Role.CENTRE})
    needs = "key,use_case,urgency,provenance,source_url\n{key},UC02,3,self-assessed,\n"
    register = "key,name,land,lat,lon,population,area_km2,parent_key,source\n01059083,Neu,SH,54,10,900,1,01059,x\n"
    place = Municipality("01059999", "Neu", "SH", None, 900, 54.0, 10.0, simulated=False)

    def table(key: str) -> Path:
        return csv(folder, "needs.csv", needs.format(key=key))

    return {
        "save_profile": (
            lambda w, k: w.save_profile(replace(own_profile(w.load(), k), seen=None, as_of="2026-11-02")), officers,
        ),
        "take_in": (lambda w, k: w.take_in(table(k), what="import needs.csv"), officers),
        "preview": (lambda w, k: w.preview(table(k)), officers),
        "save_levels": (lambda w, k: w.save_levels(levels(k), as_of="2026-11-02", what="survey x"), officers),
        "history": (lambda w, k: w.history(w.load().catalogue, k), moderators),
        "restore": (lambda w, k: w.restore(k, 0), moderators),
        "openness": (lambda w, k: w.openness(k), officers),
        "open": (lambda w, k: w.open(k, {}), officers),
        "ask": (lambda w, k: Dealings(w).ask(k, ("01001000",), "UC05", "x"), officers),
        "ask another": (lambda w, k: deal(w, k, Act.ASK, text="x"), officers),
        "accept": (lambda w, k: deal(w, k, Act.ACCEPT), officers),
        "decline": (lambda w, k: deal(w, k, Act.DECLINE, reason=Reason.NO_STAFF), officers),
        "join": (lambda w, k: deal(w, k, Act.JOIN, text="x"), officers),
        "withdraw": (lambda w, k: deal(w, k, Act.WITHDRAW, reason=Reason.WITHDRAWN), officers),
        "open a group": (lambda w, k: deal(w, k, Act.OPEN), officers),
        "close a group": (lambda w, k: deal(w, k, Act.CLOSE), officers),
        "start": (lambda w, k: deal(w, k, Act.START), officers),
        "report": (lambda w, k: deal(w, k, Act.REPORT, value=1.0), officers),
        "leave": (lambda w, k: deal(w, k, Act.LEAVE, reason=Reason.FINISHED), officers),
        "register": (lambda w, _k: w.take_in(csv(folder, "register.csv", register), what="x"), nobody),
        "replace_register": (lambda w, _k: w.replace_register(folder / "none.txt"), nobody),
        "enter_municipality": (lambda w, _k: w.enter_municipality(place), nobody),
        "accounts": (lambda w, _k: w.accounts(), nobody),
        "keep_account": (lambda w, _k: w.keep_account(Account(ISSUER, "x", "admin")), nobody),
        "remove_account": (lambda w, _k: w.remove_account(ISSUER, "x"), nobody),
    }  # fmt: skip


def test_every_act_is_allowed_to_some_roles_and_refused_to_all_others(entered: Workspace, tmp_path: Path):
    """About the own municipality; a refusal leaves everything as it was."""
    for name, (act, allowed) in acts(tmp_path).items():
        for user in (VIEWER, CENTRE, OFFICER):
            before = entered.store.version(), entered.store.accounts()
            if user.role in allowed:
                act(replace(entered, user=user), OWN)
                continue
            with pytest.raises(Forbidden) as refusal:
                act(replace(entered, user=user), OWN)
            assert refusal.value.remedy is not None, name
            assert (entered.store.version(), entered.store.accounts()) == before, name


def test_nothing_about_a_foreign_municipality_is_allowed(entered: Workspace, tmp_path: Path):
    far = User(Role.CENTRE, ("TH", "09162"))
    for name, (act, _allowed) in acts(tmp_path).items():
        for user in (OFFICER, far):
            before = entered.store.version()
            with pytest.raises(Forbidden):
                act(replace(entered, user=user), FOREIGN)
            assert entered.store.version() == before, name


def test_one_foreign_row_refuses_a_whole_import(entered: Workspace, tmp_path: Path):
    rows = "key,use_case,urgency,provenance,source_url\n"
    rows += f"{OWN},UC02,3,self-assessed,\n{FOREIGN},UC02,3,self-assessed,\n"
    with pytest.raises(Forbidden) as refusal:
        replace(entered, user=OFFICER).take_in(csv(tmp_path, "needs.csv", rows), what="import needs.csv")
    assert refusal.value.where == FOREIGN


def test_a_region_is_planned_by_its_centre_alone(shipped):
    def plan(user: User, **region: tuple[str, ...]):
        data = replace(shipped, reader=user)
        return plans.plan_region(data, Limits(simulated=False), plans.Region(**region), seconds=1)

    for user in (OFFICER, VIEWER):
        with pytest.raises(Forbidden):
            plan(user)
        with pytest.raises(Forbidden):
            plan(user, lands=("SH",))
    for region in ({"lands": ("TH",)}, {"districts": ("09162",)}, {"lands": ("SH", "TH")}):
        with pytest.raises(Forbidden) as refusal:
            plan(CENTRE, **region)
        assert refusal.value.where in {"TH", "09162"}
    with pytest.raises(Forbidden):
        plan(DISTRICT, lands=("SH",))
    own = {m.municipality.land for m in plan(CENTRE).left_out}
    assert own == {"SH"}
    assert access.planned_region(DISTRICT, (), ()) == ((), ("01059",))
    assert access.planned_region(CENTRE, (), ("01059",)) == ((), ("01059",))
    assert access.planned_region(LOCAL, (), ()) == ((), ())


def test_a_saved_plan_is_seen_by_its_own_account_and_the_admin(database: str):
    everybody = Workspace(store=Store(database))
    one, other = (replace(everybody, user=User(Role.CENTRE, ("SH",), name)) for name in ("anna", "bert"))
    number = one.scenarios.add("Norden", "secret")
    assert [saved.name for saved in one.scenarios.all()] == ["Norden"]
    assert [saved.name for saved in everybody.scenarios.all()] == ["Norden"]
    assert other.scenarios.all() == ()
    for act in (
        lambda: other.scenarios.get("Norden"), lambda: other.scenarios.get(str(number)),
        lambda: other.scenarios.rename(number, "x"), lambda: other.scenarios.delete(number),
    ):  # fmt: skip
        with pytest.raises(BadInput):
            act()
    assert one.scenarios.get("Norden").document == "secret"
    for user in (OFFICER, VIEWER):
        with pytest.raises(Forbidden):
            _ = replace(everybody, user=user).scenarios
        with pytest.raises(Forbidden):
            replace(everybody, user=user).remove_centre("eu-zentrum")


CLAIMS = {"iss": ISSUER, "sub": "anna", "aud": "app", "iat": 1_000_000, "exp": 1_000_300}


@pytest.mark.parametrize(
    "wrong",
    [
        {"aud": "other"}, {"aud": ["other", "third"]}, {"aud": None}, {"aud": []}, {"aud": ["other"], "azp": "app"},
        {"azp": "other"}, {"sub": ""}, {"sub": None}, {"sub": 7}, {"iss": None}, {"iat": None}, {"iat": "now"},
        {"iat": True}, {"iat": float("nan")}, {"iat": 1_000_000 - 12 * 3600}, {"iat": 1_000_000 + 600},
    ],
    ids=str,
)  # fmt: skip
def test_a_login_that_is_not_clearly_in_order_is_refused(wrong: dict[str, object]):
    assert access.identified(CLAIMS, "app", 1_000_100) == (ISSUER, "anna")
    assert access.identified({**CLAIMS, "aud": ["app", "other"]}, "app", 1_000_100) == (ISSUER, "anna")
    with pytest.raises(Forbidden):
        access.identified({**CLAIMS, **wrong}, "app", 1_000_100)


@pytest.mark.both_databases
def test_accounts_are_kept_changed_and_removed_by_issuer_and_subject(database: str):
    store = Store(database)
    first = Account(ISSUER, "anna", "officer", (OWN, FOREIGN))
    store.keep_account(first)
    store.keep_account(Account("https://other.example", "anna", "viewer"))
    assert store.account(ISSUER, "anna") == first
    changed = replace(first, role="centre", scope=("SH",))
    store.keep_account(changed)
    assert store.accounts() == (changed, Account("https://other.example", "anna", "viewer"))
    assert store.account(ISSUER, "Anna") is None
    assert store.remove_account(ISSUER, "anna")
    assert not store.remove_account(ISSUER, "anna")
    assert store.account("https://other.example", "anna") is not None
    workspace = Workspace(store=store)
    assert workspace.user_of("https://other.example", "anna") == User(Role.VIEWER, (), "anna (https://other.example)")
    assert workspace.user_of(ISSUER, "anna") is None


@pytest.mark.parametrize(
    ("account", "kind"),
    [
        (Account(ISSUER, "x", "king"), BadInput), (Account("ftp://x", "x", "viewer"), BadInput),
        (Account("http://login.example", "x", "viewer"), BadInput), (Account(ISSUER, "", "viewer"), BadInput),
        (Account(ISSUER, "a\nb", "viewer"), BadInput), (Account(ISSUER, "x" * 256, "viewer"), BadInput),
        (Account(ISSUER, "x", "officer"), BadInput), (Account(ISSUER, "x", "viewer", (OWN,)), BadInput),
        (Account(ISSUER, "x", "officer", ("99999999",)), UnknownKey),
        (Account(ISSUER, "x", "officer", ("SH",)), UnknownKey), (Account(ISSUER, "x", "centre", ("XX",)), UnknownKey),
    ],
    ids=str,
)  # fmt: skip
def test_what_cannot_be_an_account_is_refused(database: str, account: Account, kind: type[BadInput]):
    workspace = Workspace(store=Store(database))
    with pytest.raises(kind):
        workspace.keep_account(account)
    assert workspace.accounts() == ()


def test_the_command_line_looks_after_accounts(database: str, capsys):
    def run(*arguments: str) -> tuple[int, str, str]:
        code = cli.main(["--lang", "en", "account", *arguments])
        said = capsys.readouterr()
        return code, said.out, said.err

    assert run("list")[1] == "There is no account yet.\n"
    added = run("add", "anna", "--issuer", ISSUER, "--role", "officer", "--for", f"{OWN}, {FOREIGN}")
    assert added[0] == 0
    assert run("add", "zoe", "--issuer", ISSUER, "--role", "centre", "--for", "sh")[0] == 0
    assert run("list")[1].splitlines() == [
        f"anna  {ISSUER}  officer  {OWN},{FOREIGN}", f"zoe  {ISSUER}  centre  SH",
    ]  # fmt: skip
    code, _out, err = run("add", "x", "--issuer", ISSUER, "--role", "officer")
    assert code == 2
    assert "An officer needs the keys" in err
    assert run("remove", "anna", "--issuer", ISSUER)[1] == "Removed.\n"
    assert run("remove", "anna", "--issuer", ISSUER)[0] == 2
    assert [a.subject for a in Store(database).accounts()] == ["zoe"]


def test_the_history_names_the_account_that_made_a_change(entered: Workspace):
    officer = replace(entered, user=OFFICER)
    officer.save_profile(
        replace(own_profile(officer.load(), OWN), fte=2.0, as_of="2026-11-03"), by=Author(OFFICER.name, "page")
    )
    newest = officer.history(officer.load().catalogue, OWN)[0].version
    assert (newest.by.who, newest.state["profiles"][0]["fte"]) == ("anna", 2.0)
    assert np.isclose(officer.load().profiles.fte[officer.load().profiles.row(OWN)], 2.0)
