"""The whole lesson in one script: train Model 5 with the loss on the final token only. Given: it runs your files.

    python train.py                    the packaged corpus on this computer, in about a minute
    python train.py --all-tokens       the same with the loss at every position, to compare
    python train.py --preset full      the lesson's full size: FineWeb and the GPT-2 vocabulary; wants a GPU

Read it from top to bottom: settings, data, loop, results, command line. All losses are in nats.
"""

import argparse
import sys
import traceback
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import NoReturn

import numpy as np
import tiktoken
import torch
from devices import pick_device
from model5 import Model5
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from torch import Tensor, nn
from training import evaluate, train_step

from grader.data import (
    Batch,
    DataError,
    TokenArray,
    load_tokenizer,
    load_tokens,
    sample_batch,
    split_tokens,
    uniform_loss,
    unigram_loss,
)

# ---- Settings --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Config:
    """All that the result of a run depends on, but for the device. The defaults suit two slow CPU cores."""

    data: str = "sample"  # the packaged corpus: needs no network
    tokenizer: str = "packaged"  # 2,048 tokens: on a CPU a larger head would cost more than all the rest
    docs: int = 1000  # at most; the packaged corpus has fewer
    test_share: float = 0.1  # the lesson's 90/10 split

    time: int = 32  # tokens in a sequence
    embed_dim: int = 64  # wide enough to beat the unigram model, narrow enough for a CPU
    n_heads: int = 4  # so that a head is 16 wide
    n_blocks: int = 2  # the fewest in which attention can build on attention
    dropout: float = 0.1  # as in GPT (Radford et al. 2018)

    batch_size: int = 64  # the lesson's; with the loss on the final token also the number of targets in a step
    steps: int = 1200  # about a minute on one slow core; afterwards the test loss falls slowly
    lr: float = 1e-3  # the lesson's, and constant, so that two runs can be compared at any step
    weight_decay: float = 0.01  # the lesson's
    all_tokens: bool = False  # train on every position instead; what is measured is still the final-token loss

    eval_every: int = 80  # steps, as in the lesson
    eval_batches: int = 8  # 512 windows, which makes the standard error of a loss about 0.1 nats
    new_tokens: int = 100  # length of the generated text
    seed: int = 0  # of the weights, the batches, the dropout and the generated text
    cpu_threads: int | None = 1  # None: all. More gain little at this size, and wait for each other on a busy computer


PRESETS = {
    "cpu": Config(),
    # The lesson fixes the data, the split, 64 sequences of 256 tokens, the learning rate and the weight decay. The
    # sizes of the model and the number of steps are our choice: a small GPT for one GPU.
    "full": Config(
        data="fineweb", tokenizer="gpt2", time=256, embed_dim=384, n_heads=6, n_blocks=6, steps=2000, cpu_threads=None
    ),
}


# ---- Data ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Data:
    """The two parts of the tokens, and the fixed batches of each on which every evaluation measures."""

    tokenizer: tiktoken.Encoding
    source: TokenArray
    train: np.ndarray  # [tokens]
    test: np.ndarray  # [tokens]
    train_batches: list[Batch]  # (tokens, targets), each [batch, time], int64, on the CPU
    test_batches: list[Batch]


def load_data(config: Config, console: Console) -> Data:
    """Load, encode and split the texts, and draw the batches for the evaluations."""
    tokenizer = load_tokenizer(config.tokenizer)
    with progress_bar(console, "Reading", unit="documents") as progress:
        task = progress.add_task("", total=None)
        source = load_tokens(
            config.data,
            tokenizer,
            documents=config.docs,
            on_progress=lambda read, total: progress.update(task, completed=read, total=total),
        )
    train, test = split_tokens(source.tokens, test_share=config.test_share)
    generator = torch.Generator().manual_seed(0)  # not the run's seed: every run is measured on the same windows
    return Data(
        tokenizer=tokenizer,
        source=source,
        train=train,
        test=test,
        train_batches=[draw_batch(train, config, generator) for _ in range(config.eval_batches)],
        test_batches=[draw_batch(test, config, generator) for _ in range(config.eval_batches)],
    )


def draw_batch(tokens: np.ndarray, config: Config, generator: torch.Generator) -> Batch:
    """Draw `(tokens, targets)`, each `[batch, time]`; the targets are the tokens one place further on."""
    return sample_batch(tokens, batch_size=config.batch_size, time=config.time, generator=generator)


def baselines(data: Data) -> tuple[float, float]:
    """Return the losses on the test targets of two models that read no context: uniform and unigram."""
    final_targets = torch.cat([targets[:, -1] for _, targets in data.test_batches]).numpy()  # [windows]
    vocab_size = data.tokenizer.n_vocab
    return uniform_loss(vocab_size), unigram_loss(data.train, final_targets, vocab_size)


# ---- The loop --------------------------------------------------------------------------------------------------------


@dataclass
class History:
    """What was measured so far."""

    step_losses: list[float] = field(default_factory=list)  # before each step, on its batch, with dropout
    evaluations: list[tuple[int, float, float]] = field(default_factory=list)  # (steps done, train, test), no dropout
    interrupted: bool = False  # by Ctrl-C


