"""Empties and removes the scratch folder, whatever learner code has made of it: too deep for recursion, locked up, too
full to be read at once, or a link.

Also a program of its own, for a removal that goes on when the grader has ended: python -m grader.child.scratch FOLDER
"""

from __future__ import annotations

import itertools
import math
import os
import sys
import time
from contextlib import suppress
from pathlib import Path

AT_ONCE = 10_000  # entries of a folder: some hundredths of a second


def empty_folder(folder: Path) -> None:
    """Remove all that is in a folder; make it anew if it is none any more."""
    _remove_what_is_no_folder(folder)
    _Removal(folder, math.inf).run()
    with suppress(OSError):
        folder.mkdir(mode=0o700, exist_ok=True)


def remove_folder(folder: Path, *, seconds: float = math.inf) -> bool:
    """Remove a folder and all that is in it, as far as that can be done; False if it took too long."""
    _remove_what_is_no_folder(folder)
    if not _Removal(folder, time.monotonic() + seconds).run():
        return False
    with suppress(OSError):
        folder.rmdir()
    return True


def _remove_what_is_no_folder(folder: Path) -> None:
    if folder.is_symlink() or os.path.isfile(folder):
        with suppress(OSError):
            folder.unlink()


class _Removal:
    """Removes what is in a folder.

    Every folder found on the way moves up to the top before it is emptied. So no path gets long, however deep the
    folders lie in one another, and nothing is called recursively.
    """

    def __init__(self, top: Path, deadline: float) -> None:
        self.top, self.deadline = str(top), deadline
        self.names = (f"{top}/{number}.emptied" for number in itertools.count())
        self.done = 0  # removed, or moved up

    def run(self) -> bool:
        """Do it; False if there is no more time."""
        waiting = [(self.top, -1)]  # with what was done when the folder was last looked at
        while waiting:
            place, done = waiting.pop()
            if done == self.done:
                continue  # nothing in it can be removed
            done, found = self.done, _some_entries(place)
            inside = []
            for entry in found:
                if time.monotonic() > self.deadline:
                    return False
                with suppress(OSError):
                    if entry.is_dir(follow_symlinks=False):
                        inside.append((entry.path if place == self.top else self._moved_up(entry.path), -1))
                    else:
                        os.unlink(entry.path)
                        self.done += 1
            if len(found) == AT_ONCE:
                waiting.append((place, done))  # for the rest, when the folders that were found are gone
            elif place != self.top:
                self._remove(place)
            waiting.extend(inside)
        return True

    def _moved_up(self, path: str) -> str:
        target = next(name for name in self.names if not os.path.lexists(name))
        os.chmod(path, 0o700)  # a folder that gets another parent is written to
        os.rename(path, target)
        self.done += 1
        return target

    def _remove(self, place: str) -> None:
        with suppress(OSError):
            os.rmdir(place)
            self.done += 1


def _some_entries(place: str) -> list[os.DirEntry[str]]:
    with suppress(OSError):
        os.chmod(place, 0o700)  # without the right to write, nothing in it can be removed or moved
        with os.scandir(place) as entries:
            return list(itertools.islice(entries, AT_ONCE))
    return []


if __name__ == "__main__":
    remove_folder(Path(sys.argv[1]))
