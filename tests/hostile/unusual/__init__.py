"""Right answers that are unusual: in what they print, import, open, start or return. All of them must pass.

The n-th answer of every step makes the n-th submission, so that a run proves several of them, and that unusual answers
don't get in each other's way. A submission may be spelled in unusual bytes (`ENCODED`).
"""

from __future__ import annotations

import codecs
from collections.abc import Callable

from tests.hostile.unusual.models import ATTENTION, TRAINING
from tests.hostile.unusual.tensors import DEVICES, LOG_SOFTMAX, LOSS
from tests.submissions import Answer, together

COLUMNS = (LOG_SOFTMAX, LOSS, DEVICES, ATTENTION, TRAINING)
UNUSUAL = tuple(answer for column in COLUMNS for answer in column)
SUBMISSIONS = [
    [column[number] for column in COLUMNS if number < len(column)] for number in range(max(map(len, COLUMNS)))
]
ENCODED: dict[str, Callable[[str], bytes]] = {
    "a byte order mark and line ends of Windows": lambda text: codecs.BOM_UTF8 + text.replace("\n", "\r\n").encode(),
    "Latin-1 with a cookie that says so": lambda text: text.encode("latin-1"),
}


def files_of(answers: list[Answer]) -> dict[str, str | bytes]:
    """Return the files of a submission in which it differs from the solution."""
    files: dict[str, str | bytes] = dict(together(answers))
    for answer in answers:
        if answer.name in ENCODED:
            text = files[answer.file]
            assert isinstance(text, str)
            files[answer.file] = ENCODED[answer.name](text)
    return files