def train(model: Model5, data: Data, config: Config, console: Console) -> History:
    """Train the model, and evaluate it every `eval_every` steps and at the end. Ctrl-C ends it early."""
    generator = torch.Generator().manual_seed(config.seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=config.lr, weight_decay=config.weight_decay)
    history = History()

    def measure(step: int) -> None:
        losses = (evaluate(model, data.train_batches), evaluate(model, data.test_batches))
        history.evaluations.append((step, *losses))
        show(console, "{:6d}   {:7.3f}  {:7.3f}".format(step, *losses))

    show(console, "  step     train     test")
    with progress_bar(console, "Training", unit="steps") as progress:
        try:
            for step in progress.track(range(config.steps), description=""):
                if step % config.eval_every == 0:
                    measure(step)
                batch = draw_batch(data.train, config, generator)
                if config.all_tokens:
                    loss = train_step(EveryPosition(model), every_position_last(batch), optimizer)
                else:
                    loss = train_step(model, batch, optimizer)
                history.step_losses.append(loss)
            measure(config.steps)
        except KeyboardInterrupt:
            history.interrupted = True
            show(console, f"Stopped by Ctrl-C after {len(history.step_losses)} of {config.steps} steps.")
    return history


class EveryPosition(nn.Module):
    """Model 5 for `--all-tokens`: every position becomes the last position of a sequence of its own.

    A causal model sees at each position what it would see if the sequence ended there. So `batch` sequences of `time`
    tokens are also batch * time sequences, and the final-token loss of those is the all-token loss of these.
    """

    def __init__(self, model: Model5) -> None:
        super().__init__()
        self.model = model

    def forward(self, tokens: Tensor, *, last_only: bool = False) -> Tensor:
        """Map `[batch, time]` to logits `[batch * time, 1, vocab]`, with `last_only` and without."""
        logits = self.model(tokens)  # [batch, time, vocab]
        return logits.reshape(-1, 1, logits.shape[-1])


def every_position_last(batch: Batch) -> Batch:
    """Return the same tokens `[batch, time]`, with the targets that go with `EveryPosition`: `[batch * time, 1]`."""
    tokens, targets = batch
    return tokens, targets.reshape(-1, 1)


# ---- Results ---------------------------------------------------------------------------------------------------------


def save_plot(history: History, config: Config, known: tuple[float, float], path: Path) -> None:
    """Save the curves of the training and the test loss as a PNG."""
    import matplotlib  # late: it takes a while, and a run that fails earlier does not need it

    matplotlib.use("Agg")  # draws into a file, without a window
    from matplotlib import pyplot

    steps, train_losses, test_losses = zip(*history.evaluations, strict=True)
    figure, axes = pyplot.subplots(figsize=(8, 5), layout="constrained")
    axes.plot(history.step_losses, color="0.75", linewidth=0.7, label="loss of each step's batch, dropout on")
    axes.plot(steps, train_losses, marker=".", label="train")
    axes.plot(steps, test_losses, marker=".", label="test")
    for loss, name, style in zip(known, ("uniform", "unigram"), (":", "--"), strict=True):
        axes.axhline(loss, color="0.4", linewidth=0.8, linestyle=style, label=f"{name} model")
    trained_on = "every token" if config.all_tokens else "the final token"
    axes.set(xlabel="step", ylabel="loss in nats", title=f"Model 5, trained on {trained_on}: final-token loss")
    axes.legend()
    figure.savefig(path, format="png", dpi=120)
    pyplot.close(figure)


def generate_text(model: Model5, data: Data, config: Config, device: torch.device) -> tuple[str, str]:
    """Return held-out text of one full sequence, and what the model adds to it.

    The prompt fills the sequence because the last position is the only one at which the model learnt to predict.
    """
    prompt = torch.from_numpy(data.test[: config.time].astype(np.int64))[None]  # [1, time]
    torch.manual_seed(config.seed)
    tokens = model.generate(prompt.to(device), config.new_tokens)[0].tolist()
    return readable(data.tokenizer.decode(prompt[0].tolist())), readable(data.tokenizer.decode(tokens[config.time :]))


def readable(text: str) -> str:
    """A model that has learnt little also makes control characters, which a terminal would obey."""
    return "".join(sign if sign.isprintable() or sign == "\n" else "\N{REPLACEMENT CHARACTER}" for sign in text)


def show(console: Console, text: str) -> None:
    """Print plain text above the progress bar; brackets are no markup, and lines are not cut where it is piped."""
    console.print(text, markup=False, highlight=False, soft_wrap=not console.is_terminal)


def progress_bar(console: Console, name: str, *, unit: str) -> Progress:
    """Return a bar that is drawn on a terminal only, and goes away when it is done."""
    columns = (TextColumn(name), BarColumn(), MofNCompleteColumn(), TextColumn(unit), TimeRemainingColumn())
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)


