"""Page "Daten": tables in, with a preview before anything is changed, and all tables out."""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path

import streamlit as st

from matchmaker import exchange
from matchmaker.access import Role
from matchmaker.errors import MatchmakerError
from matchmaker.ui import cache, downloads, imported, inputs, show

_ = inputs.chosen_language()
st.title(_("Data"))
workspace = cache.workspace()
version = workspace.version()

st.subheader(_("Bring data in"))
st.markdown(
    _(
        "A table as CSV, a workbook, or a data package as ZIP. Nothing is changed before you have seen what would be. "
        "An import replaces all that a table says about each municipality it names."
    )
)
downloads.button(
    _("Empty form with explained columns"), exchange.template, "vorlage.xlsx", key="download_template", type="tertiary"
)
edits = workspace.user.role in {Role.ADMIN, Role.OFFICER}
if not workspace.place:
    st.info(_("This package is only looked at: nothing can be saved in it."))
elif not edits:
    st.info(_("Only officers of municipalities bring data in, each about their own."), icon=":material/lock:")
given = st.file_uploader(
    _("File to import"), ["csv", "xlsx", "zip"], key=f"import_{imported.round_()}",
    disabled=not (workspace.place and edits),
)  # fmt: skip
if given:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / Path(given.name).name
        path.write_bytes(given.getvalue())
        try:
            with st.spinner(_("Reading the file …")):
                found = workspace.preview(path)
            imported.draw(found, _)
            # With the version in its name, a click on a preview that others have overtaken reaches nothing.
            if st.button(_("Take over"), type="primary", icon=":material/check:", key=f"take_over_{version[1]}"):
                workspace.take_in(path, what=f"import {path.name}", by=inputs.author())
                imported.start_over()
                st.toast(_("Saved."), icon=":material/check:")
                st.rerun()
        except MatchmakerError as error:
            show.failure(error, _)

st.subheader(_("Take data out"))
st.markdown(_("All tables with what you entered, described column by column. Simulated participants are marked."))
formats = {".zip": _("Data package as ZIP"), ".xlsx": _("Workbook"), ".json": _("JSON for other registers")}
with st.container(horizontal=True):
    for ending, label in formats.items():
        make = partial(cache.package, version, ending)
        downloads.button(label, make, f"matchmaker{ending}", key=f"download{ending}")
