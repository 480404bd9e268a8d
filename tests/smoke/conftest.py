"""One child for all smoke tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.submissions import SharedChild


@pytest.fixture(scope="session")
def child() -> Iterator[SharedChild]:
    shared = SharedChild()
    yield shared
    shared.close()
