"""The app: language, municipality and pages. Everything else lives in ``matchmaker``."""

from __future__ import annotations

import streamlit as st

from matchmaker.errors import MatchmakerError
from matchmaker.ui import account, browser, cache, inputs, links, login, printing, show

_ = inputs.chosen_language()
# An emoji as icon keeps the browser from asking a font service for one.
st.set_page_config(page_title=_("Matchmaker: partners for AI"), page_icon="🤝", layout="wide")
user, refusal = None, None
try:
    user = login.enter(cache.opened())
except MatchmakerError as error:
    refusal = error

pages = "matchmaker/ui/pages"
page = st.navigation(
    [
        st.Page(f"{pages}/start.py", title=_("Start"), icon=":material/flag:", default=True),
        st.Page(f"{pages}/municipality.py", title=_("My municipality"), icon=":material/home:", url_path="kommune"),
        st.Page(f"{pages}/partners.py", title=_("Find partners"), icon=":material/group:", url_path="partner"),
        st.Page(f"{pages}/projects.py", title=_("Joint projects"), icon=":material/savings:", url_path="projekte"),
        st.Page(f"{pages}/cooperation.py", title=_("Requests and cooperation"), icon=":material/mail:",
                url_path="anfragen"),
        st.Page(f"{pages}/peers.py", title=_("Peer municipalities"), icon=":material/balance:", url_path="vergleich"),
        st.Page(f"{pages}/network.py", title=_("Cooperation network"), icon=":material/hub:", url_path="netz"),
        st.Page(f"{pages}/plan.py", title=_("Competence centre"), icon=":material/checklist:", url_path="plan"),
        st.Page(f"{pages}/types.py", title=_("Types"), icon=":material/category:", url_path="typen"),
        st.Page(f"{pages}/insights.py", title=_("Situation and statements"), icon=":material/fact_check:",
                url_path="thesen"),
        st.Page(f"{pages}/data.py", title=_("Data"), icon=":material/database:", url_path="daten"),
        st.Page(f"{pages}/method.py", title=_("How it is computed"), icon=":material/calculate:", url_path="methode"),
        st.Page(f"{pages}/accessibility.py", title=_("Accessibility"), icon=":material/accessibility:",
                url_path="barrierefreiheit"),
    ],
    position="sidebar" if user else "hidden", expanded=True,
)  # fmt: skip

try:
    with st.sidebar:
        first = st.container()  # filled last: it waits for the data, while the browser gets ready for the rest
        inputs.language_switch()
        browser.announce(_)
        if user:
            printing.switch(_)
            account.line(user, _)
    key = inputs.municipality(first, _) if user else ""
    # The address always says what is looked at, on every page.
    links.say(lang=_.code, key=key)
    if user:
        page.run()
        cache.warm_up()
    else:
        account.door(refusal, _)
except MatchmakerError as error:
    show.failure(error, _)
