"""What happens while the learner works: files are saved, keys are pressed. Two threads listen, the grader asks.

A save is found by looking at the files themselves; `watchfiles` only says when to look. So it does not matter how an
editor saves: by writing, by renaming, or by replacing the whole folder, as git does on another branch.
"""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import watchfiles
from watchfiles._rust_notify import WatchfilesRustInternalError

STEP_MILLISECONDS = 20  # without another write, after which a save is complete
LOOK_MILLISECONDS = 400  # from one look to the next where nothing is heard, from a network folder say
SIGNAL_SECONDS = 0.2  # in which a signal is noticed that the system gave to another thread: Python never wakes for it

Snapshot = dict[str, tuple[int, ...]]


class Events:
    """What was saved and pressed since it was last asked for. A context manager: listens while it is entered."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.seen = _look(folder)
        self.saved: set[str] = set()
        self.keys: list[str] = []
        self.changed = threading.Condition()
        self.stopped = threading.Event()
        self.listener = threading.Thread(target=self._listen, name="watch the files", daemon=True)

    def __enter__(self) -> Self:
        self.listener.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stopped.set()
        self.listener.join()

    def press(self, key: str) -> None:
        """A key was pressed."""
        with self.changed:
            self.keys.append(key)
            self.changed.notify_all()

    def wait(self) -> tuple[set[str], list[str]]:
        """Wait until something happens; return the files that were saved and the keys that were pressed."""
        with self.changed:
            while not (self.saved or self.keys):
                self.changed.wait(SIGNAL_SECONDS)
            saved, keys = self.saved, self.keys
            self.saved, self.keys = set(), []
        return saved, keys

    def is_urgent(self) -> bool:
        """True if what is being graded is out of date, or nobody wants to know."""
        return bool(self.saved) or self.quits()

    def quits(self) -> bool:
        """True if the learner has asked for the end."""
        return "q" in self.keys

    def _listen(self) -> None:
        while not self.stopped.is_set():
            try:
                heard = watchfiles.watch(
                    self.folder,
                    stop_event=self.stopped,
                    step=STEP_MILLISECONDS,
                    rust_timeout=LOOK_MILLISECONDS,
                    yield_on_timeout=True,
                    recursive=False,
                    raise_interrupt=False,
                )
                folder = _identity(self.folder)
                for _ in heard:
                    self._compare()
                    if _identity(self.folder) != folder:
                        break  # another folder has taken its place: listen there
            # It is not there at the moment, the system has no more watches to give, or a name in it is not in UTF-8.
            except (OSError, WatchfilesRustInternalError):
                self._compare()
                self.stopped.wait(LOOK_MILLISECONDS / 1000)

    def _compare(self) -> None:
        now = _look(self.folder)
        saved = {name for name in now.keys() | self.seen.keys() if now.get(name) != self.seen.get(name)}
        if saved:
            self.seen = now
            with self.changed:
                self.saved |= saved
                self.changed.notify_all()


def _look(folder: Path) -> Snapshot:
    """Return the state of every Python file of a submission, its packages included."""
    top = _entries(folder)
    inside = [entry for package in top if os.path.isdir(package) for entry in _entries(package)]
    found: Snapshot = {}
    for entry in top + inside:
        if entry.name.endswith(".py"):
            with suppress(OSError):  # removed in this moment, or a link to nowhere
                found[str(Path(entry).relative_to(folder))] = _facts(entry)
    return found


def _entries(folder: os.PathLike[str]) -> list[os.DirEntry[str]]:
    # Not with Path.glob: it raises where a folder is removed while it looks.
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:  # removed in this moment, or not to be read
        return []


def _facts(entry: os.DirEntry[str]) -> tuple[int, ...]:
    status = entry.stat()
    return status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino, status.st_dev


def _identity(folder: Path) -> tuple[int, int] | None:
    try:
        status = folder.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
