"""Page "Barrierefreiheit": how far the app can be used by everybody, what is not yet so, and whom to tell."""

from __future__ import annotations

import streamlit as st

from matchmaker.ui import inputs

_ = inputs.chosen_language()
st.title(_("Accessibility statement"))
st.markdown(
    _(
        "This program is meant to be usable by everybody, as the Ordinance on accessible information technology "
        "(BITV 2.0) and the standard EN 301 549 ask of public bodies. This statement is about the program itself."
    )
)
st.subheader(_("How far it is accessible"))
st.markdown(
    _(
        "**Partly in conformity.** Every page is checked automatically against the rules of WCAG 2.2, levels A and "
        "AA (axe-core), in German and English, light and dark; no serious fault that the program can avoid is left. "
        "What is folded or on a tab that is not open is not checked that way. The way from the profile to the council "
        "paper is tested with the keyboard alone. This is a self-assessment: no test with screen readers or by people "
        "with disabilities has been made yet."
    )
)
st.subheader(_("What is not accessible yet"))
st.markdown(
    _(
        "- **Pictures, maps and graphs** are painted and cannot be entered with the keyboard. Each has a description, "
        "and a table on the same page says the same.\n"
        "- **Large tables** are painted too. Arrow keys move in them, screen readers read only part of them. The "
        "switch “View for printing” shows them as plain tables; each can also be saved as CSV.\n"
        "- **Some notices of the framework** (Streamlit) exist in English only, such as those on uploading files. "
        "Those that appear often are translated.\n"
        "- **Formulas** are read aloud in mathematical notation; the text beside each says what it means.\n"
        "- **Council papers**: the PDF is tagged (PDF/UA-1), but has not been checked by hand."
    )
)
st.subheader(_("What helps"))
st.markdown(
    _(
        "- The language of the page is set, so that it is read aloud rightly.\n"
        "- Everything can be enlarged to 400 per cent. Light and dark follow the computer or the menu at the top.\n"
        "- No meaning rests on colour alone: symbols, patterns or words say the same."
    )
)
st.subheader(_("Tell us about barriers"))
st.markdown(
    _(
        "The program runs on the computers of those who use or offer it. Please tell the body that gave you access; "
        "its imprint names whom to write to. It has to answer within a reasonable time, and it names the enforcement "
        "body of its Land that you can turn to if it does not."
    )
)
st.caption(_("Drawn up in November 2026, from automatic tests and self-assessment."))
