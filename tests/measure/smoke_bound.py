"""How well the reference learns in the smoke test, over many seeds: the ground on which its bound stands.

    python -m tests.measure.smoke_bound [--data PATH|sample] [--tokenizer packaged|gpt2] [--seeds 20]

Trains with the solution's own files in this process; about three seconds a seed with the packaged vocabulary.
"""

from __future__ import annotations

import argparse
import importlib
import statistics
import sys

import torch

from grader.checks.challenge5 import smoke
from grader.data import sample_batch
from grader.smoke import SmokeOptions
from tests.submissions import SOLUTIONS


def learned_share(prepared: smoke.Prepared, seed: int) -> float:
    """Train once; return the share of the way from the first loss to the unigram loss that the model made up."""
    model5, training = importlib.import_module("model5"), importlib.import_module("training")
    torch.manual_seed(seed)
    sizes = (prepared.vocabulary.n_vocab, smoke.EMBED_DIM, smoke.N_HEADS, smoke.N_BLOCKS, smoke.TIME, smoke.DROPOUT)
    model = model5.Model5(*sizes)
    optimizer = torch.optim.AdamW(model.parameters(), lr=smoke.LEARNING_RATE, weight_decay=smoke.WEIGHT_DECAY)
    generator = torch.Generator().manual_seed(seed)
    before = smoke.held_out_loss(model.state_dict(), prepared)
    for _ in range(smoke.STEPS):
        batch = sample_batch(prepared.train, batch_size=smoke.BATCH_SIZE, time=smoke.TIME, generator=generator)
        training.train_step(model, batch, optimizer)
    return (before - smoke.held_out_loss(model.state_dict(), prepared)) / (before - prepared.unigram)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="sample")
    parser.add_argument("--tokenizer", default="packaged", choices=("packaged", "gpt2"))
    parser.add_argument("--seeds", type=int, default=20)
    options = parser.parse_args()
    sys.path.insert(0, str(SOLUTIONS / "challenge5"))
    torch.set_num_threads(1)  # as in the child
    prepared = smoke.prepare(SmokeOptions(options.data, options.tokenizer))
    shares = []
    for seed in range(options.seeds):
        shares.append(learned_share(prepared, seed))
        print(f"seed {seed:3d}  share {shares[-1]:.3f}", flush=True)
    mean, deviation = statistics.mean(shares), statistics.stdev(shares)
    print(f"lowest {min(shares):.3f}  mean {mean:.3f}  standard deviation {deviation:.4f}")
    distance = (mean - smoke.LEARNED_SHARE) / deviation
    print(f"bound {smoke.LEARNED_SHARE}: {distance:.1f} standard deviations below the mean")


if __name__ == "__main__":
    main()
