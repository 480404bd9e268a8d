"""What learner code prints: drained so that it never blocks, kept up to a stated length, shown with the check."""

from __future__ import annotations

import os
import re

CHUNK_BYTES = 1 << 16
# What would move the cursor of a terminal or change its title, and halves of characters, which cannot be printed; then
# what begins another line without "\n", and what turns the direction of writing and could make a text read as another.
CONTROL = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|[^\n\t\x20-\x7e\xa0-\ud7ff\ue000-\U0010ffff]"
    r"|[\u2028\u2029]|[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)


def without_control(text: str) -> str:
    """Take out what a terminal would not print but obey."""
    return CONTROL.sub("", text)


class Output:
    """The read end of the pipe that is the child's standard output and error."""

    def __init__(self, descriptor: int, keep_bytes: int) -> None:
        self.descriptor = descriptor
        self.keep_bytes = keep_bytes
        self.kept = bytearray()
        self.total = 0  # bytes
        os.set_blocking(descriptor, False)

    def drain(self, chunks: int = 64) -> bool:
        """Read what is there, at most `chunks` pieces of 64 KiB; False at the end of the pipe."""
        for _ in range(chunks):
            try:
                data = os.read(self.descriptor, CHUNK_BYTES)
            except BlockingIOError:
                return True
            if not data:
                return False
            self.total += len(data)
            self.kept += data[: max(0, self.keep_bytes - len(self.kept))]
        return True

    def take(self) -> str:
        """Return what was printed since the last call, shortened and without control characters."""
        text = without_control(self.kept.decode(errors="replace")).strip()
        if self.total > self.keep_bytes:
            text += f"\n… ({self.total:,} bytes in all, the rest is not kept)"
        self.kept.clear()
        self.total = 0
        return text

    def close(self) -> None:
        os.close(self.descriptor)
