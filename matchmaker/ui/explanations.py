"""What the page on the method says, generated from the definitions that the program computes with."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

import streamlit as st

from matchmaker import clusters
from matchmaker.catalogue import Catalogue
from matchmaker.i18n import Language
from matchmaker.insights import statistics
from matchmaker.model import (
    COMPLEMENTARITY,
    KIND_FROM,
    LIKENESS,
    OFFER_QUARTERS,
    PART_TITLES,
    WEAK_BELOW,
    Provenance,
    Stage,
    Weights,
)
from matchmaker.peers import TAILS

_LIMIT = rf"m_i<{Fraction(WEAK_BELOW)}"  # a decimal sign would be right in one language only
FORMULAS: Final = (
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


def likeness(_: Language) -> str:
    """Say which parts of the score make likeness and which complementarity."""
    alike, apart = (_.list([_.render(PART_TITLES[part]) for part in parts]) for parts in (LIKENESS, COMPLEMENTARITY))
    text = _(
        "Both are weighted means of parts of the score, from 0 to 1. Likeness: {alike}. Complementarity: {apart}. "
        "Who is alike shares a need; who complements can help. Both count, so they are shown apart."
    )
    return text.format(alike=alike, apart=apart)


def further(_: Language) -> None:
    """Explain peers, types, statements and plans."""
    st.subheader(_("Peer municipalities"), anchor="peers")
    st.markdown(
        _(
            "Each indicator is cut at its percentiles {low} and {high}, gaps take the median, then it is divided by "
            "its standard deviation. The distance is the Euclidean one, as statistics offices compute it."
        ).format(low=TAILS[0], high=TAILS[1])
    )
    st.subheader(_("Types"), anchor="types")
    st.markdown(
        _(
            "Maturity, needs and means are grouped by nearness (k-means, two to {most} groups). Each number is "
            "compared with {references} sets of data without groups. Below a separation of {weak} or a stability of "
            "{steady} types are called weak; fewer than {least} fully assessed municipalities give no types."
        ).format(
            most=clusters.MOST_TYPES, references=clusters.REFERENCES, weak=_.number(clusters.WEAK_SILHOUETTE, 2),
            steady=_.number(clusters.STABLE, 1), least=clusters.LEAST,
        )
    )  # fmt: skip
    st.subheader(_("Statements"), anchor="statements")
    st.markdown(
        _(
            "Each statement is tested at {alpha}, with {draws} random reorderings where no formula fits. A statement "
            "is tried only where at least {least} municipalities can be counted."
        ).format(alpha=_.percent(statistics.ALPHA), draws=_.number(statistics.DRAWS), least=statistics.LEAST_ALL)
    )
    st.subheader(_("Plan of a region"), anchor="plan")
    st.markdown(
        _(
            "All projects are chosen together so that the sum of their central savings is largest and nobody gives "
            "more staff or money than it has. The distance from the best plan is proven: it is an upper bound, not "
            "an estimate."
        )
    )


def words(catalogue: Catalogue, _: Language) -> list[tuple[str, str]]:
    """Return each word with its meaning."""
    sizes = [f"{_(kind.value)}: {_('from {count}').format(count=_.number(n))}" for kind, n in KIND_FROM.items() if n]
    dimensions = _.list([_.label(dimension.title) for dimension in catalogue.dimensions])
    stages = [
        f"{_(stage.value)} {_.number(quarters / 4, 2)}"
        for stage, quarters in OFFER_QUARTERS.items()
        if stage != Stage.ENDED
    ]
    return [
        (_("Municipality"), _("A Gemeinde or a Landkreis, known by its official key of eight or five digits.")),
        (_("Kind"), "; ".join(sizes)),
        (_("Profile"), _("What a municipality says of itself: needs, offers, maturity, free staff and money.")),
        (_("Use case"), _("A task that artificial intelligence helps with; the catalogue has {count}.").format(
            count=_.number(len(catalogue.use_cases)))),
        (_("Need"), _("A use case that a municipality wants, with its urgency from 1 to 3.")),
        (_("Offer"), _("A use case that a municipality plans, pilots or runs.") + f" ({'; '.join(stages)})"),
        (_("Maturity"), _("Level 0 to 5 in eight dimensions, by self-assessment or survey.") + f" {dimensions}"),
        (_("Provenance"), _("Where a value comes from:") + " " + _.list([_(origin.value) for origin in Provenance])),
        (_("Simulated"), _("Made up to show what the program can do; no real municipality.")),
        (_("Score"), _("Weighted sum of {count} parts between 0 and 1.").format(count=len(Weights().values()))),
        (_("On reported data"), _("Share of the score that rests on reported data.")),
        (_("Stability"), _("How often a partner stays in the list when data and weights are shaken a hundred times.")),
        (_("Likeness"), _("The same needs and a similar size.")),
        (_("Complementarity"), _("One has or can do what the other lacks.")),
        (_("Group"), _("A lead and members for one use case; two to seven municipalities.")),
        (_("Lead"), _("Runs the solution for all, or has the maturity and the free staff to do so.")),
        (_("Cooperation"), _("An agreement, published or entered: suggested, contacted, agreed, running or ended.")),
        (_("Plan"), _("Groups chosen together for a region, within everybody's staff and money.")),
        (_("Hub"), _("Many shortest ways between two others lead through it.")),
        (_("Bridge"), _("A link without which the network falls apart.")),
        (_("Community"), _("Municipalities that work together more than with others.")),
        (_("Type"), _("Municipalities with a similar starting position, whatever their size and place.")),
    ]  # fmt: skip
