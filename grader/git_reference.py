"""The challenge folder as it stands on a git branch, tag or commit, unpacked into a temporary folder."""

from __future__ import annotations

import io
import subprocess
import tarfile
import threading
from pathlib import Path

from grader.errors import UsageError
from grader.project import Project

# What a challenge folder is far below. A repository of a few small objects can unpack to any number of files.
ARCHIVE_BYTES = 64 * 1024**2
ARCHIVE_FILES = 5000
ARCHIVE_SECONDS = 20.0


def unpack_reference(project: Project, challenge: str, reference: str, target: Path) -> Path:
    """Unpack `challenges/CHALLENGE` of a git reference below `target`; return the folder.

    Neither the working tree nor the index is touched.

    Raises:
        UsageError: no git, no such reference, no such folder on it, or one that cannot be unpacked.
    """
    if not run_git(project, "rev-parse", "--git-dir"):
        raise UsageError(f"{project.root} is no git repository (or git is not installed), so --ref cannot be used.")
    commit = run_git(project, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{reference}^{{commit}}")
    if commit is None:
        raise UsageError(f"git knows no branch, tag or commit '{reference}'. See: git branch --all")
    prefix = (run_git(project, "rev-parse", "--show-prefix") or b"").decode().strip()
    path = f"{prefix}challenges/{challenge}"
    # `git archive` takes a path from the top of the repository in this form.
    there = f"challenges/{challenge} on '{reference}'"
    try:
        archive = _archive(project, f"{commit.decode().strip()}:{path}")
        if archive is None:
            raise UsageError(f"There is no folder {there}.")
        return _unpacked(archive, target / challenge)
    except tarfile.FilterError as problem:
        message = f"{there} holds a link that leads out of the folder: {problem}"
        raise UsageError(f"{message}. Put the file itself there.") from None
    except (OSError, tarfile.TarError) as problem:
        reason = getattr(problem, "strerror", None) or problem  # without the temporary path
        raise UsageError(f"{there} cannot be unpacked: {reason}") from None


def _archive(project: Project, tree: str) -> bytes | None:
    """Return the files of a tree as `git archive` packs them, None if there is no such tree.

    Raises:
        OSError: they are too many, or git takes too long.
    """
    command = ["git", "archive", "--format=tar", tree]
    nowhere = subprocess.DEVNULL
    with subprocess.Popen(command, cwd=project.root, stdin=nowhere, stdout=subprocess.PIPE, stderr=nowhere) as git:
        assert git.stdout is not None
        alarm = threading.Timer(ARCHIVE_SECONDS, git.kill)
        alarm.start()
        try:
            archive = git.stdout.read(ARCHIVE_BYTES + 1)
            if len(archive) > ARCHIVE_BYTES:
                raise OSError(f"it is larger than {ARCHIVE_BYTES // 1024**2} MiB")
            status = git.wait()
        finally:
            alarm.cancel()
            git.kill()
    if status < 0:
        raise OSError(f"git was not done with it within {ARCHIVE_SECONDS:g} s, or was ended")
    return archive if status == 0 else None


def _unpacked(archive: bytes, folder: Path) -> Path:
    """Unpack an archive into a new folder.

    Raises:
        OSError, tarfile.TarError: that cannot be done, or shall not be.
    """
    folder.mkdir(parents=True)
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        if len(files.getmembers()) > ARCHIVE_FILES:
            raise OSError(f"it holds more than {ARCHIVE_FILES:,} files")
        files.extractall(folder, filter="data")  # refuses what would land, or lead, outside the folder
    return folder


def run_git(project: Project, *arguments: str) -> bytes | None:
    """Run git in the project; its output, or None if it failed."""
    try:
        done = subprocess.run(["git", *arguments], cwd=project.root, capture_output=True, check=False)
    except OSError:
        return None
    return done.stdout if done.returncode == 0 else None
