"""The `datasets` library, imported late and made silent.

The import takes about half a second, so only what reads documents asks for it. Its progress bars and log lines would
tear the grader's own report apart, and what they say about a failure a `DataError` says better.
"""

import logging
import warnings
from types import ModuleType

NOISY = ("datasets", "huggingface_hub", "fsspec", "httpx", "httpx2", "urllib3", "filelock")


def quiet_datasets() -> ModuleType:
    """The `datasets` module, with its bars, its logging and its warnings off for the rest of the process."""
    import datasets
    from huggingface_hub.utils import disable_progress_bars  # type: ignore[attr-defined]  # public, yet not in __all__

    datasets.disable_progress_bars()
    disable_progress_bars()
    for name in NOISY:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
        warnings.filterwarnings("ignore", module=rf"{name}(\..*)?$")
    # Otherwise each load, of a file on this computer too, is counted at a server: up to 3 seconds where that is mute.
    datasets.config.HF_UPDATE_DOWNLOAD_COUNTS = False
    library: ModuleType = datasets
    return library
