"""The command that turns employees' answers into maturity."""

from __future__ import annotations

import argparse
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from matchmaker.cli.session import author, print_json, workspace, writing
from matchmaker.model import DIMENSIONS, LEAST_RESPONDENTS

if TYPE_CHECKING:
    from matchmaker.i18n import Language


def survey(arguments: argparse.Namespace) -> int:
    """Show what employees' answers say, and keep it if asked to."""
    from matchmaker import service
    from matchmaker.answers import read_answers
    from matchmaker.i18n import language

    place, _ = writing(arguments) if arguments.save else (workspace(arguments), language(arguments.lang))
    data = place.load()
    profiles = data.profiles
    items = [item.id for item in data.catalogue.questionnaire]
    answers = read_answers(arguments.path, items=items, known=frozenset(profiles.key.tolist()))
    found = service.assess_survey(data, answers)
    levels = service.survey_levels(answers, found)
    saved: list[str] = []
    if arguments.save and len(levels):
        as_of = arguments.as_of or datetime.now(UTC).astimezone().date().isoformat()
        place.save_levels(levels, as_of=as_of, what=f"survey {arguments.path.name}", by=author())
        saved = levels["key"].tolist()
    assessed = []
    for row, key in enumerate(answers.keys):
        municipality = profiles.municipality(profiles.row(key))
        dimensions = {
            dimension: {
                "mean": _known(found.level[row, column], 4),
                "se": _known(found.level_se[row, column], 4),
                "level": _known(found.half_steps[row, column], 1),
                "respondents": int(found.counted[row, column]),
                "suppressed": bool(found.suppressed[row, column]),
            }
            for column, dimension in enumerate(DIMENSIONS)
        }
        assessed.append(
            {"key": key, "name": municipality.name, "simulated": municipality.simulated,
             "sheets": int(found.sheets[row]), "respondents": int(found.respondents[row]), "dimensions": dimensions}
        )  # fmt: skip
    if arguments.json:
        print_json(
            {"sheets": len(answers.group), "answers": len(answers.answer), "municipalities": assessed,
             "saved": saved, "database": place.place if arguments.save else ""}
        )  # fmt: skip
        return 0
    print(
        _("{sheets} answer sheets with {answers} answers, from {count} municipalities.").format(
            sheets=_.number(len(answers.group)), answers=_.number(len(answers.answer)), count=_.number(len(assessed))
        )
    )
    titles = {dimension.id: _.label(dimension.title) for dimension in data.catalogue.dimensions}
    for levels_found in assessed:
        _print_levels(levels_found, titles, _)
    if arguments.save:
        print("\n" + _.plural("{count} profile saved.", "{count} profiles saved.", len(saved)))
        print(_("Saved in {place}").format(place=place.place))
        if left := [key for key in answers.keys if key not in set(saved)]:
            print(_("Not saved, since nothing can be shown of them: {keys}").format(keys=", ".join(left)))
    return 0


def _known(value: float, digits: int) -> float | None:
    """Return a figure for JSON; None means unknown."""
    return None if math.isnan(value) else round(float(value), digits)


def _print_levels(found: Mapping[str, Any], titles: Mapping[str, str], _: Language) -> None:
    """Print one municipality: a line per dimension with mean, standard error and respondents."""
    mark = f" [{_('simulated')}]" if found["simulated"] else ""
    sheets = _.plural("{count} answer sheet", "{count} answer sheets", found["sheets"])
    print(f"\n{found['key']}  {found['name']}{mark}: {sheets}")
    width = max(map(len, titles.values()))
    for name, figures in found["dimensions"].items():
        if figures["suppressed"]:
            said = _("not shown: fewer than {least} respondents").format(least=LEAST_RESPONDENTS)
        elif figures["mean"] is None:
            said = _("unknown")
        else:
            respondents = _.plural("{count} respondent", "{count} respondents", figures["respondents"])
            said = f"{_.number(figures['mean'], 2)} ± {_.number(figures['se'], 2)}  ({respondents})"
        print(f"  {name}  {titles[name]:{width}}  {said}")
