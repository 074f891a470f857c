"""Page "Vergleichskommunen": who resembles a municipality in figures, and what sets them apart."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from matchmaker import indicators, peers
from matchmaker.errors import MatchmakerError
from matchmaker.ui import cache, comparison, inputs, links, show, tables

_LARGE = 100
"""Figures from here on are shown without decimals."""

_ = inputs.chosen_language()
st.title(_("Peer municipalities"))
st.markdown(_("Who resembles you in figures, found as statistics offices find statistical neighbours."))
key = st.session_state.get("key", "")
if not key:
    st.info(_("Choose your municipality on the left."), icon=":material/arrow_back:")
    st.stop()

data = cache.dataset()
with st.expander(_("Figures of your own")):
    given = st.file_uploader(
        _("Table of indicators"), ["csv", "xlsx"], key="peer_table",
        help=_("With a header: first the column of keys, then one column for each indicator. Empty means unknown."),
    )  # fmt: skip
    apart = st.file_uploader(
        _("Pairs that shall not be peers"), ["csv", "xlsx"], key="peer_pairs",
        help=_("With a header and two columns of keys, such as a town and the Landkreis around it."),
    )  # fmt: skip
    st.caption(_("Files are only compared, not saved. Without a table, inhabitants, maturity, needs and means count."))
try:
    with st.spinner(_("Reading the figures …")):
        if given:
            table, titles = comparison.read(given, indicators.read_indicators), {}
        else:
            table = indicators.from_profiles(data.profiles, simulated=inputs.shows_simulated())
            titles = comparison.own_titles(data.catalogue, _)
            if key not in table.keys:
                st.info(
                    _("No maturity is entered yet. Enter it under My municipality, or load figures of your own above."),
                    icon=":material/edit:",
                )
                st.stop()
        excluded = comparison.read(apart, lambda file: indicators.read_excluded(file, table.keys)) if apart else None
    row = table.row(key)
    names = [titles.get(name, f"{name} *" if name in comparison.heads(_) else name) for name in table.names]
    chosen, asked = st.columns([3, 2])
    with chosen:
        weights = comparison.weights(names, _, key=f"peer_weights_{given.file_id if given else 'own'}")
    top = asked.slider(_("Number of peers"), 3, 30, 10, key="peer_top", help=_("Fewer where there are not so many."))
    found = peers.find_peers(table.values, top, weights=weights, excluded=excluded, rows=[row])
except MatchmakerError as error:
    show.failure(error, _)
    st.stop()
if silent := [names[column] for column in sorted({*found.constant, *found.empty})]:
    asked.caption(_("Without effect, since all are alike or unknown:") + " " + show.escaped(_.list(silent)))
others = found.neighbour[0][found.neighbour[0] >= 0]
if len(others) == 0:
    st.warning(
        _("Nobody is left to compare with. Load more figures, or allow more pairs."), icon=":material/search_off:"
    )
    st.stop()

rows = [row, *others]
who = comparison.listed(table, rows, data.profiles, _)
used = [name for name, weight in zip(names, weights, strict=True) if weight > 0]
st.subheader(_("Most alike"))
nearest = who[1:].assign(**{_("Distance"): found.distance[0, : len(others)]})
if nearest[comparison.heads(_)[3]].astype(bool).all():
    st.info(
        _("All of these are simulated, because no real municipality has entered enough yet. Load figures of your own "
          "above to be compared with real ones."), icon=":material/science:",
    )  # fmt: skip
tables.draw(nearest, "vergleichskommunen.csv", _, digits={_("Distance"): 2})
st.caption(
    _("Distance in standard deviations over all indicators together. Zero means: the same figures.")
    + " "
    + links.method(_, "peers")
)

st.subheader(_("What sets you apart"))
share = peers.contributions(table.values, row, others, weights)[:, weights > 0]
shares = pd.DataFrame(100 * share, columns=used, index=who.index[1:])
comparison.share_bars(
    [f"{rank}. {name}" for rank, name in zip(who.iloc[1:, 0], who.iloc[1:, 1], strict=True)], shares, _
)
tables.draw(pd.concat([who[1:], shares], axis=1), "vergleich-anteile.csv", _, digits=dict.fromkeys(used, 0))
st.caption(_("Share of each indicator in the squared distance, in per cent."))

st.subheader(_("Side by side"))
figures = pd.DataFrame(table.values[rows][:, weights > 0], columns=used)  # noqa: PD011 - no data frame
digits = {name: 0 if figures[name].abs().max() >= _LARGE else 2 for name in used}
tables.draw(comparison.side_by_side(who, figures, _), "vergleich-werte.csv", _, digits=digits)
st.caption(_("An empty cell means: unknown. In the comparison the median of all stands in for it."))
