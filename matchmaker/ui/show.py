"""How results look: cards, bars and notes. Every picture has a table or text that says the same."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import quote

import pandas as pd
import streamlit as st

from matchmaker import access, log
from matchmaker.dataset import Dataset
from matchmaker.errors import EntryRejected, ImportRejected, MatchmakerError
from matchmaker.i18n import Language
from matchmaker.model import (
    COMPLEMENTARITY,
    LAND_NAMES,
    LANDS,
    LIKENESS,
    PART_TITLES,
    PARTS,
    Consortium,
    Cooperation,
    Evidence,
    Municipality,
    Option,
    Preferences,
    Software,
    Suggestion,
    least_cost,
)
from matchmaker.network import CentreMatch
from matchmaker.ui import cache, links, login, papers, pictures, printing
from matchmaker.ui.pictures import COLOURS

_ADDRESS: Final = re.compile(r"(?<=:)(?=//)|(?<=www)(?=\.)|(?<=@)", re.IGNORECASE)
"""Places in an address by which the browser knows it as one."""
_BLANKS: Final = re.compile(r"[^\S\N{NO-BREAK SPACE}]+")
"""Blanks and line breaks; what keeps a figure and its unit on one line stays."""

_FIGURE: Final = 205
"""Width in pixels of a figure with its range below."""

_IN_ADDRESSES: Final = "/:?#@!$&'*+,;=%~"
"""Characters of an address that Markdown leaves alone inside a link, beside letters and digits."""


def part_names(_: Language) -> dict[str, str]:
    """Return the names of the parts of the score on screen."""
    return {part: _.render(title) for part, title in PART_TITLES.items()}


def failure(error: MatchmakerError, _: Language) -> None:
    """Explain an error: what happened, where, and what to do next."""
    log.refused(error.code)
    text = _.render(error.what) + (" " + _.render(error.remedy) if error.remedy else "")
    st.error(escaped(text), icon=":material/error:")
    if isinstance(error, ImportRejected):
        st.dataframe(
            pd.DataFrame(
                [(i.file, i.row, i.column, i.value, _.render(i.rule)) for i in error.issues],
                columns=[_("File"), _("Row"), _("Column"), _("Value"), _("Rule")],
            ),
            hide_index=True,
        )


def entries(error: EntryRejected, labels: Mapping[str, str], _: Language) -> None:
    """Say of each entry that cannot be saved what is wrong with it; ``labels`` are names of fields by column."""
    for issue in error.issues:
        value = f"„{issue.value}“ – " if issue.value else ""
        st.error(f"**{labels.get(issue.column, issue.column)}**: " + escaped(value + _.render(issue.rule)))


def facts(municipality: Municipality, _: Language) -> str:
    """Return one line about a municipality: kind, Land, inhabitants; of one without a name that it has none."""
    land = _(LAND_NAMES[LANDS.index(municipality.land)])
    if municipality.is_unnamed:
        return f"{land} · " + _("does not show its name; it appears when both sides have agreed on a cooperation")
    people = (
        _("inhabitants unknown")
        if municipality.population is None
        else _("{count} inhabitants").format(count=_.number(municipality.population))
    )
    kind = _(municipality.kind.value) if municipality.kind else _("kind unknown")
    return f"{kind} · {land} · {people}"


def name(municipality: Municipality, _: Language) -> str:
    """Return the name, with a mark where the municipality is simulated."""
    mark = f" :orange-badge[{_('simulated')}]" if municipality.simulated else ""
    return escaped(municipality.name) + mark


def _names(municipalities: Sequence[Municipality], _: Language) -> str:
    """Return a list of names for a sentence, the simulated ones marked."""
    return _.list([escaped(m.name) + (f" (*{_('simulated')}*)" if m.simulated else "") for m in municipalities])


def stock(data: Dataset, _: Language) -> None:
    """Show how much is known of real municipalities, without what Streamlit's figures would load on the first page."""
    counts = {
        _("Municipalities and districts"): (~data.profiles.simulated).sum(),
        _("Published AI projects"): (data.tables["offers"]["provenance"] == "published").sum(),
        _("Published cooperations"): sum(bool(one.url) for one in data.cooperations),
    }
    figures = "".join(f"<div><dt>{said}</dt><dd>{_.number(count)}</dd></div>" for said, count in counts.items())
    st.html(f'<dl class="figures">{figures}</dl>')


