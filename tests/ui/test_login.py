"""Logging in: whoever is not clearly known sees nothing, and whoever is known does only what is his."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
import streamlit as st
from playwright.sync_api import Browser, Locator, expect
from streamlit import config
from streamlit.runtime.secrets import Secrets
from streamlit.testing.v1 import AppTest

from matchmaker import sight
from matchmaker.dealings import Dealings
from matchmaker.entries import own_profile
from matchmaker.errors import Forbidden
from matchmaker.message import Label
from matchmaker.model import Activity, Provenance, Stage
from matchmaker.profiles import BLOCKS
from matchmaker.sight import Openness
from matchmaker.store import Account, Store
from matchmaker.ui import login
from matchmaker.workspace import Workspace
from scripts.screenshots import running_app, settle

ROOT = Path(__file__).resolve().parents[2]
OWN, FOREIGN = "01059083", "01059045"
ISSUER = "https://login.example"
AUTH = {
    "redirect_uri": "http://localhost:8501/oauth2callback", "cookie_secret": "x" * 32, "client_id": "app",
    "client_secret": "secret", "server_metadata_url": f"{ISSUER}/.well-known/openid-configuration",
}  # fmt: skip
PAGES = sorted(file.stem for file in (ROOT / "matchmaker/ui/pages").glob("*.py"))

Visit = Callable[..., AppTest]


def claims(**changes: object) -> dict[str, object]:
    now = int(time.time())
    return {
        "is_logged_in": True, "iss": ISSUER, "sub": "anna", "aud": "app", "iat": now, "exp": now + 300, **changes,
    }  # fmt: skip


def visit(user: dict[str, object], page: str = "start", key: str = "", auth: object = AUTH) -> AppTest:
    """Open a page with what the cookie of a browser says."""
    session = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    session.secrets["auth"] = auth
    session.user = user
    session.query_params["lang"] = "en"
    if key:
        session.query_params["key"] = key
    session.run()
    if page != "start":
        session.switch_page(f"matchmaker/ui/pages/{page}.py").run()
    assert not session.exception
    return session


@pytest.fixture
def store(database: str):
    """Return the store of an app for many users, in which a municipality has entered something."""
    st.cache_resource.clear()
    store = Store(database)
    store.keep_account(Account(ISSUER, "anna", "officer", (OWN,)))
    workspace = Workspace(store=store)
    for key in (OWN, FOREIGN):
        workspace.save_profile(replace(own_profile(workspace.load(), key), fte=1.5, as_of="2026-11-01"))
    yield store
    st.cache_resource.clear()


def texts(session: AppTest) -> str:
    kinds = (session.markdown, session.caption, session.info, session.error)
    return "\n".join(str(element.value) for kind in kinds for element in kind)


def is_shut(session: AppTest) -> bool:
    """Return whether nothing is there but the door: no page, no municipality to choose, no table."""
    return [title.value for title in session.title] == ["Matchmaker: partners for AI"] and not (
        session.selectbox or session.dataframe or session.metric or session.get("download_button")
    )


@pytest.mark.usefixtures("store")
def test_nobody_sees_any_page_without_logging_in():
    for page in PAGES:
        session = visit({"is_logged_in": False}, page, OWN)
        assert is_shut(session), page
        assert [button.label for button in session.button] == ["Log in"]


@pytest.mark.usefixtures("store")
def test_a_login_that_is_not_in_order_is_refused_with_the_way_out():
    for wrong, said in (
        ({"aud": "other"}, "another application"), ({"aud": ["other"], "azp": "app"}, "another application"),
        ({"iat": time.time() - 13 * 3600}, "expired"), ({"sub": ""}, "names nobody"), ({"sub": "eve"}, "no account"),
        ({"iss": "https://other.example"}, "no account"), ({"is_logged_in": False}, ""),
    ):  # fmt: skip
        session = visit(claims(**wrong), "municipality", OWN)
        assert is_shut(session), wrong
        assert said in texts(session)
        assert [button.label for button in session.button] == ["Log out" if said else "Log in"]


@pytest.mark.parametrize("wrong", [{}, {**AUTH, "cookie_secret": "short"}, {**AUTH, "client_id": ""}, "text"], ids=str)
@pytest.mark.usefixtures("store")
def test_settings_that_are_not_in_order_let_nobody_in(wrong):
    session = visit(claims(), "municipality", OWN, wrong)
    assert is_shut(session)
    assert "nobody is let in" in texts(session)


def test_a_file_of_settings_that_cannot_be_read_does_not_make_a_desk(monkeypatch, tmp_path):
    monkeypatch.setattr(st, "secrets", Secrets())
    files = config.get_option("secrets.files")
    try:
        config.set_option("secrets.files", [str(tmp_path / "secrets.toml")])
        assert login._settings() is None
        (tmp_path / "secrets.toml").write_text("[auth\n")
        with pytest.raises(Forbidden):
            login._settings()
    finally:
        config.set_option("secrets.files", files)


@pytest.mark.usefixtures("store")
def test_an_officer_edits_the_own_municipality_and_looks_at_others():
    session = visit(claims(), "municipality")
    assert OWN in session.query_params["key"]
    assert [button.label for button in session.button if button.label == "Save"] == ["Save"]
    assert "History" in [expander.label for expander in session.expander]
    foreign = visit(claims(), "municipality", FOREIGN)
    assert "You may look at this municipality" in texts(foreign)
    assert [button.label for button in foreign.button] == ["Log out"]
    assert not foreign.multiselect
    assert "History" not in [expander.label for expander in foreign.expander]
    plan = visit(claims(), "plan")
    assert "Only a competence centre may plan a region" in texts(plan)
    assert not plan.slider


def test_an_officer_chooses_on_the_page_who_sees_what(store):
    session = visit(claims(), "municipality", OWN)
    session.button_group(key=f"open_{OWN}_needs").set_value("hidden")
    (save,) = [button for button in session.button if button.label == "Save choice"]
    save.click().run()
    assert not session.exception
    assert Workspace(store=store).openness(OWN) == {**sight.DEFAULTS, "needs": Openness.HIDDEN}
    session.button_group(key=f"open_{OWN}_name").set_value("hidden")
    next(button for button in session.button if button.label == "Save choice").click().run()
    assert Workspace(store=store).aliases()[OWN].startswith("99")


def test_a_centre_plans_its_region_and_a_removed_account_is_out_at_once(store):
    store.keep_account(Account(ISSUER, "anna", "centre", ("SH",)))
    session = visit(claims(), "plan")
    (lands,) = [field for field in session.multiselect if field.label == "Land"]
    assert lands.options == ["Schleswig-Holstein"]
    store.remove_account(ISSUER, "anna")
    session.run()
    assert is_shut(session)
    assert "no account" in texts(session)


def everything(session: AppTest) -> str:
    """Return all that a page sends to the browser, tables and pictures included, as people read it."""
    parts, blocks = [], [session._tree]
    while blocks:
        block = blocks.pop()
        blocks += list(getattr(block, "children", {}).values())
        if (proto := getattr(block, "proto", None)) is not None:
            parts.append(str(proto))
        if isinstance(value := getattr(block, "value", None), pd.DataFrame):
            parts.append(value.to_csv())
    return "\n".join(parts).replace("\\", "")


def test_no_page_shows_others_what_is_closed_and_the_municipality_and_its_partner_see_it(store):
    workspace = Workspace(store=store)
    title = Label("Geheimprojekt", "Geheimprojekt")
    offer = Activity("UC09", Stage.OPERATION, title, 2026, Provenance.SELF_ASSESSED, "https://geheim.example/")
    says = replace(
        own_profile(workspace.load(), FOREIGN), maturity=(3.0,) * 8, fte=1.9173, budget_eur=73_519.0, offers=(offer,),
        needs=(("UC01", 3),), contact="ki@stadt.invalid",
    )  # fmt: skip
    workspace.save_profile(says)
    hidden = dict.fromkeys((*BLOCKS, "contact"), Openness.HIDDEN)
    workspace.open(FOREIGN, hidden)
    marker = re.compile(
        r"(?<![\d.,])(?:1[.,]9173|1[.,]92|73[.,]?519(?:[.,]0)?)(?!\d)|Geheimprojekt|geheim\.example|ki@\W?stadt"
    )
    looked_at = {"partners": (OWN, FOREIGN), "projects": (OWN,), "plan": ()}
    for page in PAGES:
        for key in looked_at.get(page, (FOREIGN,)):
            session = visit(claims(), page, key)
            assert marker.findall(everything(session)) == [], page
    assert "medium (figure not open to you)" in everything(visit(claims(), "municipality", FOREIGN))

    # Without its name it is found on every page under its number, and nothing on them says who it is.
    workspace.open(FOREIGN, {**hidden, "needs": Openness.PUBLIC, "name": Openness.HIDDEN})
    number = workspace.aliases()[FOREIGN]
    Dealings(workspace).ask(FOREIGN, (OWN,), "UC01", "Machen Sie mit?")
    for page in PAGES:
        session = visit(claims(), page, {"plan": OWN, "cooperation": OWN}.get(page, number))
        assert marker.findall(everything(session)) == [], page
        assert not re.search(f"Kappeln|{FOREIGN}", texts(session) + str(session.main.get("expander"))), page
    assert "does not show its name" in texts(visit(claims(), "municipality", number))
    assert number[-3:] in texts(visit(claims(), "cooperation", OWN))
    assert "Machen Sie mit?" in texts(visit(claims(), "cooperation", OWN))

    store.keep_account(Account(ISSUER, "owner", "officer", (FOREIGN,)))
    own = visit(claims(sub="owner"), "municipality", FOREIGN)
    own.session_state["steps"] = "4 Staff, money, contact"
    assert {"1.9173", "73519"} <= set(marker.findall(everything(own.run())))
    # What is open to partners, a partner sees.
    workspace.open(FOREIGN, dict.fromkeys(hidden, Openness.PARTNERS))
    store.save(
        {
            "cooperations": pd.DataFrame([{"id": "x1", "title": "Zu zweit", "topic": "KI", "status": "running"}]),
            "cooperation_members": pd.DataFrame([{"cooperation_id": "x1", "key": key} for key in (OWN, FOREIGN)]),
        },
        what="import",
    )
    partner = everything(visit(claims(), "municipality", FOREIGN))
    assert {"1.92", "73,519", "Geheimprojekt", "geheim.example"} <= set(marker.findall(partner))
    assert any("stadt" in found for found in marker.findall(partner))


@pytest.mark.filterwarnings("ignore")  # the provider's, which uses what its libraries will drop
def test_the_whole_way_through_a_real_login(browser: Browser, any_databases, tmp_path, monkeypatch):
    """In, about, out; then with a forged cookie, a token for another application and one that has expired."""
    import oidc_provider_mock  # noqa: PLC0415 - warns when it is loaded
    from oidc_provider_mock._app import OpenIDCode  # noqa: PLC0415 - as above

    database = any_databases.fresh()
    with oidc_provider_mock.run_server_in_thread() as provider:
        issuer = f"http://localhost:{provider.server_port}"
        Store(database).keep_account(Account(issuer, "anna", "officer", (OWN,)))
        secrets = tmp_path / "secrets.toml"
        secrets.write_text(
            '[auth]\nredirect_uri = "http://localhost:{port}/oauth2callback"\nclient_id = "app"\n'
            'client_kwargs = { scope = "openid" }\n'
            f'client_secret = "any"\ncookie_secret = "{"k" * 40}"\n'
            f'server_metadata_url = "{issuer}/.well-known/openid-configuration"\n'
        )
        with running_app(database, f"--secrets.files={secrets}") as address:
            context = browser.new_context(locale="de-DE")
            context.set_default_timeout(30_000)
            page = context.new_page()

            def there(what: Locator) -> None:
                expect(what).to_be_visible(timeout=30_000)

            def log_in() -> None:
                page.goto(f"{address}/?lang=de")
                page.get_by_role("button", name="Anmelden").click()
                page.get_by_placeholder("sub").fill("anna")
                page.get_by_role("button", name="Authorize").click()
                page.wait_for_url(f"{address}/**")

            def log_out() -> None:
                page.get_by_role("button", name="Abmelden").click()
                page.get_by_role("button", name="End session").click()
                there(page.get_by_role("button", name="Anmelden"))

            log_in()
            there(page.get_by_text(f"Für eine Kommune zuständig · {OWN}"))
            settle(page)
            (cookie,) = [c for c in context.cookies() if c["name"] == "_streamlit_user"]
            assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Lax")
            log_out()

            forged = cookie["value"][:-2] + ("00" if not cookie["value"].endswith("00") else "11")
            context.add_cookies([{**cookie, "value": forged}])
            page.goto(f"{address}/kommune?key={OWN}")
            there(page.get_by_role("button", name="Anmelden"))

            def token_says(**wrong: object) -> None:
                monkeypatch.setattr(OpenIDCode, "generate_user_info", lambda *_, **__: {"sub": "anna", **wrong})

            # The library that checks tokens takes one for somebody else as long as it names us as authorised party.
            token_says(aud=["other"], azp="app")
            log_in()
            there(page.get_by_text("gilt für eine andere Anwendung"))
            log_out()

            token_says(exp=int(time.time()) - 3600)
            log_in()
            there(page.get_by_role("button", name="Anmelden"))
            context.close()
