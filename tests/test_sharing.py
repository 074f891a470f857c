"""Splitting a cost: no cent lost or made, nobody worse off while there is a saving."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matchmaker.errors import BadInput
from matchmaker.sharing import by_stand_alone_cost

COSTS = st.lists(st.integers(0, 10**9), min_size=1, max_size=8).filter(any)


@given(alone=COSTS, joint=st.integers(0, 10**10))
def test_shares_add_up_to_the_cent(alone: list[int], joint: int):
    shares = by_stand_alone_cost(alone, joint)
    assert sum(shares) == joint
    assert min(shares) >= 0
    for cents, share in zip(alone, shares, strict=True):
        assert abs(share - joint * cents / sum(alone)) < 1


@given(alone=COSTS, saved=st.integers(0, 10**9))
def test_nobody_pays_more_than_alone_while_there_is_a_saving(alone: list[int], saved: int):
    joint = max(0, sum(alone) - saved)
    assert all(share <= cents for share, cents in zip(by_stand_alone_cost(alone, joint), alone, strict=True))


@pytest.mark.parametrize(("alone", "joint"), [([], 5), ([0, 0], 5), ([-1, 3], 2), ([3], -1)])
def test_costs_that_cannot_be_split_are_refused(alone: list[int], joint: int):
    with pytest.raises(BadInput):
        by_stand_alone_cost(alone, joint)
