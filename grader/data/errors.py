"""The one error of the data: what a beginner reads when texts or a vocabulary cannot be loaded.

The command prints the text of a `DataError` and exits with status 2, so that text is one line and names the mend.
"""


class DataError(Exception):
    """Data cannot be loaded. The text is one line that says what is wrong and what to do."""

    def __init__(self, message: str) -> None:
        super().__init__(" ".join(message.split()))


def summary(error: BaseException, *, characters: int = 160) -> str:
    """The kind and the first line of another library's error, cut at `characters`, to stand inside a `DataError`."""
    lines = str(error).strip().splitlines()
    first = lines[0] if lines else ""
    if len(first) > characters:
        first = first[:characters] + " ..."
    return f"{type(error).__name__}: {first}" if first else type(error).__name__