# ---- The command line ------------------------------------------------------------------------------------------------


class UsageError(Exception):
    """An option that cannot be followed. The text is one line that names the mend."""


class Parser(argparse.ArgumentParser):
    """Says what is wrong with the options in one line."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message} (see python train.py --help)")


def parse_options() -> argparse.Namespace:
    """Read the command line. An option that is left out is None, and the preset decides."""
    parser = Parser(
        description="Train Model 5 with the loss on the final token only.",
        epilog="Ctrl-C ends the training early; what was trained so far is shown and plotted.",
    )
    parser.add_argument("--preset", choices=PRESETS, default="cpu", help="all settings at once (default: cpu)")
    parser.add_argument("--data", metavar="PATH|sample|fineweb", help="what to train on")
    parser.add_argument("--tokenizer", choices=("packaged", "gpt2"), help="with which vocabulary")
    parser.add_argument("--docs", metavar="N", type=count, help="how many documents at most")
    parser.add_argument("--steps", metavar="N", type=count, help="how many training steps")
    parser.add_argument("--all-tokens", action="store_true", default=None, help="train on every token, to compare")
    parser.add_argument("--seed", metavar="N", type=int, help="of weights, batches, dropout and text")
    parser.add_argument("--device", metavar="NAME", help="cpu, cuda, mps, ... (default: what pick_device() picks)")
    parser.add_argument("--plot", metavar="FILE", type=Path, default=Path("curves.png"), help="default: curves.png")
    return parser.parse_args()


def count(text: str) -> int:
    """Read a whole number from 1 on; argparse turns the error into its own message."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is too few: give 1 or more")
    return number


def config_from(options: argparse.Namespace) -> Config:
    """Return the preset, with the options that were given in place of its settings."""
    names = {setting.name for setting in fields(Config)}
    given = {name: value for name, value in vars(options).items() if name in names and value is not None}
    return replace(PRESETS[options.preset], **given)


def usable_device(name: str | None) -> torch.device:
    """Return the device of that name, or the learner's choice, tried with one number."""
    if name is None:
        return pick_device()
    try:
        device = torch.device(name)
        torch.zeros(1, device=device).item()
    except (RuntimeError, AssertionError) as error:  # torch raises either for a device that is not there
        raise UsageError(f"the device {name!r} cannot be used here: leave --device out, or use --device cpu") from error
    return device


def check_plot(path: Path) -> None:
    """Fail before the training rather than after it."""
    if path.is_dir() or not path.parent.is_dir():
        raise UsageError(f"{path} cannot be written: name a file in a folder that exists, as --plot curves.png")


def run(options: argparse.Namespace, console: Console) -> int:
    """Train as the options say, and show the results. Returns the exit status."""
    config = config_from(options)
    check_plot(options.plot)
    device = usable_device(options.device)
    if config.cpu_threads is not None:
        torch.set_num_threads(config.cpu_threads)
    data = load_data(config, console)
    torch.manual_seed(config.seed)
    model = Model5(
        data.tokenizer.n_vocab, config.embed_dim, config.n_heads, config.n_blocks, config.time, config.dropout
    ).to(device)

    known = baselines(data)
    parameters = sum(parameter.numel() for parameter in model.parameters())
    positions = config.batch_size * config.time
    targets = f"all {positions:,} positions" if config.all_tokens else f"{config.batch_size} of {positions:,} positions"
    show(console, f"Data:      {data.source.documents:,} documents, {len(data.source.tokens):,} tokens")
    show(console, f"Model 5:   {parameters:,} parameters on {device}")
    show(console, f"Targets:   {targets} in each step")
    show(console, "Baselines: uniform {:.3f}, unigram {:.3f} (test loss without context)".format(*known))
    show(console, "\nFinal-token loss in nats, without dropout:")

    history = train(model, data, config, console)

    if history.evaluations:
        save_plot(history, config, known, options.plot)
        show(console, f"\nCurves: {options.plot}")
    prompt, text = generate_text(model, data, config, device)
    show(console, f"\n{config.time} held-out tokens:\n{prompt}\n\n{config.new_tokens} tokens from Model 5:\n{text}")
    return 130 if history.interrupted else 0


def unfilled_stub(error: NotImplementedError) -> str | None:
    """Name the file and the function that are still to do, if the error comes from a file of this folder."""
    *_, (frame, _) = traceback.walk_tb(error.__traceback__)
    file = Path(frame.f_code.co_filename)
    if file.resolve().parent != Path(__file__).resolve().parent:
        return None
    return f"{file.name} is still to do: {frame.f_code.co_qualname} (for a hint: grade hint challenge5 {file.stem})"


def main() -> int:
    """Run the script. Exit status: 0 done, 2 something has to be mended first, 130 stopped with Ctrl-C."""
    try:
        return run(parse_options(), Console())
    except (DataError, UsageError) as error:
        print(f"train.py: {error}", file=sys.stderr)
        return 2
    except NotImplementedError as error:
        message = unfilled_stub(error)
        if message is None:
            raise
        print(message, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
