"""Page "So wird gerechnet": formulas, weights, assumptions and limits, from the definitions that the program uses."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from matchmaker.model import (
    FRAGILE_BELOW,
    PART_MEANINGS,
    PART_TITLES,
    PRESETS,
    SPLIT_MEANINGS,
    SPLIT_TITLES,
    STABLE_FROM,
)
from matchmaker.ui import cache, explanations, inputs, tables

_ = inputs.chosen_language()
st.title(_("How it is computed"))
catalogue = cache.dataset().catalogue

st.subheader(_("The score of a partner"), anchor="score")
st.markdown(
    _(
        "Nine parts between 0 and 1, each times its weight. u is the urgency of a need (1 to 3), o what somebody has "
        "(planned ¼, pilot ½, operation 1), m the maturity (0 to 5), P the inhabitants, f the free posts; i is your "
        "municipality, j the other."
    )
)
for (part, title), formula in zip(PART_TITLES.items(), explanations.FORMULAS, strict=True):
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

st.subheader(_("Likeness and complementarity"), anchor="likeness")
st.markdown(explanations.likeness(_))

st.subheader(_("What is unknown"), anchor="unknown")
st.markdown(
    _(
        "Unknown is never read as zero. A part that rests on unknown data takes the mean of that part over all "
        "candidates for which it is known. The share of the score that rests on reported data is shown beside it."
    )
)

st.subheader(_("How stable a suggestion is"), anchor="stability")
st.markdown(
    _(
        "A hundred times maturity moves by its error, weights shift a little, and one need or offer in ten is left "
        "out. The figure says how often the partner stays in the list: stable from {stable}, fragile below {fragile}."
    ).format(stable=_.percent(STABLE_FROM), fragile=_.percent(FRAGILE_BELOW))
)

st.subheader(_("What a joint project costs and saves"), anchor="saving")
alone, joint, lead = (rf"\text{{{word}}}" for word in (_("alone"), _("together"), _("lead")))
st.latex(
    rf"\begin{{aligned}}{alone}_i&=F+v_i\\{joint}&=F+\sum v_i+\sum k(i,{lead})"
    r"+\eta\,\frac{n(n-1)}{2}\end{aligned}"
)
st.markdown(
    _(
        "F is what it costs once (setting up, procurement, data protection), v grows with inhabitants, k is what "
        "joining costs, η what coordination costs between n members. The saving is all costs alone minus the joint "
        "cost, over five years, in a cautious, a central and a favourable case. “No saving expected” is an answer."
    )
)
three = dict.fromkeys((_("low"), _("central"), _("high")), 2)
tables.draw(tables.assumptions(catalogue.assumptions.values(), _), "annahmen.csv", _, digits=three)
st.markdown(_("Rules by which a joint cost can be split:"))
st.markdown(
    "\n".join(f"- **{_.render(title)}**: {_.render(SPLIT_MEANINGS[rule])}" for rule, title in SPLIT_TITLES.items())
)

explanations.further(_)

st.subheader(_("Words"), anchor="words")
st.markdown("\n".join(f"- **{word}**: {meaning}" for word, meaning in explanations.words(catalogue, _)))

st.subheader(_("Known limits"), anchor="limits")
st.markdown(
    _(
        "- Published projects and cooperations are incomplete: silence does not mean that nothing happens.\n"
        "- Levels of maturity are worded by this project; no instrument of this kind has been validated.\n"
        "- Many costs and savings are assumptions with a range; nothing is a quotation.\n"
        "- Law and funding are pointers with source and year: information, not advice."
    )
)
