"""Whether the wishes about a plan can be meant together, told before anything is computed."""

from __future__ import annotations

from matchmaker.catalogue import Catalogue
from matchmaker.errors import BadInput
from matchmaker.message import Message, message
from matchmaker.portfolio.values import Limits
from matchmaker.profiles import Profiles


def check_wishes(profiles: Profiles, catalogue: Catalogue, limits: Limits) -> None:
    """Raise `BadInput` with every contradiction among the wishes, `UnknownKey` for a key that is not there."""
    found = _contradictions(profiles, catalogue, limits)
    if found:
        raise BadInput(
            message("The wishes contradict each other: {which:items}.", which=found),
            where=", ".join(sorted(limits.wished)),
            remedy=message("Drop one of the wishes."),
        )


def _contradictions(profiles: Profiles, catalogue: Catalogue, limits: Limits) -> tuple[Message, ...]:
    def name(key: str) -> str:
        return str(profiles.name[profiles.row(key)])

    rows = {key: profiles.row(key) for key in sorted(limits.wished)}
    needed = limits.included | {key for pair in limits.together for key in pair}
    needed |= {key for _use_case, lead, members in limits.fixed for key in (lead, *members)}
    found = [
        message("{name} takes no part and must take part", name=name(key)) for key in sorted(needed & limits.excluded)
    ]
    if not limits.simulated:
        found += [
            message("{name} is simulated, and simulated participants are left out", name=name(key))
            for key in sorted(needed)
            if profiles.simulated[rows[key]]
        ]
    found += [
        message("{name} is paired with itself", name=name(a)) for a, b in (*limits.together, *limits.apart) if a == b
    ]
    apart = {frozenset(pair) for pair in limits.apart}
    found += [
        message("{a} and {b} must be together and must not", a=name(a), b=name(b))
        for a, b in limits.together
        if frozenset((a, b)) in apart
    ]
    forbidden = {(catalogue.use_case(use_case).id, key) for use_case, key in limits.forbidden}
    found += [
        message("{name} is to lead {use_case} and must not", name=name(lead), use_case=use_case)
        for use_case, lead, _members in limits.fixed
        if (catalogue.use_case(use_case).id, lead) in forbidden
    ]
    return tuple(dict.fromkeys(found))
