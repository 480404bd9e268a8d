"""A repository that is handed in may name programs in its settings: none is run, and git has its time."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import pytest

from grader import git as git_module
from grader.command import main
from grader.errors import UsageError
from grader.git import Git, TooLong
from grader.git_reference import unpack_reference
from grader.project import Project
from tests.child.observing import alive, wait_until
from tests.command.conftest import ROOT, copy_project
from tests.command.test_references import git

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
SIGNED = """tree {tree}
author A <a@example.org> 1700000000 +0000
committer A <a@example.org> 1700000000 +0000
gpgsig -----BEGIN PGP SIGNATURE-----
 not really one
 -----END PGP SIGNATURE-----

signed
"""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A project without solutions, whose learner has taken the marks away: `grade reset` looks into git."""
    root = copy_project(tmp_path / "project")
    shutil.rmtree(root / "solutions")
    git(root, "init", "--quiet", "--initial-branch=main")
    git(root, "add", ".")
    signed = SIGNED.format(tree=git(root, "write-tree").strip())
    number = git(root, "hash-object", "-t", "commit", "-w", "--stdin", given=signed).strip()
    git(root, "update-ref", "refs/heads/main", number)
    for step in ("attention", "devices"):
        (root / "challenges" / "challenge5" / f"{step}.py").write_text("all marks are gone\n", encoding="utf-8")
    return root


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """A program that leaves a mark, and passes on what it is given."""
    path = tmp_path / "program"
    path.write_text(f"#!/bin/sh\ntouch {tmp_path / 'mark'}\nexec cat\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def attribute(repository: Path, line: str) -> None:
    (repository / ".git" / "info" / "attributes").write_text(f"*.py {line}\n", encoding="utf-8")


def names_a_filter(repository: Path, program: str) -> None:
    attribute(repository, "filter=x diff=x")
    for name in ("smudge", "clean", "process"):
        git(repository, "config", f"filter.x.{name}", program)


def names_what_compares(repository: Path, program: str) -> None:
    attribute(repository, "diff=x")
    for name in ("diff.external", "diff.x.command", "diff.x.textconv"):
        git(repository, "config", name, program)


def names_what_signs(repository: Path, program: str) -> None:
    git(repository, "config", "log.showSignature", "true")
    for name in ("gpg.program", "gpg.openpgp.program", "gpg.ssh.program"):
        git(repository, "config", name, program)


def names_what_watches(repository: Path, program: str) -> None:
    git(repository, "config", "core.fsmonitor", program)


def names_a_pager(repository: Path, program: str) -> None:
    for name in ("core.pager", *(f"pager.{command}" for command in ("rev-parse", "rev-list", "ls-tree", "cat-file"))):
        git(repository, "config", name, program)


def names_other_commands(repository: Path, program: str) -> None:
    for name in ("rev-parse", "rev-list", "ls-tree", "cat-file"):
        git(repository, "config", f"alias.{name}", f"!{program}")


def has_hooks(repository: Path, program: str) -> None:
    for name in ("post-checkout", "post-index-change", "reference-transaction", "pre-auto-gc"):
        shutil.copy(program, repository / ".git" / "hooks" / name)


def lacks_files(repository: Path, name: str, value: str) -> None:
    """Let it be a partial clone, which has git fetch what is missing."""
    git(repository, "config", "core.repositoryFormatVersion", "1")
    git(repository, "config", "extensions.partialClone", "origin")
    git(repository, "config", "remote.origin.promisor", "true")
    git(repository, "config", "remote.origin.url", "ssh://nowhere.invalid/it")
    git(repository, "config", "protocol.allow", "always")
    git(repository, "config", name, value)
    for step in ("attention", "devices"):
        number = git(repository, "rev-parse", f"HEAD:challenges/challenge5/{step}.py").strip()
        (repository / ".git" / "objects" / number[:2] / number[2:]).unlink()


def fetches_over_ssh(repository: Path, program: str) -> None:
    lacks_files(repository, "core.sshCommand", program)


def fetches_with_a_program(repository: Path, program: str) -> None:
    lacks_files(repository, "remote.origin.url", f"ext::{program}")


def fetches_from_a_folder(repository: Path, program: str) -> None:
    lacks_files(repository, "remote.origin.uploadPack", program)
    git(repository, "config", "remote.origin.url", str(repository))


SETTINGS = (
    names_a_filter, names_what_compares, names_what_signs, names_what_watches, names_a_pager, names_other_commands,
    has_hooks, fetches_over_ssh, fetches_with_a_program, fetches_from_a_folder,
)  # fmt: skip


each_setting = pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.__name__.replace("_", " "))


@each_setting
def test_no_program_that_a_repository_names_is_run_for_a_reference(
    setting: Callable[[Path, str], None], repository: Path, program: Path, tmp_path: Path
) -> None:
    setting(repository, str(program))
    lacks = pytest.raises(UsageError) if "fetches" in setting.__name__ else nullcontext()
    with lacks:
        unpack_reference(Project(repository), "challenge5", "main", tmp_path / "unpacked")
    assert not (tmp_path / "mark").exists()


@each_setting
def test_no_program_that_a_repository_names_is_run_for_a_reset(
    setting: Callable[[Path, str], None], repository: Path, program: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    setting(repository, str(program))
    monkeypatch.chdir(repository)
    main(["reset", "attention"])
    assert not (program.parent / "mark").exists()


def started_by(seconds: str) -> set[int]:
    """The processes that sleep for so long."""
    return {
        int(entry.parent.name)
        for entry in Path("/proc").glob("[0-9]*/cmdline")
        if f"sleep {seconds}" in content(entry).replace("\0", " ") and alive(int(entry.parent.name))
    }


def content(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""


needs_proc = pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="this system has no /proc")
WAITS_FOR_GIT = "import sys; from pathlib import Path; from grader.git import Git; Git(Path(sys.argv[1])).run('slow')"


@needs_proc
def test_everything_that_git_has_started_ends_with_its_time(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git(repository, "config", "alias.slow", "!sleep 76.5; cat")
    monkeypatch.setattr(git_module, "GIT_SECONDS", 0.5)
    with pytest.raises(OSError, match=r"not done with it within 0\.5 s"):
        Git(repository).run("slow")
    assert wait_until(lambda: not started_by("76.5"))


@needs_proc
def test_everything_that_git_has_started_ends_with_ctrl_c(repository: Path) -> None:
    git(repository, "config", "alias.slow", "!sleep 77.5; cat")
    command = [sys.executable, "-c", WAITS_FOR_GIT, str(repository)]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL) as waiting:
        assert wait_until(lambda: started_by("77.5"))
        waiting.send_signal(signal.SIGINT)
        waiting.wait(5)
    assert wait_until(lambda: not started_by("77.5"))


def test_the_time_is_that_of_all_calls_together(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(git_module, "GIT_SECONDS", 0.0)
    late = Git(repository)
    with pytest.raises(OSError, match="not done with it"):
        late.run("rev-parse", "--git-dir")


def test_an_answer_has_its_bound(repository: Path) -> None:
    with pytest.raises(TooLong):
        Git(repository).run("rev-parse", "HEAD", at_most=10)
