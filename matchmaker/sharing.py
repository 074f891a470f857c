"""Ways to split a joint cost among members, exact to the cent.

Money is integer cents. A rule computes exact shares; the largest remainder turns them into cents so that
they add up to the total, no cent lost or made.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from matchmaker.errors import BadInput
from matchmaker.message import message


def by_stand_alone_cost(alone_cents: Sequence[int], joint_cents: int) -> tuple[int, ...]:
    """Split a joint cost in proportion to what each member would pay alone.

    Nobody pays more than alone (up to a rounded cent) exactly when the joint cost is at most the sum of the
    stand-alone costs.

    Parameters
    ----------
    alone_cents
        Stand-alone cost of each member, at least 0, not all 0.
    joint_cents
        Joint cost to split, at least 0.

    Returns
    -------
    tuple of int
        Cents per member in the same order; their sum is ``joint_cents``.
    """
    if joint_cents < 0 or min(alone_cents, default=0) < 0 or sum(alone_cents) == 0:
        raise BadInput(message("A cost can only be split when costs are not negative and not all zero."), where="alone")
    total = sum(alone_cents)
    return _whole_cents([Fraction(joint_cents * cents, total) for cents in alone_cents])


def _whole_cents(exact: Sequence[Fraction]) -> tuple[int, ...]:
    """Round down, then give the missing cents to the largest remainders, first member first among equals."""
    whole = [share.numerator // share.denominator for share in exact]
    missing = int(sum(exact)) - sum(whole)
    order = sorted(range(len(exact)), key=lambda i: (whole[i] - exact[i], i))
    for i in order[:missing]:
        whole[i] += 1
    return tuple(whole)
