"""`--ref` grades the folder as it stands on a git branch, tag or commit, and touches nothing."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from grader import git as git_module
from grader.command import main
from grader.git_reference import unpack_reference
from grader.project import Project
from tests.command.conftest import Grade, Run, copy_project

git_is_missing = shutil.which("git") is None
pytestmark = pytest.mark.skipif(git_is_missing, reason="git is not installed")


def git(repository: Path, *arguments: str, given: str = "") -> str:
    """Run git in a repository, whatever the settings of its user are; `given` is its standard input."""
    identity = ("-c", "user.name=A Learner", "-c", "user.email=learner@example.org", "-c", "commit.gpgsign=false")
    own = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    command = ["git", *identity, *arguments]
    done = subprocess.run(
        command, cwd=repository, env=kept | own, input=given, capture_output=True, text=True, check=True
    )
    return done.stdout


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with stubs on `main`, the solved files on `solved`, and some branches that are of no use."""
    root = copy_project(tmp_path_factory.mktemp("repository"))
    git(root, "init", "--quiet", "--initial-branch=main")
    git(root, "add", ".")
    git(root, "commit", "--quiet", "--message=stubs")
    git(root, "switch", "--quiet", "--create", "solved")
    shutil.copytree(root / "solutions" / "challenge5", root / "challenges" / "challenge5", dirs_exist_ok=True)
    git(root, "commit", "--quiet", "--all", "--message=solved")
    git(root, "tag", "handed-in")
    git(root, "switch", "--quiet", "--create", "with-a-link")
    (root / "challenges" / "challenge5" / "secrets").symlink_to("/etc")
    git(root, "add", ".")
    git(root, "commit", "--quiet", "--message=a link that leads out")
    git(root, "switch", "--quiet", "--create", "without-folder", "main")
    git(root, "rm", "--quiet", "-r", "challenges/challenge5")
    git(root, "commit", "--quiet", "--message=nothing left")
    git(root, "switch", "--quiet", "main")
    return root


@pytest.fixture(scope="module")
def solved(grade: Grade, repository: Path) -> Run:
    (repository / "challenges" / "challenge5" / "log_softmax.py").write_text("unfinished work\n", encoding="utf-8")
    arguments = ("challenge5", "--ref", "solved", "--only", "log_softmax")
    return grade(*arguments, cwd=repository / "challenges" / "challenge5")


