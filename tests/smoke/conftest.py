"""One child for all smoke tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.submissions import SharedChild


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the encoded texts of these tests out of the user's cache folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FINE_DROPOUT_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def child() -> Iterator[SharedChild]:
    shared = SharedChild()
    yield shared
    shared.close()
