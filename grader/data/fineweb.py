"""The texts of FineWeb, streamed from the Hugging Face Hub by the `datasets` library.

Without a network the library would try for 23 seconds before it gave up, so the Hub is first asked for one small
answer.
"""

from collections.abc import Iterator

from grader.data.bounded import call_within
from grader.data.errors import DataError, summary
from grader.data.quiet import quiet_datasets

REPOSITORY = "HuggingFaceFW/fineweb"
CONFIGURATION = "sample-10BT"
PROBE_SECONDS = 5.0
MEND = "check the network, or use --data sample, which needs none"


def read_fineweb() -> Iterator[str]:
    """The text of each document of the sample of 10 billion tokens, in the order of the stream."""
    datasets = quiet_datasets()
    _require_hub()
    read = 0
    try:
        stream = datasets.load_dataset(REPOSITORY, name=CONFIGURATION, split="train", streaming=True)
        for row in stream:
            yield row["text"]
            read += 1
    except Exception as error:  # whatever the HTTP client raises, the mend is the same
        raise DataError(f"FineWeb broke off (documents read: {read}; {summary(error)}): {MEND}") from error


def _require_hub() -> None:
    """A `DataError` within seconds where the Hub cannot be reached. Any answer will do, a refusal as well."""
    try:
        call_within(PROBE_SECONDS, _ask_hub)
    except Exception as error:
        reason = summary(error, characters=80)
        raise DataError(f"FineWeb cannot be reached at the Hugging Face Hub ({reason}): {MEND}") from error


def _ask_hub() -> None:
    from huggingface_hub import constants
    from huggingface_hub.utils import get_session  # type: ignore[attr-defined]  # public, yet not in __all__

    get_session().head(f"{constants.ENDPOINT}/api/datasets/{REPOSITORY}", timeout=PROBE_SECONDS)
