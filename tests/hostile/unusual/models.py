"""Unusual right answers of the steps that are about models: attention and training."""

from __future__ import annotations

from tests.hostile.unusual.tensors import source
from tests.submissions import Answer

INIT = """
    def __init__(self, embed_dim: int, n_heads: int, dropout: float) -> None:
        super().__init__()
        self.n_heads = n_heads
        self.dropout = dropout
        self.qkv = nn.Linear(embed_dim, 3 * embed_dim)
        self.out = nn.Linear(embed_dim, embed_dim)
"""


def attention(name: str, forward: str, *, top: str = "", after_init: str = "", **beside: str) -> Answer:
    text = f"import math\n\nimport torch\nimport torch.nn.functional as F\nfrom torch import nn\n{top}\n\n"
    text += f"class CausalSelfAttention(nn.Module):{INIT}{after_init}{forward}"
    return source(name, "attention.py", text, **beside)


def training(name: str, text: str, **beside: str) -> Answer:
    imports = "import torch\nfrom devices import batch_to_device\nfrom final_token_loss import final_token_loss\n"
    return source(name, "training.py", imports + text, **beside)


FUTURE = "torch.ones(time, time, dtype=torch.bool, device=x.device).triu(1)"
BY_HAND = """
    def forward(self, x):
        batch, time, embed_dim = x.shape
        q, k, v = self.qkv(x).view(batch, time, 3, self.n_heads, -1).permute(2, 0, 3, 1, 4)
        scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
        future = torch.ones(time, time, dtype=torch.bool, device=x.device).triu(1)
        weights = scores.masked_fill(future, -math.inf).softmax(-1)
        weights = F.dropout(weights, self.dropout, self.training)
        return self.out((weights @ v).transpose(1, 2).reshape(x.shape))
"""
EINSUM = """
    def forward(self, x):
        q, k, v = (part.unflatten(-1, (self.n_heads, -1)) for part in self.qkv(x).chunk(3, -1))
        scores = torch.einsum("bthd,bshd->bhts", q, k) / q.shape[-1] ** 0.5
        causal = torch.ones(scores.shape[-2:], device=x.device).tril().log()
        weights = torch.dropout((scores + causal).softmax(-1), self.dropout, self.training)
        return self.out(torch.einsum("bhts,bshd->bthd", weights, v).flatten(2))
"""
MODULES = """
        self.weights = Weights(dropout)

    def forward(self, x):
        q, k, v = (part.unflatten(-1, (self.n_heads, -1)).transpose(1, 2) for part in self.qkv(x).chunk(3, -1))
        return self.out((self.weights(q, k) @ v).transpose(1, 2).flatten(2))
"""
WEIGHTS = '''
    """Modules of one's own, one derived from the other."""

    from abc import abstractmethod

    import torch
    from torch import nn


    class Base(nn.Module):
        def __init_subclass__(cls, **options):
            super().__init_subclass__(**options)
            cls.made_by = "a learner"

        @abstractmethod
        def forward(self, q, k): ...


    class Weights(Base):
        def __init__(self, rate):
            super().__init__()
            self.drop = nn.Dropout(rate)
            self.softmax = nn.Softmax(dim=-1)

        def forward(self, q, k):
            scores = q @ k.mT * q.shape[-1] ** -0.5
            future = torch.full_like(scores, float("-inf")).triu(1)
            return self.drop(self.softmax(scores + future))
'''
HOOKED = """
        self.calls = 0
        self.register_forward_hook(self.count)

    def count(self, module, arguments, result):
        self.calls += 1

    def forward(self, x):
        with torch.autocast("cpu", enabled=False), torch.profiler.record_function("attention"):
            q, k, v = (part.unflatten(-1, (self.n_heads, -1)).transpose(1, 2) for part in self.qkv(x).chunk(3, -1))
            rate = self.dropout if self.training else 0.0
            heads = F.scaled_dot_product_attention(q, k, v, dropout_p=rate, is_causal=True)
            return self.out(heads.transpose(1, 2).reshape(x.shape))
"""
CLOSURE = """
    def forward(self, x):
        results = [None] * self.n_heads

        def work(head):
            own = slice(head * width, (head + 1) * width)
            scores = q[..., own] @ k[..., own].mT / width**0.5 + future
            results[head] = scores.softmax(-1)

        q, k, v = self.qkv(x).chunk(3, -1)
        width, time = x.shape[-1] // self.n_heads, x.shape[1]
        future = torch.full((time, time), -math.inf, device=x.device).triu(1)
        for head in range(self.n_heads):
            work(head)
        weights = F.dropout(torch.stack(results, 1), self.dropout, self.training)
        return self.out((weights @ v.unflatten(-1, (self.n_heads, -1)).transpose(1, 2)).transpose(1, 2).flatten(2))
"""

