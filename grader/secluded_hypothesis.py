"""Keeps Hypothesis from reading what happens to surround it, and from leaving anything behind.

Hypothesis mixes constants into its draws that it finds in the source of the user's modules: of all that are loaded and
lie neither in site-packages nor in a folder called "tests". So the examples of a check, and with them a verdict, would
depend on the folder in which the project lies and on the format of the report. It has no setting for that.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

from hypothesis.configuration import set_hypothesis_home_dir
from hypothesis.internal.conjecture import providers
from hypothesis.internal.constants_ast import Constants

from grader.errors import GraderError

COLLECTS = "_get_local_constants"  # called once for each example


@contextmanager
def secluded_hypothesis() -> Iterator[None]:
    """Let what is drawn inside depend on the seed and the strategies alone, and what is stored end with it.

    Raises:
        GraderError: this version of Hypothesis collects its constants elsewhere.
    """
    if not hasattr(providers, COLLECTS) or not hasattr(providers, "CONSTANTS_CACHE"):
        raise GraderError("the examples would not be repeatable with this Hypothesis. Install hypothesis 6.170.")
    with (
        tempfile.TemporaryDirectory(prefix="fine-dropout-") as home,
        mock.patch.object(providers, COLLECTS, Constants),
    ):
        set_hypothesis_home_dir(home)  # it would leave a folder where the command was called
        providers.CONSTANTS_CACHE.cache.clear()  # it may hold some that were found before
        try:
            yield
        finally:
            providers.CONSTANTS_CACHE.cache.clear()
            set_hypothesis_home_dir(None)
