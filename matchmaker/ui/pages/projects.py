"""Page "Gemeinsame Projekte": the best group for each need, what it saves and who leads."""

from __future__ import annotations

from datetime import date

import streamlit as st

from matchmaker import service
from matchmaker.model import Preferences
from matchmaker.ui import assumptions, cache, inputs, links, printing, projects, shares, show, tables

SHOWN = 3
"""Projects shown at once; what all of them save is in the table, and the others unfold."""

_ = inputs.chosen_language()
st.title(_("Joint projects"))
key = st.session_state.get("key", "")
if not key:
    st.info(_("Choose your municipality on the left."), icon=":material/arrow_back:")
    st.stop()

data = cache.dataset()
row = data.profiles.row(key)
municipality = data.profiles.municipality(row)
st.markdown(
    _("What **{name}** could do together with others, and what that saves.").format(name=show.name(municipality, _))
)
titles = {use_case.id: _.label(use_case.title) for use_case in data.catalogue.use_cases}
if "project_use_case" not in st.session_state and (linked := links.asked("use_case")) in titles:
    st.session_state["project_use_case"] = linked
asked = st.selectbox(
    _("Use case"),
    list(titles),
    index=None,
    format_func=titles.__getitem__,
    placeholder=_("All needs that are entered"),
    help=_("Choose one to see it whether or not it is a stated need."),
    key="project_use_case",
)
links.say(use_case=asked or "")
if municipality.population is None or municipality.lat is None:
    st.warning(_("Inhabitants or place of this municipality are unknown, so costs cannot be computed."))
    st.stop()
results = st.container()
wanted = [asked] if asked else data.profiles.needed(row)
changes = assumptions.own_values(data, wanted, _)
day = date.today().isoformat()  # noqa: DTZ011 - the day where the server stands
question = (cache.workspace().version(), key, Preferences(simulated=inputs.shows_simulated()), asked or "", changes)
with results:
    with st.spinner(_("Looking for the best groups …")):
        found = cache.projects(*question)
    if not found and not asked and not data.profiles.need_known[row]:
        st.info(
            _("No needs are entered yet. Enter what bothers you, or choose a use case above."), icon=":material/edit:"
        )
        st.page_link("matchmaker/ui/pages/municipality.py", label=_("My municipality"), icon=":material/home:")
    elif not found:
        st.warning(_("No group can be formed: nobody who is known can lead it. More profiles would help."))
    if len(found) > 1:
        st.subheader(_("What the projects save"))
        show.saving_ranges(found, _)
        savings = tables.savings(found, _)
        tables.draw(savings, "ersparnis.csv", _, digits=dict.fromkeys(savings.columns[1:4], 0))
    changed = service.with_assumptions(data, changes)
    rules = tuple(shares.chosen_rule(group) for group in found)
    numbered = list(enumerate(cache.project_details(*question, rules, day), start=1))
    for number, (group, options, conditions) in numbered[:SHOWN]:
        projects.one(group, options, conditions, municipality, number, changed, _)
    if rest := numbered[SHOWN:]:
        with printing.fold(_.plural("{count} more project", "{count} more projects", len(rest)), key="rest") as more:
            for number, (group, options, conditions) in rest if more.open else ():
                projects.one(group, options, conditions, municipality, number, changed, _)