def centre(found: CentreMatch | None, titles: Mapping[str, str], _: Language) -> None:
    """Say in one line which competence centre fits and lies nearest; ``titles`` are those of the use cases."""
    if found is None:
        return
    far = "" if found.km is None else ", " + _("{km} km away").format(km=_.number(found.km))
    topics = ", ".join(titles[topic] for topic in found.topics)
    fits = (
        _("works on what you need: {topics}").format(topics=escaped(topics))
        if topics
        else _("the nearest; nothing is published of it about your needs")
    )
    seat = escaped(found.centre.place) + ", " if found.centre.place else ""
    unsure = ", " + _("seat not confirmed") if found.centre.place_status == "assumption" else ""
    host = f" {_('Who is behind it')}: {escaped(found.centre.host)}." if found.centre.host else ""
    st.markdown(
        f":material/school: {_('Competence centre')}: **{escaped(found.centre.name)}** "
        f"({seat}{found.centre.land}{far}{unsure}) – {fits}.{host}{link(found.centre.url, _)}"
    )


def cooperations(found: Sequence[Cooperation], _: Language) -> None:
    """List what a municipality does together with others."""
    if not found:
        return
    with printing.fold(_.plural("{count} known cooperation", "{count} known cooperations", len(found))):
        st.markdown(
            "\n".join(
                f"- **{escaped(one.title)}** ({_(one.status)}): {escaped(_.label(one.topic))}{link(one.url, _)}"
                for one in found
            )
        )


def sources(evidence: Sequence[Evidence], _: Language, limit: int = 5) -> None:
    """List published evidence with links to where it can be read."""
    lines = []
    for item in evidence[:limit]:
        year = f" ({item.year})" if item.year else ""
        lines.append(f"- {escaped(_.label(item.title))}{year}{link(item.url, _)}")
    st.markdown("\n".join(lines))
    if len(evidence) > limit:
        st.caption(_("{count} more published sources").format(count=len(evidence) - limit))


def escaped(text: str) -> str:
    """Return a text of the data that Markdown shows as it is."""
    # Addresses become links even where every character is escaped, unless something stands in between.
    unlinked = _ADDRESS.sub("\N{WORD JOINER}", _BLANKS.sub(" ", text).strip())
    return "".join(f"\\{c}" if c in "\\`*_{}[]()#+-.!|$<>:~&=" else c for c in unlinked)


def in_label(text: str) -> str:
    """Return a text of the data for the label of a field, which is read aloud as it stands: without links only."""
    return text.replace("](", "] (")


def link(url: str, _: Language, *, whole: bool = False) -> str:
    """Return a link to a source, on paper with the whole address; nothing where the address is none of the web."""
    if not url.startswith(("https://", "http://")):
        return ""
    # An address with brackets could end the link and begin something else.
    return f" [{escaped(url) if whole else _('Source')}]({quote(url, safe=_IN_ADDRESSES)})"


def both(data: Dataset, key: str, other: str, preferences: Preferences, _: Language) -> None:
    """Draw two municipalities as partners of each other: what a link in the address asks for."""
    if not other or other == key or other not in data.profiles.key:
        return
    version = cache.workspace().version()
    one, two = (data.profiles.municipality(data.profiles.row(k)) for k in (key, other))
    if two.simulated and not preferences.simulated:
        return
    st.subheader(_("{one} and {two}").format(one=name(one, _), two=name(two, _)))
    st.caption(_("The number is the rank among all participants, with the weights chosen above and without filters."))
    for column, asker, partner in zip(st.columns(2), (one, two), (two, one), strict=True):
        with column:
            st.markdown(_("Partners for **{name}**").format(name=name(asker, _)))
            suggestion(cache.pair(version, asker.key, partner.key, preferences), _)
    st.subheader(_("All suggestions"))