def usage_error(repository: Path, *arguments: str, capsys: pytest.CaptureFixture[str]) -> str:
    """Run the command, which must refuse in one line; return the line."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(repository)
        assert main(["challenge5", *arguments]) == 2
    output, errors = capsys.readouterr()
    assert (output, errors.count("\n")) == ("", 1)
    return errors


def test_the_files_of_the_branch_are_graded(solved: Run) -> None:
    last = r"[1-9]\d* checks passed\. Not a full pass, because of --only log_softmax\."
    assert re.search(last, solved.output.replace("\n", " "))


def test_the_report_names_the_branch(solved: Run) -> None:
    assert "Grading challenges/challenge5 on solved\n" in solved.output


@pytest.mark.usefixtures("solved")
def test_the_working_tree_stays_as_it_is(repository: Path) -> None:
    assert (repository / "challenges" / "challenge5" / "log_softmax.py").read_text(
        encoding="utf-8"
    ) == "unfinished work\n"
    assert git(repository, "status", "--porcelain").splitlines() == [" M challenges/challenge5/log_softmax.py"]
    assert git(repository, "branch", "--show-current").strip() == "main"


@pytest.mark.usefixtures("solved")
def test_nothing_is_remembered_of_a_branch(repository: Path) -> None:
    assert not (repository / ".grade").exists()


@pytest.mark.parametrize("reference", ["handed-in", "solved~1", "HEAD"])
def test_a_tag_and_a_commit_are_references_too(reference: str, repository: Path, tmp_path: Path) -> None:
    folder = unpack_reference(Project(repository), "challenge5", reference, tmp_path)
    committed = git(repository, "show", f"{reference}:challenges/challenge5/attention.py")
    assert (folder / "attention.py").read_text(encoding="utf-8") == committed


def test_an_unknown_reference_is_refused(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    message = usage_error(repository, "--ref", "no-such-branch", capsys=capsys)
    assert "'no-such-branch'" in message
    assert "git branch --all" in message


@pytest.mark.parametrize("reference", ["--output=stolen", "--help", "-x", ""])
def test_a_reference_that_looks_like_an_option_is_none(
    reference: str, repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert f"'{reference}'" in usage_error(repository, f"--ref={reference}", capsys=capsys)
    assert not (repository / "stolen").exists()


def test_a_reference_without_the_folder_is_refused(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    message = usage_error(repository, "--ref", "without-folder", capsys=capsys)
    assert "There is no folder challenges/challenge5 on 'without-folder'." in message


def test_a_link_that_leads_out_of_the_folder_is_refused(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "a link that leads out" in usage_error(repository, "--ref", "with-a-link", capsys=capsys)


def branch_of(repository: Path, entries: str) -> str:
    """Make a commit whose challenge folder has these entries, in the form of `git mktree`; return its number."""
    tree = git(repository, "mktree", given=entries).strip()
    for name in ("challenge5", "challenges"):
        tree = git(repository, "mktree", given=f"040000 tree {tree}\t{name}\n").strip()
    return git(repository, "commit-tree", tree, "-m", "odd").strip()


def odd_branch(repository: Path, name: str) -> str:
    blob = git(repository, "hash-object", "-w", "--stdin", given="x = 1\n").strip()
    if name == "a long name":
        return branch_of(repository, f"100644 blob {blob}\t{'n' * 300}\n")
    if name == "a file and a folder of one name":
        tree = git(repository, "mktree", given=f"100644 blob {blob}\tinner\n").strip()
        return branch_of(repository, f"100644 blob {blob}\tone\n040000 tree {tree}\tone\n")
    if name == "large files":
        zeros = git(repository, "hash-object", "-w", "--stdin", given="\0" * 10**7).strip()
        return branch_of(repository, "".join(f"100644 blob {zeros}\t{i}\n" for i in range(10)))
    if name == "many files":  # 10,000 of them, of five small objects
        entries, levels = f"100644 blob {blob}\t{{}}\n", 3
    elif name == "bomb":  # ten million files
        entries, levels = f"100644 blob {blob}\t{{}}\n", 6
    else:  # a hundred million folders, of which a list of files says nothing
        entries, levels = f"040000 tree {git(repository, 'mktree').strip()}\t{{}}\n", 7
    for _ in range(levels):
        tree = git(repository, "mktree", given="".join(entries.format(i) for i in range(10))).strip()
        entries = f"040000 tree {tree}\t{{}}\n"
    return branch_of(repository, "".join(entries.format(i) for i in range(10)))


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("a long name", "File name too long"),
        ("a file and a folder of one name", "cannot be unpacked"),
        ("many files", "more than 5,000 files"),
        ("bomb", "more than 5,000 files"),
        ("large files", "larger than 64 MiB"),
    ],
)
def test_a_branch_that_cannot_be_unpacked_is_refused(
    name: str, why: str, repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    message = usage_error(repository, "--ref", odd_branch(repository, name), capsys=capsys)
    assert why in message
    assert "/tmp" not in message


def test_git_is_not_waited_for_without_end(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    branch = odd_branch(repository, "empty folders")
    monkeypatch.setattr(git_module, "GIT_SECONDS", 0.5)
    assert "git was not done with it" in usage_error(repository, "--ref", branch, capsys=capsys)


def blob_of(repository: Path, text: str) -> str:
    return git(repository, "hash-object", "-w", "--stdin", given=text).strip()


def test_modes_odd_names_links_and_submodules_are_unpacked(repository: Path, tmp_path: Path) -> None:
    blob, link = blob_of(repository, "x = 1\n"), blob_of(repository, "a b/ü\tn")
    inner = git(repository, "mktree", "-z", given=f"100755 blob {blob}\tü\tn\0").strip()
    entries = [f"040000 tree {inner}\ta b", f"120000 blob {link}\tlink", f"160000 commit {40 * '1'}\tother", ""]
    folder = unpack_reference(
        Project(repository), "challenge5", branch_of(repository, "\n".join(entries)), tmp_path / "unpacked"
    )
    file = folder / "a b" / "ü\tn"
    assert file.read_text(encoding="utf-8") == (folder / "link").read_text(encoding="utf-8") == "x = 1\n"
    assert os.access(file, os.X_OK)
    assert list((folder / "other").iterdir()) == []


def test_what_git_keeps_is_graded_whatever_a_checkout_would_make_of_it(tmp_path: Path) -> None:
    root = copy_project(tmp_path / "repository")
    (root / ".gitattributes").write_text("*.py eol=crlf export-subst\nattention.py export-ignore\n", encoding="utf-8")
    (root / "challenges" / "challenge5" / "devices.py").write_text("# $Format:%H$\n", encoding="utf-8")
    git(root, "init", "--quiet")
    git(root, "add", ".")
    git(root, "commit", "--quiet", "--message=attributes")
    folder = unpack_reference(Project(root), "challenge5", "HEAD", tmp_path / "unpacked")
    assert (folder / "devices.py").read_bytes() == b"# $Format:%H$\n"
    assert (folder / "attention.py").is_file()


def test_the_project_may_be_a_folder_of_the_repository(tmp_path: Path) -> None:
    root = copy_project(tmp_path / "repository" / "a course ")
    git(root.parent, "init", "--quiet")
    git(root, "add", ".")
    git(root, "commit", "--quiet", "--message=a course among others")
    folder = unpack_reference(Project(root), "challenge5", "HEAD", tmp_path / "unpacked")
    assert (folder / "attention.py").is_file()


LINKS_OUT = {
    "to a place above": {"out": "../.."},
    "by its full path": {"out": "/etc"},
    "to nothing, outside": {"out": "../nothing"},
    "by way of another": {"here": "x/..", "x": ".", "out": "here/.."},
}


@pytest.mark.parametrize("links", LINKS_OUT.values(), ids=LINKS_OUT)
def test_no_kind_of_link_leads_out(links: dict[str, str], repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    entries = "".join(f"120000 blob {blob_of(repository, to)}\t{name}\n" for name, to in links.items())
    assert "a link that leads out" in usage_error(repository, "--ref", branch_of(repository, entries), capsys=capsys)


def test_nothing_is_written_through_a_link(
    repository: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A tree with a link and a folder of one name: git makes it, though no checkout could."""
    link, blob = blob_of(repository, str(tmp_path)), blob_of(repository, "x = 1\n")
    inner = git(repository, "mktree", given=f"100644 blob {blob}\tstolen\n").strip()
    branch = branch_of(repository, f"120000 blob {link}\tone\n040000 tree {inner}\tone\n")
    assert "cannot be unpacked" in usage_error(repository, "--ref", branch, capsys=capsys)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_git_has_lost_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = copy_project(tmp_path)
    git(root, "init", "--quiet")
    git(root, "add", ".")
    git(root, "commit", "--quiet", "--message=whole")
    number = git(root, "rev-parse", "HEAD:challenges/challenge5/devices.py").strip()
    (root / ".git" / "objects" / number[:2] / number[2:]).unlink()
    assert "does not hold all of its files" in usage_error(root, "--ref", "HEAD", capsys=capsys)


def test_a_project_that_is_no_repository_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert "no git repository" in usage_error(copy_project(tmp_path), "--ref", "main", capsys=capsys)


def test_a_computer_without_git_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    message = usage_error(copy_project(tmp_path), "--ref", "main", capsys=capsys)
    assert message == "grade: git is not installed, so --ref cannot be used.\n"


def distrust(patch: pytest.MonkeyPatch) -> None:
    """Let git take every repository for somebody else's."""
    patch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    patch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    patch.setenv("GIT_CONFIG_NOSYSTEM", "1")


def test_a_repository_of_somebody_else_is_refused_with_the_mend(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What git is to trust is the whole repository, of which the project may be a folder."""
    root = copy_project(tmp_path / "the project")
    git(tmp_path, "init", "--quiet")
    distrust(monkeypatch)
    message = usage_error(root, "--ref", "main", capsys=capsys)
    assert f"git does not trust {root}, which belongs to somebody else" in message
    assert f"(if you do: git config --global --add safe.directory {tmp_path}), so --ref" in message


def test_a_reference_needs_the_project_around_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "go into the project first" in usage_error(tmp_path, "--ref", "main", capsys=capsys)
