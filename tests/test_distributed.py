"""Ranking on several machines: a local cluster of two workers gives what one process gives."""

from __future__ import annotations

import joblib
import pytest
from distributed import Client, LocalCluster

from matchmaker import service
from matchmaker.errors import BadInput
from matchmaker.model import Preferences
from matchmaker.partners import rank_all
from matchmaker.service import suggest_all
from tests.strategies import make_profiles


def test_two_workers_rank_as_one_process_does():
    profiles = make_profiles(1, 900, unknown=0.1)
    here = rank_all(profiles, Preferences(), 5)
    done: list[float] = []
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster) as client,
        joblib.parallel_config(backend="dask"),
    ):
        there = rank_all(profiles, Preferences(), 5, progress=done.append)
        assert len(client.scheduler_info()["workers"]) == 2
        worked = client.run(lambda dask_worker: len(dask_worker.state.tasks) + dask_worker.state.executed_count)
    assert there.partner.tolist() == here.partner.tolist()
    assert there.score == pytest.approx(here.score, abs=1e-12, nan_ok=True)
    assert done[-1] == 1
    assert min(worked.values()) > 0


def test_a_cluster_that_does_not_answer_is_named(shipped, monkeypatch):
    monkeypatch.setattr(service, "_CLUSTER_SECONDS", 0.5)
    with pytest.raises(BadInput) as caught:
        suggest_all(shipped, Preferences(), top=3, scheduler="tcp://127.0.0.1:9")
    assert caught.value.where == "tcp://127.0.0.1:9"