def software(found: Software | None, _: Language) -> str:
    """Return the open-source solution behind an offer with its licence and a link; nothing where there is none."""
    if not found:
        return ""
    licence = f" ({escaped(found.licence)})" if found.licence else ""
    return f" · {_('Open source')}: {escaped(found.name or found.url)}{licence}{link(found.url, _)}"


def score_bars(suggestions: Sequence[Suggestion], _: Language) -> None:
    """Draw the score of each partner as a bar made of its parts; pale pieces are estimated."""
    names = part_names(_)
    labels = [f"{s.rank}. {s.partner.name}  {_.number(s.score, 2)}" for s in suggestions]
    series = []
    for place, part in enumerate(PARTS):
        data = []
        for s in suggestions:
            found = s.parts[place]
            style = {} if found.known else {"itemStyle": {"opacity": 0.35}}
            data.append({"value": round(found.value * found.weight, 4), **style})
        series.append(
            {"type": "bar", "name": names[part], "stack": "score", "itemStyle": {"color": COLOURS[place]}, "data": data}
        )
    pictures.draw(
        {
            "grid": {"left": 8, "right": 16, "top": 136, "bottom": 8, "containLabel": True},
            "legend": {"top": 0, "type": "plain"},
            "xAxis": {"type": "value", "min": 0, "axisLabel": {"show": False}},
            "yAxis": {"type": "category", "data": labels, "inverse": True},
            "series": series,
        },
        _,
        key="score_bars",
        file="passung",
        height=170 + 34 * len(suggestions),
        alt=_("Score of each partner, divided into its parts; the table below has the same figures."),
    )
    st.caption(_("Pale pieces are estimated because nothing is reported: the mean of all others stands in for them."))


def suggestion(s: Suggestion, _: Language) -> None:
    """Draw one partner as a card: who, how well, why, what speaks against, and what is published."""
    with st.container(border=True):
        st.markdown(f"#### {s.rank}. {name(s.partner, _)}")
        far = _("distance unknown") if s.km is None else _("{km} km away").format(km=_.number(s.km))
        st.caption(f"{facts(s.partner, _)} · {far}")
        figures = st.container(horizontal=True, gap="large")
        figures.metric(
            _("Score"),
            _.number(s.score, 2),
            help=_("Weighted sum of nine parts between 0 and 1.") + " " + links.method(_, "score"),
        )
        figures.metric(
            _("On reported data"),
            _.percent(s.coverage),
            help=_("Share of the score that rests on reported data.") + " " + links.method(_, "unknown"),
        )
        if s.stability is not None:
            figures.metric(
                _("Stability"),
                f"{_.percent(s.stability)}",
                _.render(s.steadiness) if s.steadiness else None,
                delta_color="off",
                delta_arrow="off",
                help=_("How often this partner stays in your list when data and weights are shaken 100 times.")
                + " "
                + links.method(_, "stability"),
            )
        st.markdown(
            _("Likeness **{likeness}** · complementarity **{complementarity}**").format(
                likeness=_.number(s.mean_of(LIKENESS), 2), complementarity=_.number(s.mean_of(COMPLEMENTARITY), 2)
            ),
            help=_("Likeness: the same needs and a similar size. Complementarity: one has or can do what the other "
                   "lacks. Both from 0 to 1.") + " " + links.method(_, "likeness"),
        )  # fmt: skip
        lines = [f":green[**+**] {escaped(_.render(text))}" for text in s.reasons]
        lines = lines or [_("Nothing reported speaks for this partner yet.")]
        lines += [f":red[**–**] {escaped(_.render(text))}" for text in s.against]
        if s.lift:
            lines.append(f":blue[**→**] {escaped(_.render(s.lift))}")
        st.markdown("  \n".join(lines))
        asker = st.session_state.get("key", "")
        if not s.partner.simulated and s.partner.key != asker and access.may_edit(login.user(), asker):
            links.ask([s.partner.key], _("Ask {name}").format(name=in_label(s.partner.name)))
        if s.evidence:
            with printing.fold(_.plural("{count} published source", "{count} published sources", len(s.evidence))):
                sources(s.evidence, _, limit=20)


