"""What a reader is told about a suggested partner: reasons, arguments against, and what would lift the match."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from matchmaker import bands
from matchmaker.catalogue import Catalogue
from matchmaker.message import Label, Message, message
from matchmaker.model import LANDS, OFFER_QUARTERS, PARTS, WEAK_BELOW, Part, Stage
from matchmaker.partners.scoring import FULL_CAPACITY_FTE
from matchmaker.profiles import Floats, Profiles

_FAR_KM: Final = 150
_UNLIKE_SIZE: Final = 0.1
_THIN_COVERAGE: Final = 0.5
_NOTICED: Final = 0.005
"""Least rise of the score that is told: half of the last decimal on screen."""

_IN_OPERATION: Final = OFFER_QUARTERS[Stage.OPERATION]
_WORTH_NAMING: Final = {**dict.fromkeys(PARTS, 0.05), "near": 0.25, "similar_size": 0.5, "capacity": 0.25}
"""When an argument is worth naming to a reader; these limits shape words, never the score. Near is told up to
some 100 km, similar size up to a factor of two, free staff from one post on."""


def _titles(catalogue: Catalogue, strength: Floats, limit: int = 3) -> tuple[Label, ...]:
    """Titles of the use cases with the greatest strength, strongest first."""
    order = np.argsort(-strength, kind="stable")
    return tuple(catalogue.use_cases[c].title for c in order[:limit] if strength[c] > 0)


def reasons_for(
    profiles: Profiles, catalogue: Catalogue, asker: int, row: int, parts: Sequence[Part], km: float | None
) -> tuple[Message, ...]:
    """Return the three strongest known parts in words, strongest first."""
    strongest = sorted(parts, key=lambda part: -part.weight * part.value)
    told = [part for part in strongest if part.known and part.weight > 0 and part.value >= _WORTH_NAMING[part.name]]
    return tuple(_reason(profiles, catalogue, asker, row, part, km) for part in told[:3])


def _reason(profiles: Profiles, catalogue: Catalogue, asker: int, row: int, part: Part, km: float | None) -> Message:
    """Say in one sentence what a part rests on."""
    name = str(profiles.name[row])
    need = profiles.need[[asker, row]].astype(np.float64)
    offer = profiles.offer[[asker, row]].astype(np.float64)
    if part.name == "shared_needs":
        return message("Both need: {titles:items}.", titles=_titles(catalogue, need.min(axis=0)))
    if part.name == "reuse":
        best = offer[1][need[0] > 0].max()
        titles = _titles(catalogue, need[0] * (offer[1] == best))
        if best == _IN_OPERATION:
            return message("{name} already runs what you need: {titles:items}.", name=name, titles=titles)
        if best == OFFER_QUARTERS[Stage.PILOT]:
            return message("{name} is trying out what you need: {titles:items}.", name=name, titles=titles)
        return message("{name} plans what you need: {titles:items}.", name=name, titles=titles)
    if part.name == "teach":
        return message(
            "{name} needs what you have: {titles:items}.",
            name=name,
            titles=_titles(catalogue, need[1] * offer[0]),
        )
    if part.name == "learn":
        mine, theirs = profiles.maturity[asker], profiles.maturity[row]
        gain = np.where(mine < WEAK_BELOW, theirs - mine, 0)
        ahead = [d for d in np.argsort(-gain, kind="stable")[:3] if gain[d] > 0]
        return message(
            "{name} is ahead where you are weak: {fields:items}.",
            name=name,
            fields=tuple(
                message(
                    "{title} ({theirs} against {mine})",
                    title=catalogue.dimensions[d].title,
                    theirs=_level(profiles, row, theirs[d]),
                    mine=_level(profiles, asker, mine[d]),
                )
                for d in ahead
            ),
        )
    if part.name == "ties":
        if part.value == 1:
            return message("You already work together.")
        return message("You have a common partner.")
    if part.name == "near":
        return message("Near: {km:number} km apart.", km=km if km is not None else 0.0)
    if part.name == "similar_size":
        return message(
            "Similar size: {mine:number} and {theirs:number} inhabitants.",
            mine=float(profiles.population[asker]),
            theirs=float(profiles.population[row]),
        )
    if part.name == "same_land":
        return message("Same Land: the same municipal law and funding rules.")
    if profiles.is_closed(row, "capacity") or profiles.is_closed(asker, "capacity"):
        return message(
            "Free staff for AI: {theirs} there, {mine} here (three bands).",
            theirs=bands.FTE.name(float(profiles.fte[row])),
            mine=bands.FTE.name(float(profiles.fte[asker])),
        )
    return message(
        "Together {fte:decimal} full-time posts are free for AI.",
        fte=float(profiles.fte[asker] + profiles.fte[row]),
    )


def _level(profiles: Profiles, row: int, level: float) -> Message:
    """Return a level as a reader may know it: the figure, or its band where the figure is closed."""
    if profiles.is_closed(row, "maturity"):
        return bands.MATURITY.name(level)
    return message("{level:decimal}", level=float(level))


def reasons_against(
    profiles: Profiles, asker: int, row: int, parts: Sequence[Part], km: float | None, coverage: float
) -> tuple[Message, ...]:
    """Return up to three arguments against, the gravest first."""
    by_name = {part.name: part for part in parts}
    found = []
    if profiles.simulated[row]:
        found.append(message("This participant is simulated and does not exist."))
    if coverage < _THIN_COVERAGE:
        found.append(message("Only {share:percent} of the score rests on reported data.", share=coverage))
    if by_name["reuse"].known and by_name["reuse"].value == 0:
        found.append(message("Has nothing published or reported that you need."))
    if by_name["shared_needs"].known and by_name["shared_needs"].value == 0:
        found.append(message("No need in common."))
    if km is not None and km >= _FAR_KM:
        found.append(message("{km:number} km apart: meetings by video, few on site.", km=km))
    if by_name["same_land"].value == 0:
        found.append(
            message("Another Land ({land}): other municipal law, other funding rules.", land=LANDS[profiles.land[row]])
        )
    if by_name["similar_size"].known and by_name["similar_size"].value < _UNLIKE_SIZE:
        found.append(
            message(
                "Very different size: {mine:number} and {theirs:number} inhabitants.",
                mine=float(profiles.population[asker]),
                theirs=float(profiles.population[row]),
            )
        )
    return tuple(found[:3])


def smallest_change(
    profiles: Profiles, catalogue: Catalogue, asker: int, row: int, parts: Sequence[Part]
) -> Message | None:
    """Say which single step would lift the match most; None where none would be noticed.

    While something is unknown, that is the statement that would let most of the score rest on data. Where all is
    known it is the step that raises the score most: one use case put into operation, one more shared need, or as many
    free posts as both together lack.
    """
    share, advice = max(_gaps(profiles, asker, row, parts), key=lambda gap: gap[0])
    if share > 0:
        return advice
    steps = [found for found in _steps(profiles, catalogue, asker, row, parts) if found[0] >= _NOTICED]
    return max(steps, key=lambda found: found[0])[1] if steps else None


def _gaps(profiles: Profiles, asker: int, row: int, parts: Sequence[Part]) -> list[tuple[float, Message]]:
    """Return what could be stated, with the weight that would then rest on data."""
    weight = {part.name: part.weight for part in parts if not part.known}
    partner = str(profiles.name[row])
    gaps: list[tuple[float, Message]] = []
    for who, is_asker in ((asker, True), (row, False)):
        needs = (
            0
            if profiles.need_known[who]
            else weight.get("shared_needs", 0) + weight.get("reuse" if is_asker else "teach", 0)
        )
        offers = 0 if profiles.offer_known[who] else weight.get("teach" if is_asker else "reuse", 0)
        maturity = weight.get("learn", 0) if np.isnan(profiles.maturity[who]).any() else 0
        staff = weight.get("capacity", 0) if np.isnan(profiles.fte[who]) else 0
        if is_asker:
            gaps += [
                (needs, message("Enter your needs: then the match can be judged much better.")),
                (offers, message("Enter what you already run: then it shows what you can pass on.")),
                (maturity, message("Assess your maturity: then it shows what you can learn.")),
                (staff, message("Enter your free staff: then it shows whether it is enough together.")),
            ]
        else:
            gaps += [
                (needs, message("Ask {name} about its needs: nothing is reported yet.", name=partner)),
                (offers, message("Ask {name} what it already runs: nothing is reported yet.", name=partner)),
                (maturity, message("Ask {name} to assess its maturity: nothing is reported yet.", name=partner)),
                (staff, message("Ask {name} about free staff: nothing is reported yet.", name=partner)),
            ]
    return gaps


def _steps(
    profiles: Profiles, catalogue: Catalogue, asker: int, row: int, parts: Sequence[Part]
) -> list[tuple[float, Message]]:
    """Return single steps with what each adds to the score."""
    part = {found.name: found for found in parts}
    partner = str(profiles.name[row])
    mine, theirs = profiles.need[asker].astype(np.float64), profiles.need[row].astype(np.float64)
    steps = []
    if mine.any():
        # Only what has begun can be put into operation in one step.
        begun = (profiles.offer[row] > 0) & (profiles.offer[row] < _IN_OPERATION)
        gains = part["reuse"].weight * begun * mine * (1 - profiles.offer[row] / _IN_OPERATION) / mine.sum()
        steps.append(
            (
                float(gains.max()),
                message(
                    "If {name} put this into operation, the score would rise by {gain:hundredths}: {title}.",
                    name=partner, title=catalogue.use_cases[int(gains.argmax())].title, gain=float(gains.max()),
                ),
            )
        )  # fmt: skip
        # One of their needs becomes as urgent as here; who runs it already does not need it.
        more = np.where(profiles.offer[row] < _IN_OPERATION, np.maximum(mine - theirs, 0), 0)
        larger = np.maximum(mine, theirs).sum()
        gains = part["shared_needs"].weight * more / larger
        if theirs.any():
            have = profiles.offer[asker] / _IN_OPERATION
            taught = (theirs @ have + more * have) / (theirs.sum() + more)
            gains = gains + part["teach"].weight * (taught - theirs @ have / theirs.sum())
        steps.append(
            (
                float(gains.max()),
                message(
                    "Ask {name} whether this is as urgent there; if so, the score rises by {gain:hundredths}: {title}.",
                    name=partner, title=catalogue.use_cases[int(gains.argmax())].title, gain=float(gains.max()),
                ),
            )
        )  # fmt: skip
    if profiles.is_closed(row, "capacity") or profiles.is_closed(asker, "capacity"):
        return steps  # what is lacking is known as a band only
    lacking = FULL_CAPACITY_FTE * (1 - part["capacity"].value)
    gain = part["capacity"].weight * (1 - part["capacity"].value)
    steps.append(
        (
            gain,
            message(
                "With {fte:decimal} more free posts between you, the score would rise by {gain:hundredths}.",
                fte=lacking, gain=gain,
            ),
        )
    )  # fmt: skip
    return steps
