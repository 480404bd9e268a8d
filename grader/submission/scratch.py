"""Removes the scratch folder, whatever learner code has made of it: too deep for recursion, locked up, or a link."""

from __future__ import annotations

import itertools
import os
from contextlib import suppress
from pathlib import Path


def remove_folder(folder: Path) -> None:
    """Remove a folder and all that is in it.

    Every folder found on the way moves up to the top before it is emptied. So no path gets long, however deep the
    folders lie in one another, and nothing is called recursively.
    """
    if folder.is_symlink():
        folder.unlink()
        return
    names = (folder / f"{number}.emptied" for number in itertools.count())
    waiting = [folder]
    while waiting:
        place = waiting.pop()
        for entry in _entries(place):
            with suppress(OSError):
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(_moved(entry.path, next(name for name in names if not os.path.lexists(name))))
                else:
                    os.unlink(entry.path)
        with suppress(OSError):
            if place != folder:
                place.rmdir()
    with suppress(OSError):
        folder.rmdir()


def _entries(place: Path) -> list[os.DirEntry[str]]:
    with suppress(OSError):
        os.chmod(place, 0o700)  # without the right to write, nothing in it can be removed or moved
        with os.scandir(place) as entries:
            return list(entries)
    return []


def _moved(path: str, target: Path) -> Path:
    os.chmod(path, 0o700)  # a folder that gets another parent is written to
    os.rename(path, target)
    return target
