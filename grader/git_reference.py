"""The challenge folder as it stands on a git branch, tag or commit, unpacked into a temporary folder.

What is graded is what git keeps of each file, byte by byte. A checkout may differ from it: by its line endings, and by
whatever the repository's attributes and settings have done to files on their way (filters, other encodings, files that
`git archive` is to leave out or to fill in). None of that is done here.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from grader.errors import UsageError
from grader.git import Git, TooLong
from grader.project import Project

# What a challenge folder is far below. A repository of a few small objects can unpack to any number of files.
UNPACKED_BYTES = 64 * 1024**2
UNPACKED_FILES = 5000
LISTING_BYTES = 16 * 1024**2  # of that many files, with room for names of any length that people give
EXECUTABLE, LINK, SUBMODULE = b"100755", b"120000", b"160000"  # modes, as git writes them
LONGEST_LINE = 200  # bytes
NO_NAMES = ("", ".", "..")


def unpack_reference(project: Project, challenge: str, reference: str, target: Path) -> Path:
    """Unpack `challenges/CHALLENGE` of a git reference below `target`; return the folder.

    Neither the working tree nor the index is touched, and no program that the repository names is run.

    Raises:
        UsageError: no git, a repository that it does not trust, no such reference, no such folder on it, or one that
            cannot be unpacked.
    """
    there = f"challenges/{challenge} on '{reference}'"
    git = Git(project.root)
    try:
        if (hindrance := git.hindrance()) is not None:
            raise UsageError(f"{hindrance}, so --ref cannot be used.")
        commit = git.run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{reference}^{{commit}}")
        if commit is None:
            raise UsageError(f"git knows no branch, tag or commit '{reference}'. See: git branch --all")
        prefix = os.fsdecode(git.run("rev-parse", "--show-prefix") or b"").removesuffix("\n")
        entries = _entries(git, f"{commit.decode().strip()}:{prefix}challenges/{challenge}")
        if entries is None:
            raise UsageError(f"There is no folder {there}.")
        folder = target / challenge
        _write(entries, _contents(git, entries), folder)
        link = _link_that_leads_out(entries, folder)
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or problem  # without the temporary path
        raise UsageError(f"{there} cannot be unpacked: {reason}") from None
    if link is not None:
        message = f"{there} holds a link that leads out of the folder: {link}"
        raise UsageError(f"{message}. Put the file itself there.")
    return folder


@dataclass(frozen=True)
class _Entry:
    """A file, a link or a submodule."""

    mode: bytes
    blob: bytes  # the number by which git finds its content
    path: str

    @property
    def is_folder(self) -> bool:
        return self.mode == SUBMODULE  # another repository, of which this one has no files


def _entries(git: Git, tree: str) -> list[_Entry] | None:
    """Return all that is in a tree, None if there is no such tree.

    Raises:
        OSError: that is too much, or not all of it is there.
    """
    too_many = f"it holds more than {UNPACKED_FILES:,} files"
    try:
        listing = git.run("ls-tree", "-r", "-l", "-z", "--full-tree", tree, at_most=LISTING_BYTES)
    except TooLong:
        raise OSError(too_many) from None
    if listing is None:
        return None
    entries, total = [], 0
    for line in listing.split(b"\0")[:-1]:
        facts, _, path = line.partition(b"\t")
        mode, _, blob, size = facts.split()
        entries.append(_Entry(mode, blob, os.fsdecode(path)))
        if size.isdigit():
            total += int(size)
        elif not entries[-1].is_folder:
            raise OSError("this repository does not hold all of its files. Fetch them first, with git switch say")
    if len(entries) > UNPACKED_FILES:
        raise OSError(too_many)
    if total > UNPACKED_BYTES:
        raise OSError(f"it is larger than {UNPACKED_BYTES // 1024**2} MiB")
    return entries


def _contents(git: Git, entries: list[_Entry]) -> list[bytes]:
    """Return what is in the files, and where the links point to; nothing for a submodule."""
    wanted = b"".join(entry.blob + b"\n" for entry in entries if not entry.is_folder)
    rest, found = memoryview(git.run("cat-file", "--batch", given=wanted, at_most=2 * UNPACKED_BYTES) or b""), []
    for entry in entries:
        if entry.is_folder:
            found.append(b"")
            continue
        # Each is preceded by a line "NUMBER blob SIZE", and followed by the end of a line.
        header, begin = _line(rest)
        if header[:2] != [entry.blob, b"blob"]:
            raise OSError("its files cannot be read. What does git fsck say?")
        end = begin + int(header[2])
        found.append(bytes(rest[begin:end]))
        rest = rest[end + 1 :]
    return found


def _line(text: memoryview) -> tuple[list[bytes], int]:
    """Return the words of the first line, and where the next one begins."""
    start = bytes(text[:LONGEST_LINE])
    end = start.find(b"\n") + 1
    return start[:end].split(), end


def _write(entries: list[_Entry], contents: list[bytes], folder: Path) -> None:
    """Write everything into a new folder. The links come last, so that nothing is written through one of them.

    Raises:
        OSError: that cannot be done, or shall not be.
    """
    folder.mkdir(parents=True)
    for entry, content in sorted(zip(entries, contents, strict=True), key=lambda pair: pair[0].mode == LINK):
        if any(name in NO_NAMES for name in entry.path.split("/")):
            raise OSError("it holds a name that leads out of the folder")
        path = folder / entry.path
        path.parent.mkdir(parents=True, exist_ok=True)
        if entry.is_folder:
            path.mkdir()
        elif entry.mode == LINK:
            path.symlink_to(os.fsdecode(content))
        else:
            with path.open("xb") as file:
                file.write(content)
            path.chmod(0o755 if entry.mode == EXECUTABLE else 0o644)


def _link_that_leads_out(entries: list[_Entry], folder: Path) -> str | None:
    """Return the path of a link that does not end in the folder, None if there is none.

    Raises:
        OSError: nobody can follow one of them, which leads in a circle, say.
    """
    top = os.path.realpath(folder)
    for entry in entries:
        if entry.mode == LINK:
            link = os.path.join(top, entry.path)
            try:
                end = os.path.realpath(link, strict=True)
            except FileNotFoundError:  # it ends at nothing: where that would be
                end = os.path.realpath(link)
            if end != top and not end.startswith(top + os.sep):
                return entry.path
    return None
