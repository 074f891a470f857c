"""What has changed between two states of what a municipality entered, in sentences.

A state is the rows of one municipality by table (``profiles``, ``needs``, ``offers``) with only what is known in
them; a block that is missing has not been entered.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from matchmaker.catalogue import Catalogue
from matchmaker.message import Label, Message, Value, message

State: TypeAlias = Mapping[str, Sequence[Any]]


def in_words(before: State, after: State, catalogue: Catalogue) -> tuple[Message, ...]:
    """Return one sentence for each thing that an officer would call a change; dates and origins are none."""
    return (
        *_needs(_urgencies(before), _urgencies(after), catalogue),
        *_offers(_offered(before), _offered(after), catalogue),
        *_profile(_only(before.get("profiles", ())), _only(after.get("profiles", ())), catalogue),
    )


def occasion(what: str) -> Message:
    """Return how a change came about, from what the store was told about it."""
    kind, _, rest = what.partition(" ")
    match kind:
        case "profile":
            return message("Entered")
        case "import":
            return message("Import of {file}", file=rest)
        case "survey":
            return message("Survey {file}", file=rest)
        case "restore":
            return message("Version {number} brought back", number=rest)
        case "begin":
            return message("State when the history began")
        case _:
            return message("{what}", what=what)


def _needs(before: Mapping[str, float], after: Mapping[str, float], catalogue: Catalogue) -> list[Message]:
    found = []
    for use_case in sorted({*before, *after}):
        title, was, now = _title(use_case, catalogue), before.get(use_case), after.get(use_case)
        if was is None and now is not None:
            found.append(message("Need added: {title} (urgency {now:number})", title=title, now=now))
        elif now is None:
            found.append(message("Need removed: {title}", title=title))
        elif was is not None and was != now:
            found.append(message("Urgency of {title}: {was:number}, now {now:number}", title=title, was=was, now=now))
    return found


def _offers(before: Counter[tuple[Any, ...]], after: Counter[tuple[Any, ...]], catalogue: Catalogue) -> list[Message]:
    gone, new = list((before - after).elements()), list((after - before).elements())
    found = []
    for offer in new:
        use_case, title, stage = offer[:3]
        said: Value = title or _title(use_case, catalogue)
        # Of the same activity before and after, only what it is now needs saying.
        if same := next((old for old in gone if old[:2] == offer[:2]), None):
            gone.remove(same)
            found.append(message("Offer changed: {title} ({stage})", title=said, stage=message(stage or "unknown")))
        else:
            found.append(message("Offer added: {title} ({stage})", title=said, stage=message(stage or "unknown")))
    found += [message("Offer removed: {title}", title=old[1] or _title(old[0], catalogue)) for old in gone]
    return found


def _profile(before: Mapping[str, Any], after: Mapping[str, Any], catalogue: Catalogue) -> list[Message]:
    found = []
    for dimension in catalogue.dimensions:
        was, now = before.get(dimension.id), after.get(dimension.id)
        if was != now:
            found.append(
                message("Maturity, {title}: {was}, now {now}", title=dimension.title, was=_level(was), now=_level(now))
            )
    for name, text in (("fte", message("Staff free for AI")), ("budget_eur", message("Money free for AI"))):
        was, now = before.get(name), after.get(name)
        if was != now:
            found.append(message("{name}: {was}, now {now}", name=text, was=_figure(was), now=_figure(now)))
    was, now = (state.get("contact") or message("unknown") for state in (before, after))
    if was != now:
        found.append(message("{name}: {was}, now {now}", name=message("Mailbox"), was=was, now=now))
    return found


def _urgencies(state: State) -> Mapping[str, float]:
    return {row["use_case"]: row.get("urgency", 0.0) for row in state.get("needs", ())}


def _offered(state: State) -> Counter[tuple[Any, ...]]:
    """Return offers as values that can be compared: use case, title and stage first, then the rest."""
    first = ("use_case", "title", "stage")
    return Counter(
        (*(row.get(name, "") for name in first), *sorted((k, v) for k, v in row.items() if k not in first))
        for row in state.get("offers", ())
    )


def _only(rows: Sequence[Any]) -> Mapping[str, Any]:
    return rows[0] if rows else {}


def _title(use_case: str, catalogue: Catalogue) -> Value:
    known = {entry.id: entry.title for entry in catalogue.use_cases}
    return known.get(use_case, Label(use_case, use_case))


def _level(value: float | None) -> Message:
    return message("unknown") if value is None else message("{level:decimal}", level=value)


def _figure(value: float | None) -> Message:
    if value is None:
        return message("unknown")
    return (
        message("{figure:number}", figure=value) if value.is_integer() else message("{figure:hundredths}", figure=value)
    )
