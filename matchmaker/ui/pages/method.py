"""Page "So wird gerechnet": formulas, weights, assumptions and limits, from the definitions that the program uses."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from matchmaker.model import FRAGILE_BELOW, KIND_FROM, PART_MEANINGS, PART_TITLES, PRESETS, STABLE_FROM, WEAK_BELOW
from matchmaker.ui import cache, inputs, tables

_LIMIT = rf"m_i<{WEAK_BELOW}"
_FORMULAS = (
    r"\frac{\sum\min(u_i,u_j)}{\sum\max(u_i,u_j)}",
    r"\frac{\sum u_i\,o_j}{\sum u_i}",
    r"\frac{\sum u_j\,o_i}{\sum u_j}",
    rf"\frac{{\sum_{{{_LIMIT}}}\max(0,\,m_j-m_i)}}{{\sum_{{{_LIMIT}}}(5-m_i)}}",
    r"1,\ \tfrac12,\ 0",
    r"\frac{1}{1+(km/60)^2}",
    r"\frac{\min(P_i,P_j)}{\max(P_i,P_j)}",
    r"1,\ 0",
    r"\min\!\left(1,\ \frac{f_i+f_j}{4}\right)",
)
"""The parts of the score in the order of the model, as `matchmaker.partners` defines them."""

_ = inputs.chosen_language()
st.title(_("How it is computed"))
catalogue = cache.dataset().catalogue

st.subheader(_("The score of a partner"))
st.markdown(
    _(
        "Nine parts between 0 and 1, each times its weight. u is the urgency of a need (1 to 3), o what somebody has "
        "(planned ¼, pilot ½, operation 1), m the maturity (0 to 5), P the inhabitants, f the free posts; i is your "
        "municipality, j the other."
    )
)
for (part, title), formula in zip(PART_TITLES.items(), _FORMULAS, strict=True):
    name, meaning = st.columns([2, 3], vertical_alignment="center")
    name.markdown(f"**{_.render(title)}**  \n{_.render(PART_MEANINGS[part])}")
    meaning.latex(formula)
weights = pd.DataFrame(
    {
        _("Part"): [_.render(title) for title in PART_TITLES.values()],
        **{inputs.preset_names(_)[name]: preset.values() for name, preset in PRESETS.items()},
    }
)
st.markdown(_("Weights proposed for three purposes; everybody can move them."))
tables.draw(weights, "gewichte-vorschlag.csv", _, digits={str(column): 2 for column in weights.columns[1:]})

st.subheader(_("What is unknown"))
st.markdown(
    _(
        "Unknown is never read as zero. A part that rests on unknown data takes the mean of that part over all "
        "candidates for which it is known. The share of the score that rests on reported data is shown beside it."
    )
)

st.subheader(_("How stable a suggestion is"))
st.markdown(
    _(
        "A hundred times maturity moves by its error, weights shift a little, and one need or offer in ten is left "
        "out. The figure says how often the partner stays in the list: stable from {stable}, fragile below {fragile}."
    ).format(stable=_.percent(STABLE_FROM), fragile=_.percent(FRAGILE_BELOW))
)

st.subheader(_("What a joint project costs and saves"))
alone, joint, lead = (rf"\text{{{word}}}" for word in (_("alone"), _("together"), _("lead")))
st.latex(rf"{alone}_i=F+v_i\qquad {joint}=F+\sum v_i+\sum k(i,{lead})+\eta\,\frac{{n(n-1)}}{{2}}")
st.markdown(
    _(
        "F is what it costs once (setting up, procurement, data protection), v grows with inhabitants, k is what "
        "joining costs, η what coordination costs between n members. The saving is all costs alone minus the joint "
        "cost, over five years, in a cautious, a central and a favourable case. “No saving expected” is an answer."
    )
)
three = dict.fromkeys((_("low"), _("central"), _("high")), 2)
tables.draw(tables.assumptions(catalogue.assumptions.values(), _), "annahmen.csv", _, digits=three)

st.subheader(_("Words"))
sizes = [f"{_(kind.value)}: {_('from {count}').format(count=_.number(n))}" for kind, n in KIND_FROM.items() if n]
words = [
    (_("Kind"), "; ".join(sizes)),
    (_("Maturity"), _("Level 0 to 5 in eight dimensions, by self-assessment or survey.")),
    (_("Need"), _("A use case that a municipality wants, with its urgency from 1 to 3.")),
    (_("Offer"), _("A use case that a municipality plans, pilots or runs.")),
    (_("Simulated"), _("Made up to show what the program can do; no real municipality.")),
]
tables.draw(pd.DataFrame(words, columns=[_("Word"), _("Meaning")]), "begriffe.csv", _)

st.subheader(_("Known limits"))
st.markdown(
    _(
        "- Published projects and cooperations are incomplete: silence does not mean that nothing happens.\n"
        "- Levels of maturity are worded by this project; no instrument of this kind has been validated.\n"
        "- Many costs and savings are assumptions with a range; nothing is a quotation.\n"
        "- Law and funding are pointers with source and year: information, not advice."
    )
)
