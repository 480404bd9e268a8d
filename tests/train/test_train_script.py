"""`train.py` as a learner runs it: as a program, in the folder of the challenge."""

import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from grader.stubs import stub_of

Run = Callable[..., "subprocess.CompletedProcess[str]"]
PNG = b"\x89PNG\r\n\x1a\n"
EVALUATION = re.compile(r"^ *(\d+) +(\d+\.\d{3}) +(\d+\.\d{3})$", re.MULTILINE)


def evaluated_steps(output: str) -> list[int]:
    return [int(step) for step, _, _ in EVALUATION.findall(output)]


def test_a_short_run_prints_losses_and_text_and_saves_the_curves_and_can_be_repeated(run: Run, folder: Path) -> None:
    done = run("train.py", "--steps", "3", "--seed", "7")
    assert (done.returncode, done.stderr) == (0, "")
    assert evaluated_steps(done.stdout) == [0, 3]
    assert "uniform 7.625, unigram 6." in done.stdout
    assert "100 tokens from Model 5:\n" in done.stdout
    assert (folder / "curves.png").read_bytes().startswith(PNG)
    assert run("train.py", "--steps", "3", "--seed", "7").stdout == done.stdout


def test_every_80th_step_is_evaluated_and_the_loss_falls(run: Run, tmp_path: Path) -> None:
    (tmp_path / "small.jsonl").write_text('{"text": "' + "to be or not to be, that is the question. " * 40 + '"}\n')
    done = run("train.py", "--data", str(tmp_path / "small.jsonl"), "--steps", "81", "--plot", str(tmp_path / "x.png"))
    assert done.returncode == 0, done.stderr
    assert evaluated_steps(done.stdout) == [0, 80, 81]
    _, first, last = EVALUATION.findall(done.stdout)
    assert float(last[2]) < float(first[2])
    assert (tmp_path / "x.png").read_bytes().startswith(PNG)


def test_all_tokens_means_all_positions_and_the_full_preset_is_the_lessons(run: Run) -> None:
    program = """
import torch, train
from final_token_loss import final_token_loss
torch.manual_seed(0)
model = train.Model5(vocab_size=11, embed_dim=8, n_heads=2, n_blocks=1, max_len=5, dropout=0.0)
tokens, targets = torch.randint(0, 11, (2, 3, 5))
everywhere = train.EveryPosition(model)
_, laid_out = train.every_position_last((tokens, targets))
actual = final_token_loss(everywhere(tokens, last_only=True), laid_out)
expected = torch.nn.functional.cross_entropy(model(tokens).transpose(1, 2), targets)  # over all positions
torch.testing.assert_close(actual, expected)

full = train.PRESETS["full"]  # the lesson's full size
print(full.data, full.docs, full.tokenizer, full.test_share, full.batch_size, full.time, full.lr, full.weight_decay)
"""
    done = run("-c", program)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["fineweb", "1000", "gpt2", "0.1", "64", "256", "0.001", "0.01"]


def test_a_missing_file_is_said_in_one_line(run: Run) -> None:
    done = run("train.py", "--data", "nowhere.jsonl")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("train.py: there is no file nowhere.jsonl")
    assert done.stderr.count("\n") == 1


def test_options_that_cannot_be_followed_are_said_in_one_line(run: Run) -> None:
    options = ["--device nonsense", "--device meta", "--plot nowhere/curves.png", "--docs 0"]
    program = f"""
import sys, train
for options in {options}:
    sys.argv = ["train.py", *options.split()]
    print(train.main())
"""
    done = run("-c", program)
    assert done.stdout.split() == ["2"] * len(options)
    errors = done.stderr.splitlines()
    for error, mend in zip(errors, ["--device cpu", "--device cpu", "--plot curves.png", "1 or more"], strict=True):
        assert mend in error


@pytest.mark.parametrize(
    ("file", "function"),
    [
        ("devices.py", "pick_device"),
        ("attention.py", "CausalSelfAttention.forward"),
    ],
)
def test_a_stub_that_is_not_filled_is_named_in_one_line(run: Run, folder: Path, file: str, function: str) -> None:
    path = folder / file
    path.write_text(stub_of(path.read_text(encoding="utf-8")), encoding="utf-8")
    done = run("train.py", "--steps", "1")
    assert done.returncode == 2
    assert done.stderr.startswith(f"{file} is still to do: {function} ")
    assert done.stderr.count("\n") == 1


def test_ctrl_c_keeps_what_was_trained_so_far(folder: Path, environment: dict[str, str]) -> None:
    process = subprocess.Popen(
        [sys.executable, "train.py", "--steps", "100000"],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    shown = ""
    while not evaluated_steps(shown):
        line = process.stdout.readline()
        assert line, "the script ended before its first evaluation"
        shown += line
    process.send_signal(signal.SIGINT)
    rest, errors = process.communicate(timeout=300)
    assert (process.returncode, errors) == (130, "")
    assert re.search(r"Stopped by Ctrl-C after \d+ of 100000 steps\.", rest)
    assert "tokens from Model 5:" in rest
    assert (folder / "curves.png").read_bytes().startswith(PNG)