ATTENTION = (
    attention("attention by hand", BY_HAND),
    attention("attention with einsum", EINSUM),
    attention("modules of its own from a helper file", MODULES, top="from weights import Weights\n", weights=WEIGHTS),
    attention("a forward hook, autocast and a profiler's label", HOOKED),
    attention("a loop over the heads with a closure", CLOSURE),
    attention("a mask that is made once and kept as a buffer", """
        self.register_buffer("future", torch.ones(512, 512, dtype=torch.bool).triu(1), persistent=False)
""" + BY_HAND.replace(FUTURE, "self.future[:time, :time]")),
    attention("checkpointing while it trains", """
    def forward(self, x):
        return checkpoint(self.core, x, use_reentrant=False) if torch.is_grad_enabled() else self.core(x)
""" + BY_HAND.replace("forward", "core"), top="from torch.utils.checkpoint import checkpoint\n"),
)  # fmt: skip

STEP = """
def train_step(model, batch, optimizer):
    model.train()
    tokens, targets = batch_to_device(batch, next(model.parameters()).device)
    optimizer.zero_grad(set_to_none=True)
    loss = final_token_loss(model(tokens, last_only=True), targets)
    loss.backward()
    optimizer.step()
    return float(loss)
"""

TRAINING = (
    training("torch.inference_mode", STEP + """
def evaluate(model, batches):
    mode = model.training
    model.eval()
    with torch.inference_mode():
        losses = []
        for batch in batches:
            tokens, targets = batch_to_device(batch, next(model.parameters()).device)
            losses.append(final_token_loss(model(tokens, last_only=True), targets))
        mean = torch.stack(losses).mean().item()
    model.train(mode)
    return mean
"""),
    training("a context manager of its own", """
import contextlib
from collections.abc import Callable, Iterator

@contextlib.contextmanager
def evaluating(model) -> Iterator[Callable]:
    before = {module: module.training for module in model.modules()}
    model.eval()
    try:
        with torch.no_grad():
            yield model
    finally:
        for module, mode in before.items():
            module.training = mode
""" + STEP + """
def evaluate(model, batches):
    total = count = 0
    with evaluating(model) as quiet:
        for batch in batches:
            tokens, targets = batch_to_device(batch, next(quiet.parameters()).device)
            total += final_token_loss(quiet(tokens, last_only=True), targets).item()
            count += 1
    return total / count
"""),
    training("a progress bar of its own and a stopwatch", """
import gc, statistics, sys, time
""" + STEP + """
def evaluate(model, batches):
    started, mode, losses = time.perf_counter(), model.training, []
    model.train(False)
    for number, batch in enumerate(batches, start=1):
        with torch.no_grad():
            tokens, targets = batch_to_device(batch, next(model.parameters()).device)
            losses.append(final_token_loss(model(tokens, last_only=True), targets).item())
        sys.stderr.write(f"\\r[{'#' * number:<20}] {time.perf_counter() - started:.3f} s")
        sys.stderr.flush()
    model.train(mode)
    gc.collect()
    return statistics.fmean(losses)
"""),
    training("asyncio", """
import asyncio
""" + STEP + """
async def loss_of(model, batch):
    await asyncio.sleep(0)
    tokens, targets = batch_to_device(batch, next(model.parameters()).device)
    with torch.no_grad():
        return final_token_loss(model(tokens, last_only=True), targets).item()

async def all_losses(model, batches):
    return [await loss_of(model, batch) for batch in batches]

def evaluate(model, batches):
    mode = model.training
    model.eval()
    losses = asyncio.run(all_losses(model, batches))
    model.train(mode)
    return sum(losses) / len(losses)
"""),
    training("a history that is written to a file", """
import csv, os, pathlib, tempfile

HISTORY = pathlib.Path(tempfile.mkdtemp(prefix="history-")) / "losses.csv"
""" + STEP + """
def evaluate(model, batches):
    mode = model.training
    model.eval()
    with HISTORY.open("w", newline="") as file, torch.no_grad():
        rows = csv.writer(file)
        for batch in batches:
            tokens, targets = batch_to_device(batch, next(model.parameters()).device)
            rows.writerow([final_token_loss(model(tokens, last_only=True), targets).item()])
    model.train(mode)
    with HISTORY.open(newline="") as file:
        losses = [float(row[0]) for row in csv.reader(file)]
    os.remove(HISTORY)
    return sum(losses) / len(losses)
"""),
    training("classes with __call__ in place of functions", """
class TrainStep:
    def __call__(self, model, batch, optimizer):
        model.train()
        loss = self.loss(model, batch)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss.item()

    @staticmethod
    def loss(model, batch):
        tokens, targets = batch_to_device(batch, next(model.parameters()).device)
        return final_token_loss(model(tokens, last_only=True), targets)


class Evaluate(TrainStep):
    @torch.no_grad()
    def __call__(self, model, batches):
        mode = model.training
        model.eval()
        losses = [self.loss(model, batch).item() for batch in batches]
        model.train(mode)
        return sum(losses) / len(losses)


train_step, evaluate = TrainStep(), Evaluate()
"""),
    training("two threads of PyTorch on one core", "torch.set_num_threads(2)\n" + STEP + """
def evaluate(model, batches):
    mode = model.training
    model.eval()
    with torch.no_grad():
        batches = [batch_to_device(batch, next(model.parameters()).device) for batch in batches]
        losses = [final_token_loss(model(tokens), targets) for tokens, targets in batches]
    model.train(mode)
    return torch.stack(losses).mean().item()
"""),
)  # fmt: skip
