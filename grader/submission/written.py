"""How much learner code has written to disk: what lies in its folders, and open files that have no name any more.

The system's own limit (`grader.child.limits`) holds for each file by itself. Here they are added up while learner code
runs, so that the folders change meanwhile, and may have been made to keep others from looking: nothing is called
recursively, no path gets long, no link is followed, and there is an end to it when the bound is passed.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import chain
from pathlib import Path

from grader.challenge import Limits

SCAN_SECONDS = 0.5  # of one look; the bound on files ends it in some hundredths of a second as a rule
BLOCK_BYTES = 512  # of `st_blocks`, whatever the blocks of the file system are
FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def too_much_written(limits: Limits, folders: Sequence[Path], processes: Iterable[int] = ()) -> str:
    """Say which bound is passed, "64 MB of files" say; empty if none is.

    Args:
        folders: what lies below them counts.
        processes: their open files that lie in no folder any more count as well (where there is a /proc).
    """
    ends = time.monotonic() + SCAN_SECONDS
    size = number = 0
    try:
        for file in chain(chain.from_iterable(map(_below, folders)), chain.from_iterable(map(_nameless, processes))):
            size += file.st_blocks * BLOCK_BYTES
            number += 1
            if size > limits.scratch_bytes:
                return f"{limits.scratch_bytes // 1024**2} MB of files"
            if number > limits.scratch_files:
                break
            if time.monotonic() > ends:
                return ""  # the next look begins anew
        else:
            return ""
    except OSError as problem:
        if problem.errno != errno.EMFILE:  # so many folders in one another, and beside one another, that none can be
            raise  # opened any more
    return f"{limits.scratch_files:,} files"


class _Folder:
    """An open folder. It is closed when nobody refers to it any more."""

    def __init__(self, name: str, inside: _Folder | None = None) -> None:
        self.descriptor = -1
        within = None if inside is None else inside.descriptor
        try:
            self.descriptor = os.open(name, FOLDER, dir_fd=within)
        except PermissionError:  # it was made to be written to, and not to be listed
            _unlock(name, within)
            self.descriptor = os.open(name, FOLDER, dir_fd=within)

    def __del__(self) -> None:
        if self.descriptor >= 0:
            os.close(self.descriptor)


def _unlock(name: str, within: int | None) -> None:
    """Let its owner look into a folder, and never into what a link that has taken its place leads to (Linux)."""
    if sys.platform != "linux":
        return
    descriptor = os.open(name, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=within)
    try:
        os.chmod(f"/proc/self/fd/{descriptor}", 0o700)
    finally:
        os.close(descriptor)


def _below(folder: Path) -> Iterator[os.stat_result]:
    """Yield the facts on everything that lies below a folder.

    Raises:
        OSError: this process has no descriptor left.
    """
    waiting: list[tuple[str, _Folder | None]] = [(str(folder), None)]
    while waiting:
        try:
            place = _Folder(*waiting.pop())
            with os.scandir(place.descriptor) as entries:
                for entry in entries:
                    with suppress(FileNotFoundError):  # gone while we looked
                        facts = entry.stat(follow_symlinks=False)
                        yield facts
                        if stat.S_ISDIR(facts.st_mode):
                            waiting.append((entry.name, place))
        except OSError as problem:
            if problem.errno == errno.EMFILE:
                raise  # otherwise it is gone, or no folder any more


def _nameless(process: int) -> Iterator[os.stat_result]:
    """Yield the facts on the open files of a process that have been removed, or never had a name."""
    folder = f"/proc/{process}/fd"
    with suppress(OSError):  # it has ended, or keeps others from looking
        for name in os.listdir(folder):
            with suppress(OSError):
                facts = os.stat(f"{folder}/{name}")
                if stat.S_ISREG(facts.st_mode) and facts.st_nlink == 0:
                    yield facts
