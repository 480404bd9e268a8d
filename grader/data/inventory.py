"""What lies in the cache folder, and its removal. Files that the cache did not make are neither listed nor touched."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from grader.data.cache import UNFINISHED, Header, cache_folder, lock, read_header

TOKEN_FILE = re.compile(r"tokens-[0-9a-f]{32}\.bin")
LEFTOVER = re.compile(UNFINISHED + r"\w*")  # as `tempfile` names them: a learner's "unfinished-story.txt" is none


@dataclass(frozen=True)
class CachedFile:
    """One token array on disk. `header` is None where the file is damaged or of another version's format."""

    path: Path
    size: int  # bytes
    header: Header | None


@dataclass(frozen=True)
class Leftover:
    """What an interrupted process left, or what another one is writing now (`in_use`)."""

    path: Path
    size: int  # bytes
    in_use: bool


@dataclass(frozen=True)
class Inventory:
    """The content of the cache folder, in a fixed order."""

    folder: Path
    arrays: tuple[CachedFile, ...]
    leftovers: tuple[Leftover, ...]

    @property
    def removable(self) -> tuple[CachedFile | Leftover, ...]:
        return *self.arrays, *(leftover for leftover in self.leftovers if not leftover.in_use)


def take_inventory() -> Inventory:
    """Look through the cache folder. `OSError` if it cannot be read, `RuntimeError` if there is no home folder."""
    folder = cache_folder()
    arrays, leftovers = [], []
    for path, size in _files(folder):
        if TOKEN_FILE.fullmatch(path.name):
            arrays.append(CachedFile(path, size, read_header(path)))
        elif LEFTOVER.fullmatch(path.name):
            leftovers.append(Leftover(path, size, in_use=_in_use(path)))
    return Inventory(folder, tuple(sorted(arrays, key=_place)), tuple(leftovers))


def remove(files: tuple[CachedFile | Leftover, ...]) -> list[tuple[Path, OSError]]:
    """Remove the files; return those that could not be, each with its reason."""
    failures = []
    for file in files:
        try:
            file.path.unlink(missing_ok=True)
        except OSError as error:
            failures.append((file.path, error))
    return failures


def _files(folder: Path) -> list[tuple[Path, int]]:
    """Path and size in bytes of each regular file in the folder; no links, no folders."""
    files = []
    try:
        entries = list(os.scandir(folder))
    except FileNotFoundError:
        return []
    for entry in sorted(entries, key=lambda entry: entry.name):
        try:
            if entry.is_file(follow_symlinks=False):
                files.append((folder / entry.name, entry.stat(follow_symlinks=False).st_size))
        except FileNotFoundError:  # removed by another process in between
            continue
    return files


def _in_use(path: Path) -> bool:
    """Whether a process is writing the file. One that was killed holds no lock any more."""
    try:
        with path.open("rb") as file:
            return not lock(file)
    except OSError:
        return False


def _place(file: CachedFile) -> tuple[bool, str, str, int, str]:
    """What the list is ordered by; unknown files come last."""
    header = file.header
    if header is None:
        return True, "", "", 0, file.path.name
    return False, header.source, header.vocabulary, header.documents, file.path.name
