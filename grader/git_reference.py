"""The challenge folder as it stands on a git branch, tag or commit, unpacked into a temporary folder."""

from __future__ import annotations

import io
import subprocess
import tarfile
from pathlib import Path

from grader.errors import UsageError
from grader.project import Project


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
    archive = run_git(project, "archive", "--format=tar", f"{commit.decode().strip()}:{path}")
    if archive is None:
        raise UsageError(f"There is no folder challenges/{challenge} on '{reference}'.")
    folder = target / challenge
    folder.mkdir(parents=True)
    try:
        with tarfile.open(fileobj=io.BytesIO(archive)) as files:
            files.extractall(folder, filter="data")  # refuses what would land, or lead, outside the folder
    except tarfile.FilterError as problem:
        message = f"challenges/{challenge} on '{reference}' holds a link that leads out of the folder"
        raise UsageError(f"{message}: {problem}. Put the file itself there.") from None
    return folder


def run_git(project: Project, *arguments: str) -> bytes | None:
    """Run git in the project; its output, or None if it failed."""
    try:
        done = subprocess.run(["git", *arguments], cwd=project.root, capture_output=True, check=False)
    except OSError:
        return None
    return done.stdout if done.returncode == 0 else None