def project(
    group: Consortium, options: Sequence[Option], asker: Municipality, number: int, data: Dataset, _: Language
) -> None:
    """Draw one joint project: which way costs least, who, what it saves, who pays what, and what to know.

    ``options`` are the ways that compete, the cheapest first; ``data`` hold the own values that all was computed with.
    """
    from matchmaker.ui import shares  # noqa: PLC0415 - its tables know this module

    with st.container(border=True):
        st.markdown(f"#### {number}. {escaped(_.label(group.title))}")
        best = escaped(_.render(least_cost(options, asker.name)))
        if options[0].kind == "alone":
            st.warning(best, icon=":material/money_off:")
        else:
            st.success(best, icon=":material/savings:")
        st.markdown(
            _("Best new group: **{lead}** leads. Together: {members}.").format(
                lead=escaped(group.lead.name), members=_names(group.members, _)
            )
        )
        row = st.container(horizontal=True)
        saving, staff, days = (row.container(width=_FIGURE) for _figure in range(3))
        saving.metric(
            _("Saving in {years} years").format(years=_.number(group.years)),
            _.eur(group.saving_eur.central) if group.saving_eur.central > 0 else _("none expected"),
            help=_("Cost of everyone alone minus cost together, for the whole group.")
            + " "
            + links.method(_, "saving"),
        )
        saving.caption(
            _("from {low} to {high}; {yearly} a year").format(
                low=_.eur(group.saving_eur.low),
                high=_.eur(group.saving_eur.high),
                yearly=_.eur(group.saving_a_year_eur.central),
            )
        )
        staff.metric(
            _("Posts saved a year"),
            _.number(group.fte_saved.central, 2),
            help=_("Running it once instead of everywhere, minus the hours of coordination.")
            + " "
            + links.method(_, "saving"),
        )
        staff.caption(
            _("from {low} to {high}").format(
                low=_.number(group.fte_saved.low, 2), high=_.number(group.fte_saved.high, 2)
            )
        )
        days.metric(
            _("Working days saved at the start"),
            _.number(group.staff_days_saved.central),
            help=_("Procurement, data protection and set-up are done once instead of by everyone.")
            + " "
            + links.method(_, "saving"),
        )
        days.caption(
            _("from {low} to {high}").format(
                low=_.number(group.staff_days_saved.low), high=_.number(group.staff_days_saved.high)
            )
        )
        st.markdown(
            _("Together {joint} instead of {alone}: {percent} less.").format(
                joint=_.eur(group.joint_cents / 100),
                alone=_.eur(sum(group.alone_cents) / 100),
                percent=_.percent(group.saving_pct / 100),
            )
            if group.saving_eur.central > 0
            else _("Together {joint} instead of {alone}.").format(
                joint=_.eur(group.joint_cents / 100), alone=_.eur(sum(group.alone_cents) / 100)
            )
        )
        st.markdown("  \n".join(f":blue[**→**] {escaped(_.render(note))}" for note in group.notes))
        with printing.fold(_("Who pays what, and how large should the group be?"), key=f"shares_{number}") as fold:
            if fold.open:
                shares.draw(group, number, _)
                _size_curve(group, number, _)
        if group.access:
            st.markdown(
                _("Gains access to what it could hardly do alone: {names}.").format(names=_names(group.access, _))
            )
        if group.evidence:
            with printing.fold(_.plural("{count} published source", "{count} published sources", len(group.evidence))):
                sources(group.evidence, _, limit=20)
        others = [m.key for m in group.members if not m.simulated and m.key != asker.key]
        if others and access.may_edit(login.user(), asker.key):
            # What would be saved with participants that do not exist is nothing to hold against the real saving.
            is_real = not any(m.simulated for m in group.members) and group.saving_eur.central > 0
            expected = f"{group.saving_a_year_eur.central:.0f}" if is_real else ""
            links.ask(others, _("Ask the others of this group"), use_case=group.use_case, saving=expected)
        papers.offer(group, options, number, data, _)


