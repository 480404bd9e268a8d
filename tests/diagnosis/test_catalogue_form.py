"""Reading the catalogue of known mistakes, and making a submission with one of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.challenge import Challenge, Limits, Step
from grader.errors import GraderError
from grader.mistakes import MAX_COPIED_BYTES, Mistake, load_mistakes, write_with_mistake

GOOD = '''"""You took the sum
over the batch.

You believed one thing.
It is another.

Caught by: loss.is_a_mean
Hint: 2
"""

raise RuntimeError("the parent has run it")
'''


def challenge_with(folder: Path, **files: str) -> Challenge:
    """A challenge of two steps, with these files in its catalogue (of the step "loss" where none is named)."""
    for name, text in files.items():
        step, _, mistake = name.rpartition("__")
        path = folder / "mistakes" / (step or "loss") / f"{mistake}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    steps = (Step("loss", "The loss", ("one", "two")), Step("model", "The model", ("one",)))
    return Challenge("toy", "A toy", steps, Limits(), folder)


def test_a_mistake_says_what_it_is(tmp_path: Path) -> None:
    (mistake,) = load_mistakes(challenge_with(tmp_path, sum=GOOD))
    assert (mistake.name, mistake.step, mistake.check, mistake.hint) == ("sum", "loss", "loss.is_a_mean", 2)
    assert mistake.title == "You took the sum over the batch."
    assert mistake.explanation == "You believed one thing. It is another."


def test_mistakes_come_in_the_order_of_the_steps_and_of_their_names(tmp_path: Path) -> None:
    of_model = GOOD.replace("loss.is_a_mean", "model.runs").replace("Hint: 2", "Hint: 1")
    found = load_mistakes(challenge_with(tmp_path, model__a=of_model, b=GOOD, a=GOOD))
    assert [(mistake.step, mistake.name) for mistake in found] == [("loss", "a"), ("loss", "b"), ("model", "a")]


def test_a_challenge_without_a_catalogue_has_no_mistakes(tmp_path: Path) -> None:
    assert load_mistakes(challenge_with(tmp_path)) == ()


BROKEN = {
    "no docstring": "x = 1\n",
    "no explanation": '"""A title.\n\nCaught by: loss.is_a_mean\nHint: 1\n"""\n',
    "no check": '"""A title.\n\nWhy.\n\nHint: 1\n"""\n',
    "no hint": '"""A title.\n\nWhy.\n\nCaught by: loss.is_a_mean\n"""\n',
    "a hint that the step has not": GOOD.replace("Hint: 2", "Hint: 3"),
    "hint zero": GOOD.replace("Hint: 2", "Hint: 0"),
    "a check of another step": GOOD.replace("loss.is_a_mean", "model.runs"),
    "no Python": "def",
    "a zero byte": "\0",
}


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
def test_a_file_of_another_form_is_named(text: str, tmp_path: Path) -> None:
    with pytest.raises(GraderError, match=r"mistakes/loss/broken\.py"):
        load_mistakes(challenge_with(tmp_path, broken=text))


def test_a_mistake_of_no_step_is_named(tmp_path: Path) -> None:
    with pytest.raises(GraderError, match=r"mistakes/other/sum\.py.*no step 'other'"):
        load_mistakes(challenge_with(tmp_path, other__sum=GOOD))


def test_a_name_that_is_not_in_snake_case_is_refused(tmp_path: Path) -> None:
    with pytest.raises(GraderError, match="snake_case"):
        load_mistakes(challenge_with(tmp_path, Sum=GOOD))


@pytest.fixture
def mistake(tmp_path: Path) -> Mistake:
    return load_mistakes(challenge_with(tmp_path / "hidden", sum=GOOD))[0]


def test_the_copy_has_the_mistake_in_place_of_the_steps_file(mistake: Mistake, tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    for name in ("loss.py", "helper.py"):
        (own / name).write_text(name, encoding="utf-8")
    copy = write_with_mistake(own, mistake, tmp_path / "deep" / "copy")
    assert {path.name: path.read_text(encoding="utf-8") for path in copy.iterdir()} == {
        "loss.py": GOOD,
        "helper.py": "helper.py",
    }
    assert (own / "loss.py").read_text(encoding="utf-8") == "loss.py"


def test_what_is_not_the_submissions_own_is_not_copied(mistake: Mistake, tmp_path: Path) -> None:
    own = tmp_path / "own"
    (own / "folder").mkdir(parents=True)
    (tmp_path / "secret").write_text("secret", encoding="utf-8")
    (own / "secret.py").symlink_to(tmp_path / "secret")
    (own / "gone.py").symlink_to(tmp_path / "gone")
    (own / "model.pt").write_bytes(bytes(MAX_COPIED_BYTES + 1))
    copy = write_with_mistake(own, mistake, tmp_path / "copy")
    assert [path.name for path in copy.iterdir()] == ["loss.py"]


@pytest.mark.parametrize("error", [PermissionError, FileNotFoundError])
def test_a_file_that_cannot_be_read_is_left_out(
    error: type[OSError], mistake: Mistake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "own"
    own.mkdir()
    for name in ("first.py", "secret.py", "utilities.py"):
        (own / name).touch()
    read_bytes = Path.read_bytes

    def read_all_but_one(path: Path) -> bytes:
        if path.name == "secret.py":
            raise error  # root may read every file
        return read_bytes(path)

    monkeypatch.setattr(Path, "read_bytes", read_all_but_one)
    copy = write_with_mistake(own, mistake, tmp_path / "copy")
    assert sorted(path.name for path in copy.iterdir()) == ["first.py", "loss.py", "utilities.py"]
