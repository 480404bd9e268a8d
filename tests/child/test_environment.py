"""What learner code finds around itself: its own folder, a scratch home, and as little of the grader as can be."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from grader.submission.nursery import KEPT_VARIABLES
from grader.submission.process import ChildProcess
from tests.child.conftest import LIMITS, Learner, submit_folder
from tests.child.observing import call, still_works

ROOT = Path(__file__).resolve().parents[2]
SOURCE = """
import os, sys

def fine(): return "fine"
def home(): return os.environ["HOME"]
def environment(): return dict(os.environ)
def folder(): return os.getcwd()
def path(): return list(sys.path)
def loaded(): return sorted(name for name in sys.modules if name.split(".")[0] == "grader")
def descriptors(): return [os.readlink("/proc/self/fd/" + name) for name in os.listdir("/proc/self/fd")
                           if os.path.lexists("/proc/self/fd/" + name)]
def arguments(): return list(sys.argv)
def group(): return [os.getpid(), os.getpgid(0), os.getsid(0)]
"""


def test_home_is_the_scratch_folder(learner: Learner) -> None:
    submission = learner(SOURCE)
    assert call(submission, "home") == str(submission.process.scratch)


def test_the_working_folder_is_the_submission(learner: Learner) -> None:
    submission = learner(SOURCE)
    assert call(submission, "folder") == str(submission.process.folder.resolve())


def test_only_harmless_variables_are_passed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "hush")
    (tmp_path / "code.py").write_text(SOURCE)
    process = ChildProcess(tmp_path, LIMITS)  # a nursery started before would not know the variable
    found = set(call(submit_folder(process, tmp_path), "environment"))
    process.close()
    added_by_libraries = {"LC_CTYPE"}
    own = {"HOME", "TMPDIR", "PYTHONDONTWRITEBYTECODE", "OMP_WAIT_POLICY", "OPENBLAS_NUM_THREADS"}
    assert "SECRET_TOKEN" not in found
    assert {name for name in found if not name.startswith(("KMP_", "TORCH", "PYTORCH"))} <= (
        own | set(KEPT_VARIABLES) | added_by_libraries
    )


def test_numpy_starts_no_threads_of_its_own(learner: Learner) -> None:
    assert call(learner(SOURCE), "environment")["OPENBLAS_NUM_THREADS"] == "1"


def test_the_project_is_not_on_the_path(learner: Learner) -> None:
    submission = learner(SOURCE)
    found = call(submission, "path")
    assert found[0] == str(submission.process.folder.resolve())
    assert {"", str(ROOT), str(ROOT / "solutions")}.isdisjoint(found)


def test_nothing_of_the_grader_is_loaded_by_name(learner: Learner) -> None:
    assert call(learner(SOURCE), "loaded") == []


def test_no_descriptor_leads_to_the_parent_but_the_channel_and_the_output(learner: Learner) -> None:
    found = call(learner(SOURCE), "descriptors")
    assert len([target for target in found if target.startswith("socket:")]) == 1
    assert len({target for target in found if target.startswith("pipe:")}) == 1
    assert not [target for target in found if "fine-dropout" in target or str(ROOT) in target]


def test_the_worker_leads_a_session_of_its_own(learner: Learner) -> None:
    process, group, session = call(learner(SOURCE), "group")
    assert process == group == session


def test_nothing_is_written_into_the_submission(learner: Learner) -> None:
    submission = learner("import helper\n" + SOURCE, files={"helper.py": "x = 1\n"})
    call(submission, "fine")
    assert sorted(os.listdir(submission.process.folder)) == ["code.py", "helper.py"]


SHADOWS = ["json", "random", "grader", "queue", "types", "copy", "string", "token", "logging", "typing", "statistics"]


@pytest.mark.parametrize("name", SHADOWS)
def test_a_helper_named_like_a_library_module_does_not_break_the_worker(name: str, learner: Learner) -> None:
    submission = learner(SOURCE, files={f"{name}.py": "raise RuntimeError('the helper was imported')\n"})
    assert still_works(submission)
    assert submission.function("code", "missing").location() is None
    assert submission.random_state()


def test_all_these_helpers_together_do_not_break_a_training_step(learner: Learner) -> None:
    source = """
    import torch
    def run():
        model = torch.nn.Linear(2, 1)
        optimizer = torch.optim.AdamW(model.parameters())
        model(torch.ones(3, 2)).sum().backward()
        optimizer.step()
        return "stepped"
    """
    helpers = {f"{name}.py": "raise RuntimeError('the helper was imported')\n" for name in SHADOWS}
    assert call(learner(source, files=helpers)) == "stepped"


def test_a_helper_called_grader_can_be_imported(learner: Learner) -> None:
    submission = learner("from grader import answer\ndef run(): return answer\n", files={"grader.py": "answer = 42\n"})
    assert call(submission) == 42


def test_a_helper_package_can_be_imported(learner: Learner) -> None:
    submission = learner("def run():\n    from parts.one import answer\n    return answer\n")
    parts = submission.process.folder / "parts"
    parts.mkdir()
    (parts / "one.py").write_text("answer = 42\n")
    assert call(submission) == 42
    assert not (parts / "__pycache__").exists()


def test_files_that_import_each_other_share_what_they_define(learner: Learner) -> None:
    submission = learner(
        "import other\ndef run(): return other.Thing is __import__('other').Thing\n",
        files={"other.py": "class Thing: pass\ndef same(): import code as c; return c.other.Thing is Thing\n"},
    )
    assert call(submission) is True
    assert submission.function("other", "same")() is True


def test_what_configures_pytest_or_python_is_ignored(learner: Learner) -> None:
    booby_traps = ["conftest.py", "sitecustomize.py", "usercustomize.py"]
    files = dict.fromkeys(booby_traps, "import os; os._exit(9)\n") | {"pytest.ini": "[pytest]\naddopts = --help\n"}
    assert still_works(learner(SOURCE, files=files))