def saving_ranges(groups: Sequence[Consortium], _: Language) -> None:
    """Draw what each project saves in the cautious, central and favourable case, and say it in a table."""
    names = [f"{number}. {_.label(group.title)}" for number, group in enumerate(groups, start=1)]
    spans = [group.saving_eur for group in groups]
    ranges = [
        {
            "type": "line",
            "name": name,
            "data": [
                {"name": _.eur(end), "value": [round(end), name], "label": {"position": place}}
                for end, place in ((span.low, "left"), (span.high, "right"))
            ],
            "label": {"show": True, "formatter": "{b}"},
            "symbol": "rect",
            "symbolSize": [3, 16],
            "itemStyle": {"color": COLOURS[0]},
            "lineStyle": {"color": COLOURS[0], "width": 5},
        }
        for name, span in zip(names, spans, strict=True)
    ]
    centre = {
        "type": "scatter",
        "data": [{"name": _.eur(span.central), "value": [round(span.central), name]}
                 for name, span in zip(names, spans, strict=True)],
        "tooltip": {"formatter": "{b}"},
        "symbol": "diamond",
        "symbolSize": 16,
        "itemStyle": {"color": COLOURS[1], "borderColor": "#333", "borderWidth": 1},
        # Left of the line there is no saving.
        "markLine": {"silent": True, "symbol": "none", "data": [{"xAxis": 0}], "label": {"show": False},
                     "lineStyle": {"type": "dashed", "color": COLOURS[5]}},
    }  # fmt: skip
    pictures.draw(
        {
            "grid": {"left": 8, "right": 80, "top": 8, "bottom": 8, "containLabel": True},
            "xAxis": {"type": "value", "splitNumber": 4, "boundaryGap": ["16%", 0]},
            "tooltip": {"trigger": "item"},
            "yAxis": {"type": "category", "data": names, "inverse": True,
                      "axisLabel": {"width": 200, "overflow": "break"}},
            "series": [*ranges, centre],
        },
        _,
        key="saving_ranges",
        file="ersparnis",
        height=60 + 40 * len(groups),
        alt=_("Saving of each project from the cautious to the favourable case; the table below has the same figures."),
    )  # fmt: skip
    st.caption(_("Bar: from the cautious to the favourable case in euro. Diamond: central case. Left of the dashed "
                 "line nothing is saved.") + " " + links.method(_, "saving"))  # fmt: skip


def _size_curve(group: Consortium, number: int, _: Language) -> None:
    """Draw the saving against the size of the group, and say it in a table."""
    sizes, savings = zip(*group.curve, strict=True)
    pictures.draw(
        {
            "grid": {"left": 8, "right": 40, "top": 32, "bottom": 8, "containLabel": True},
            "xAxis": {"type": "category", "data": list(sizes), "name": _("members"), "nameLocation": "middle",
                      "nameGap": 24},
            "yAxis": {"type": "value"},
            "series": [
                {
                    "type": "line",
                    "data": [{"name": _.eur(saving), "value": round(saving)} for saving in savings],
                    "itemStyle": {"color": COLOURS[0]},
                    "label": {"show": True, "formatter": "{b}", "position": "top"},
                }
            ],
        },
        _,
        key=f"curve_{number}",
        file=f"verbundgroesse-{number}",
        height=220,
        alt=_("Saving of the best group of each size; the table below has the same figures."),
    )  # fmt: skip
    st.dataframe(pd.DataFrame([[_.eur(s) for s in savings]], columns=[str(size) for size in sizes]), hide_index=True)
