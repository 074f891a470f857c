"""Who pays what in a joint project: one rule at a time, and all of them side by side."""

from __future__ import annotations

import math

import pandas as pd
import streamlit as st

from matchmaker.i18n import Language
from matchmaker.model import SPLIT_MEANINGS, SPLIT_TITLES, Consortium, Sharing, Split
from matchmaker.ui import cache, tables
from matchmaker.ui.show import escaped


def draw(group: Consortium, number: int, _: Language) -> None:
    """Let the user choose a rule, show what each pays and who would object, and compare all rules."""
    found = cache.sharing(group)
    by_rule = {split.rule: split for split in found.splits}
    titles = {rule: _.render(SPLIT_TITLES[rule]) for rule in by_rule}
    shown = {rule: title + (f" ({_('recommended')})" if rule == found.recommended else "")
             for rule, title in titles.items()}  # fmt: skip
    rule = st.selectbox(
        _("How the joint cost is split"),
        list(by_rule),
        index=list(by_rule).index(found.recommended or group.rule),
        format_func=shown.__getitem__,
        key=f"split_{group.use_case}",
    )
    unit = _("Amounts in euro over all years of the project; the CSV has the cents.")
    st.caption(f"{_.render(SPLIT_MEANINGS[rule])} {unit}")
    names = [m.name + (f" ({_('simulated')})" if m.simulated else "") for m in group.members]
    alone = [math.nan if cents is None else cents / 100 for cents in found.alone_cents]
    pays = [cents / 100 for cents in by_rule[rule].cents]
    saves = [before - after for before, after in zip(alone, pays, strict=True)]
    euros = dict.fromkeys((_("Alone"), _("Together"), _("Saves"), _("Gain by leaving"), *titles.values()), 0)
    chosen = pd.DataFrame({_("Member"): names, _("Alone"): alone, _("Together"): pays, _("Saves"): saves})
    tables.draw(chosen, f"kosten-{number}.csv", _, digits=_of(chosen, euros))
    st.markdown(escaped(_objections(names, by_rule[rule], _)))
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


def _objections(names: list[str], split: Split, _: Language) -> str:
    """Return in a sentence or two who would object to a split."""
    said = []
    if split.pays_more:
        said.append(_("More than alone: {names}.").format(names=_.list([names[i] for i in split.pays_more])))
    else:
        said.append(_("Nobody pays more than alone."))
    if any(cents < 0 for cents in split.cents):
        paid = [name for name, cents in zip(names, split.cents, strict=True) if cents < 0]
        said.append(_("Would be paid by the others: {names}.").format(names=_.list(paid)))
    if split.worst:
        text = _("Would do better by themselves, by {gain}: {names}.")
        said.append(text.format(gain=_.eur(split.gain_cents / 100), names=_.list([names[i] for i in split.worst])))
    elif split.in_core:
        said.append(_("No subgroup would do better by itself."))
    return " ".join(said)


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
