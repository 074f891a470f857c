"""Who pays what in a joint project: one rule at a time, and all of them side by side."""

from __future__ import annotations

import math

import pandas as pd
import streamlit as st

from matchmaker.catalogue import CASES
from matchmaker.i18n import Language
from matchmaker.model import SPLIT_MEANINGS, SPLIT_TITLES, Consortium, Sharing
from matchmaker.ui import cache, tables
from matchmaker.ui.show import escaped


def chosen_rule(group: Consortium) -> str:
    """Return the rule that the user has chosen for a project; empty for the recommended one."""
    rule = str(st.session_state.get(_key(group), ""))
    return rule if rule and cache.sharing(group).of(rule) else ""


def _key(group: Consortium) -> str:
    return f"split_{group.use_case}"


def draw(group: Consortium, number: int, _: Language) -> None:
    """Let the user choose a rule, show what each pays and who would object, and compare all rules.

    The group is split by the rule chosen before: with the next run everything about the project follows.
    """
    found = cache.sharing(group)
    by_rule = {split.rule: split for split in found.splits}
    titles = {rule: _.render(SPLIT_TITLES[rule]) for rule in by_rule}
    shown = {rule: title + (f" ({_('recommended')})" if rule == found.recommended else "")
             for rule, title in titles.items()}  # fmt: skip
    rule = st.selectbox(
        _("How the joint cost is split"),
        list(by_rule),
        index=list(by_rule).index(group.rule),
        format_func=shown.__getitem__,
        key=_key(group),
    )
    unit = _("Amounts in euro over all years of the project; the CSV has the cents.")
    st.caption(f"{_.render(SPLIT_MEANINGS[rule])} {unit}")
    names = [m.name + (f" ({_('simulated')})" if m.simulated else "") for m in group.members]
    savings = (_("Saves, cautious"), _("Saves"), _("Saves, favourable"))
    euros = dict.fromkeys((_("Alone"), _("Together"), *savings, _("Gain by leaving"), *titles.values()), 0)
    chosen = pd.DataFrame(
        [(name, s.alone_cents / 100, s.pays_cents / 100, *(getattr(s.saves_eur, case) for case in CASES))
         for name, s in zip(names, group.shares, strict=True)],
        columns=[_("Member"), _("Alone"), _("Together"), *savings],
    ).round(2)  # fmt: skip
    tables.draw(chosen, f"kosten-{number}.csv", _, digits=_of(chosen, euros))
    st.markdown(escaped(" ".join(_.render(text) for text in found.objections(by_rule[rule], names))))
    st.info(escaped(_.render(found.reason)), icon=":material/balance:")
    st.markdown(f"**{_('All rules side by side')}**")
    amounts = pd.DataFrame(
        {_("Member"): names, **{titles[r]: [cents / 100 for cents in one.cents] for r, one in by_rule.items()}}
    )
    tables.draw(amounts, f"kosten-{number}-regeln.csv", _, digits=_of(amounts, euros))
    checks = _checks(names, found, _)
    tables.draw(checks, f"kosten-{number}-einwaende.csv", _, digits=_of(checks, euros))
    for missing, why in found.missing:
        st.caption(f"{_.render(SPLIT_TITLES[missing])}: {_.render(why)}")


def _of(frame: pd.DataFrame, digits: dict[str, int]) -> dict[str, int]:
    return {column: number for column, number in digits.items() if column in frame}


def _checks(names: list[str], found: Sharing, _: Language) -> pd.DataFrame:
    """Return for each rule who would object, and by how much it pays to leave."""
    holds = {True: _("yes"), False: _("no"), None: _("unknown")}
    return pd.DataFrame(
        [
            (_.render(SPLIT_TITLES[one.rule]), holds[one.in_core], ", ".join(names[i] for i in one.pays_more),
             ", ".join(names[i] for i in one.worst), one.gain_cents / 100 if one.worst else math.nan)
            for one in found.splits
        ],
        columns=[_("Rule"), _("Every subgroup stays"), _("More than alone"), _("Better off by themselves"),
                 _("Gain by leaving")],
    )  # fmt: skip
