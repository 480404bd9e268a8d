"""Hands in what the tests ask for, several at once, and keeps what came of it for every test that looks at it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from tests.hostile.hand_in import Finished, HandIn, hand_in

RUNS_AT_ONCE = 2 * (os.cpu_count() or 1)  # many of them wait for a deadline


@pytest.fixture(scope="module")
def finished(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Finder]:
    """Finds what came of a `HandIn`. The first use starts all that the tests of the file will ask for."""
    items = [item for item in request.session.items if item.path == request.path]
    found = [getattr(item, "callspec", None) for item in items]
    wanted = dict.fromkeys(spec.params["run"] for spec in found if spec is not None and "run" in spec.params)
    pool = ThreadPoolExecutor(RUNS_AT_ONCE)
    runs: dict[HandIn, Future[Finished]] = {
        run: pool.submit(hand_in, run, tmp_path_factory.mktemp("room")) for run in wanted if not run.why_not()
    }

    def find(run: HandIn) -> Finished:
        if reason := run.why_not():
            pytest.skip(reason)
        return runs[run].result()

    yield find
    pool.shutdown(cancel_futures=True)


Finder = Callable[[HandIn], Finished]
