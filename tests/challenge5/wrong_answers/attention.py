"""Wrong answers of step 4: edits of the solution, which calls SDPA, and of the same written out by hand."""

from __future__ import annotations

from functools import partial

from grader.verdict import Outcome
from tests.challenge5.wrong_answers.wrong_answer import WrongAnswer
from tests.challenge5.wrong_answers.wrong_answer import wrong as any_wrong
from tests.submissions import edit

wrong = partial(any_wrong, file="attention.py")

EVAL = "equals_the_reference_in_eval_mode"
HEADS = "several_heads"
NO_DROPOUT = "eval_mode_has_no_dropout"
RATE_ZERO = "rate_zero_drops_nothing"
GRADIENT = "gradient_equals_the_reference"
GRADIENT_WITH_DROPOUT = "gradient_with_dropout"
FUTURE = "no_attention_to_the_future"
EXTREMES = "bears_extremes"
SCALED = "dropped_or_scaled"
ON_WEIGHTS = "dropout_acts_on_the_weights"
BY_ITSELF = "drops_each_weight_by_itself"
SHARE = "dropped_share"
DIFFERS = "training_mode_differs_from_call_to_call"
SWITCH = "follows_every_switch"
MODE = "mode_is_read_not_changed"
DEVICE = "runs_on_the_accelerator"

# Lines of the solution.
RATE = "dropout_p = self.dropout if self.training else 0.0"
SDPA = "F.scaled_dot_product_attention(q, k, v, dropout_p=dropout_p, is_causal=True)"
KEEP_RATE = "self.dropout = dropout\n"
JOIN = "joined = heads.transpose(1, 2).reshape(batch, time, embed_dim)"
SPLIT_VIEW = "part.view(head_shape).transpose(1, 2)"
SPLIT = ".transpose(1, 2)  # [batch, n_heads, time, head_dim]"
RETURN = "return self.out(joined)"
HEAD_SHAPE = "head_shape = (batch, time, self.n_heads, embed_dim // self.n_heads)"
QKV = "q, k, v = ("

BY_HAND = """
import math
import torch

batch, time, embed_dim = x.shape
shape = (batch, time, self.n_heads, embed_dim // self.n_heads)
q, k, v = (part.view(shape).transpose(1, 2) for part in self.qkv(x).chunk(3, dim=-1))
scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
future = torch.ones(time, time, dtype=torch.bool, device=x.device).triu(1)
scores = scores.masked_fill(future, -math.inf)
weights = scores.softmax(dim=-1)
weights = F.dropout(weights, self.dropout, self.training)
joined = (weights @ v).transpose(1, 2).reshape(batch, time, embed_dim)
return self.out(joined)
"""
DROPOUT_LINE = "weights = F.dropout(weights, self.dropout, self.training)\n"


def by_hand(name: str, old: str, new: str, *caught_by: str, outcome: Outcome = Outcome.FAILED) -> WrongAnswer:
    """Attention written out, with one piece of it changed."""
    return wrong(name, *caught_by, outcome=outcome, forward=edit(BY_HAND, old, new))


DROPOUT_WHEN = (
    wrong("dropout always", NO_DROPOUT, SWITCH, edits={RATE: "dropout_p = self.dropout"}),
    wrong("dropout never", SCALED, SHARE, DIFFERS, SWITCH, edits={RATE: "dropout_p = 0.0"}),
    wrong(
        "dropout the wrong way round",
        NO_DROPOUT,
        SCALED,
        SWITCH,
        edits={RATE: "dropout_p = 0.0 if self.training else self.dropout"},
    ),
    wrong(
        "dropout fixed at construction",
        NO_DROPOUT,
        SWITCH,
        edits={KEEP_RATE: "self.dropout = dropout if self.training else 0.0\n", RATE: "dropout_p = self.dropout"},
    ),
    wrong(
        "dropout fixed at the first call",
        SWITCH,
        edits={
            KEEP_RATE: "self.dropout = dropout\n        self.rate = None\n",
            RATE: """if self.rate is None:
            self.rate = self.dropout if self.training else 0.0
        dropout_p = self.rate""",
        },
    ),
    wrong(
        "dropout keyed on gradients",
        NO_DROPOUT,
        SWITCH,
        edits={
            RATE: "dropout_p = self.dropout if torch.is_grad_enabled() else 0.0",
            "import torch.nn.functional as F\n": "import torch\nimport torch.nn.functional as F\n",
        },
    ),
    wrong(
        "dropout only with gradients on",
        SWITCH,
        edits={
            RATE: "dropout_p = self.dropout if self.training and torch.is_grad_enabled() else 0.0",
            "import torch.nn.functional as F\n": "import torch\nimport torch.nn.functional as F\n",
        },
    ),
    wrong(
        "eval() never turns it off",
        NO_DROPOUT,
        SWITCH,
        edits={
            KEEP_RATE: "self.dropout = dropout\n        self.on = True\n",
            RATE: "dropout_p = self.dropout if self.on else 0.0",
        },
    ),
    wrong("F.dropout without the mode", NO_DROPOUT, SWITCH, forward=edit(BY_HAND, ", self.training)", ")")),
)

DROPOUT_HOW_MUCH = (
    wrong(
        "keep rate instead of drop rate",
        SCALED,
        SHARE,
        RATE_ZERO,
        edits={RATE: "dropout_p = 1 - self.dropout if self.training else 0.0"},
    ),
    wrong("rate 0.1 written in", RATE_ZERO, SHARE, edits={RATE: "dropout_p = 0.1 if self.training else 0.0"}),
    wrong("half the rate", SCALED, SHARE, edits={RATE: "dropout_p = self.dropout / 2 if self.training else 0.0"}),
    wrong("a rate of at most 0.3", SHARE, edits={RATE: "dropout_p = min(0.3, self.dropout) if self.training else 0.0"}),
    by_hand(
        "dropped but not scaled",
        DROPOUT_LINE,
        "if self.training:\n    weights = weights * (torch.rand_like(weights) >= self.dropout)\n",
        SCALED,
        SHARE,
        SWITCH,
    ),
    by_hand(
        "scaled in evaluation mode instead",
        DROPOUT_LINE,
        "if self.training:\n    weights = weights * (torch.rand_like(weights) >= self.dropout)\n"
        "else:\n    weights = weights * (1 - self.dropout)\n",
        EVAL,
        NO_DROPOUT,
        SCALED,
    ),
    by_hand(
        "scaled by the share that was kept",
        DROPOUT_LINE,
        "if self.training and self.dropout:\n    kept = torch.rand_like(weights) >= self.dropout\n"
        "    weights = weights * kept / kept.float().mean()\n",
        SCALED,
        SHARE,
    ),
    by_hand(
        "rows add up to one after dropout",
        DROPOUT_LINE,
        DROPOUT_LINE + "weights = weights / weights.sum(-1, keepdim=True).clamp_min(1e-9)\n",
        SCALED,
    ),
    by_hand("dropped twice", DROPOUT_LINE, DROPOUT_LINE * 2, SCALED, SHARE),
    by_hand(
        "one mask for all rows",
        DROPOUT_LINE,
        "weights = weights * F.dropout(torch.ones_like(weights[:1, :1, :1]), self.dropout, self.training)\n",
        BY_ITSELF,
    ),
    by_hand(
        "one mask for the whole batch",
        DROPOUT_LINE,
        "weights = weights * F.dropout(torch.ones_like(weights[:1]), self.dropout, self.training)\n",
        BY_ITSELF,
    ),
    by_hand(
        "one mask for all heads",
        DROPOUT_LINE,
        "weights = weights * F.dropout(torch.ones_like(weights[:, :1]), self.dropout, self.training)\n",
        BY_ITSELF,
    ),
    wrong(
        "the same mask in each call",
        DIFFERS,
        edits={
            RATE: RATE + "\n        torch.manual_seed(0)",
            "import torch.nn.functional as F\n": "import torch\nimport torch.nn.functional as F\n",
        },
    ),
    by_hand(
        "a mask remembered from the first call",
        DROPOUT_LINE,
        """if self.training:
    if getattr(self, "mask", None) is None or self.mask.shape != weights.shape:
        self.mask = F.dropout(torch.ones_like(weights), self.dropout)
    weights = weights * self.mask
""",
        DIFFERS,
    ),
)

DROPOUT_WHERE = (
    wrong(
        "dropout on the heads' results",
        ON_WEIGHTS,
        edits={SDPA: "F.dropout(F.scaled_dot_product_attention(q, k, v, is_causal=True), dropout_p)"},
    ),
    wrong(
        "dropout before the projection",
        ON_WEIGHTS,
        edits={
            SDPA: "F.scaled_dot_product_attention(q, k, v, is_causal=True)",
            RETURN: "return self.out(F.dropout(joined, dropout_p))",
        },
    ),
    wrong(
        "dropout after the projection",
        ON_WEIGHTS,
        edits={
            SDPA: "F.scaled_dot_product_attention(q, k, v, is_causal=True)",
            RETURN: "return F.dropout(self.out(joined), dropout_p)",
        },
    ),
    wrong(
        "dropout on the weights and on the output",
        ON_WEIGHTS,
        edits={RETURN: "return F.dropout(self.out(joined), dropout_p)"},
    ),
    wrong(
        "dropout on the values",
        ON_WEIGHTS,
        edits={SDPA: "F.scaled_dot_product_attention(q, k, F.dropout(v, dropout_p), is_causal=True)"},
    ),
    wrong(
        "dropout on the input",
        SCALED,
        edits={"self.qkv(x)": "self.qkv(F.dropout(x, self.dropout, self.training))", RATE: "dropout_p = 0.0"},
    ),
    by_hand(
        "dropout on the scores",
        "scores = scores.masked_fill(future, -math.inf)\nweights = scores.softmax(dim=-1)\n" + DROPOUT_LINE,
        "scores = F.dropout(scores, self.dropout, self.training)\n"
        "weights = scores.masked_fill(future, -math.inf).softmax(dim=-1)\n",
        SCALED,
        SHARE,
    ),
    by_hand(
        "dropped scores become minus infinity",
        "weights = scores.softmax(dim=-1)\n" + DROPOUT_LINE,
        """if self.training:
    dropped = torch.rand_like(scores) < self.dropout
    scores = scores.masked_fill(dropped & ~torch.eye(time, dtype=torch.bool), -math.inf)
weights = scores.softmax(dim=-1)
""",
        SCALED,
        SHARE,
    ),
)

CHANGES_THE_MODE = (
    wrong("eval() inside forward", MODE, SHARE, edits={RETURN: "self.eval()\n        return self.out(joined)"}),
    wrong("train() inside forward", MODE, NO_DROPOUT, edits={RATE: "self.train()\n        " + RATE}),
    wrong(
        "the mode written as an attribute",
        MODE,
        edits={RETURN: "self.training = True\n        return self.out(joined)"},
    ),
    wrong(
        "a submodule switched",
        MODE,
        edits={RETURN: "self.out.eval()\n        return self.out(joined)"},
    ),
)

NOT_CAUSAL = (
    wrong("not causal", FUTURE, EVAL, edits={SDPA: SDPA.replace(", is_causal=True", "")}),
    by_hand("sees one future token", ".triu(1)", ".triu(2)", FUTURE, EVAL),
    by_hand("does not see itself", ".triu(1)", ".triu(0)", EVAL),
    by_hand("sees the future only", ".triu(1)", ".tril(-1)", FUTURE, EVAL),
    by_hand("sees the last token always", ".triu(1)", ".triu(1) & (torch.arange(time) < time - 1)", FUTURE),
    by_hand("mask of zeros instead of minus infinity", "-math.inf", "0.0", FUTURE, EVAL),
    by_hand("a mask of -10", "-math.inf", "-10.0", FUTURE, EVAL),
    by_hand("masked after the softmax", "weights = scores.softmax(dim=-1)\n",
            "weights = scores.masked_fill(future, 0.0).softmax(dim=-1).masked_fill(future, 0.0)\n", EVAL),
    by_hand("softmax over the queries", "softmax(dim=-1)", "softmax(dim=-2)", EVAL, FUTURE),
    by_hand("causal while training only", ".triu(1)", ".triu(1 if self.training else 99)", EVAL, FUTURE),
    by_hand("causal in evaluation only", ".triu(1)", ".triu(99 if self.training else 1)", RATE_ZERO, FUTURE),
    by_hand("a window of four tokens", ".triu(1)", ".triu(1) | torch.ones(time, time).tril(-4).bool()", EVAL),
)  # fmt: skip

WRONG_MATHS = (
    by_hand("no scale", " / math.sqrt(q.shape[-1])", "", EVAL, HEADS),
    by_hand("scaled by embed_dim", "math.sqrt(q.shape[-1])", "math.sqrt(embed_dim)", HEADS),
    by_hand("scaled by the width, not its root", "math.sqrt(q.shape[-1])", "q.shape[-1]", EVAL, HEADS),
    by_hand("scaled the wrong way", " / math.sqrt", " * math.sqrt", EVAL, HEADS),
    wrong(
        "heads cut without transposing",
        HEADS,
        edits={
            HEAD_SHAPE: HEAD_SHAPE.replace("time, self.n_heads", "self.n_heads, time"),
            SPLIT_VIEW: "part.reshape(head_shape)",
        },
    ),
    wrong("attends over heads instead of time", EVAL, HEADS, edits={SPLIT: ""}),
    wrong(
        "heads joined without transposing back",
        HEADS,
        edits={JOIN: "joined = heads.reshape(batch, time, embed_dim)"},
    ),
    wrong(
        "heads interleaved",
        HEADS,
        edits={JOIN: "joined = heads.permute(0, 2, 3, 1).reshape(batch, time, embed_dim)"},
    ),
    wrong("heads in reverse order", HEADS, edits={"heads.transpose(1, 2)": "heads.flip(1).transpose(1, 2)"}),
    wrong(
        "always one head",
        HEADS,
        edits={HEAD_SHAPE: "head_shape = (batch, time, 1, embed_dim)"},
    ),
    wrong("no output projection", EVAL, GRADIENT, edits={RETURN: "return joined"}),
    wrong("residual added", EVAL, HEADS, edits={RETURN: "return x + self.out(joined)"}),
    wrong("activation added", EVAL, edits={RETURN: "return F.gelu(self.out(joined))"}),
    wrong("normalised", EVAL, edits={RETURN: "return F.layer_norm(self.out(joined), (embed_dim,))"}),
    wrong("keys and values swapped", EVAL, HEADS, edits={QKV: "q, v, k = ("}),
    wrong("queries and keys swapped", EVAL, HEADS, edits={QKV: "k, q, v = ("}),
    wrong("queries and values swapped", EVAL, HEADS, edits={QKV: "v, k, q = ("}),
    wrong("bias left out", EVAL, edits={RETURN: "return F.linear(joined, self.out.weight)"}),
    by_hand("ReLU attention", "scores.softmax(dim=-1)", "scores.relu()", EVAL, HEADS),
    by_hand("no softmax", "scores.softmax(dim=-1)", "scores.masked_fill(future, 0.0)", EVAL, HEADS),
    by_hand("log-softmax", "scores.softmax(dim=-1)", "scores.log_softmax(dim=-1).masked_fill(future, 0.0)", EVAL),
    wrong("detached", GRADIENT, edits={RETURN: "return self.out(joined.detach())"}),
    wrong(
        "gradients in training mode only",
        GRADIENT,
        edits={RETURN: "return self.out(joined if self.training else joined.detach())"},
    ),
    wrong("input detached", GRADIENT, edits={"self.qkv(x)": "self.qkv(x.detach())"}),
    by_hand("weights detached", "(weights @ v)", "(weights.detach() @ v)", GRADIENT),
    by_hand("computed in half precision", "scores.softmax(dim=-1)", "scores.bfloat16().softmax(-1).float()", EVAL),
    wrong("wipes out its input", GRADIENT, edits={RETURN: "x.data.zero_()\n        " + RETURN}),
    wrong("float64 returned", EVAL, edits={RETURN: "return self.out(joined).double()"}),
)

WRONG_DEVICE = (
    by_hand("a mask made on the CPU", ", device=x.device", "", DEVICE, outcome=Outcome.ERROR),
    wrong(
        "a mask made on the CPU in __init__",
        DEVICE,
        outcome=Outcome.ERROR,
        edits={
            KEEP_RATE: "self.dropout = dropout\n        self.past = torch.ones(256, 256).tril().bool()\n",
            SDPA: "F.scaled_dot_product_attention(q, k, v, self.past[:time, :time], dropout_p)",
            "import torch.nn.functional as F\n": "import torch\nimport torch.nn.functional as F\n",
        },
    ),
    wrong("output brought to the CPU", DEVICE, edits={RETURN: "return self.out(joined).cpu()"}),
    wrong("input brought to the CPU", DEVICE, outcome=Outcome.ERROR, edits={"self.qkv(x)": "self.qkv(x.cpu())"}),
    by_hand(
        "dropout mask made on the CPU",
        DROPOUT_LINE,
        "weights = weights * F.dropout(torch.ones(weights.shape), self.dropout, self.training)\n",
        DEVICE,
        outcome=Outcome.ERROR,
    ),
    wrong(
        "heads collected in a CPU tensor",
        DEVICE,
        outcome=Outcome.ERROR,
        edits={
            JOIN: "joined = torch.zeros(batch, time, embed_dim)\n"
            "        joined[...] = heads.transpose(1, 2).reshape(batch, time, embed_dim)",
            "import torch.nn.functional as F\n": "import torch\nimport torch.nn.functional as F\n",
        },
    ),
)

IMPORT_TORCH = {"import torch.nn.functional as F\n": "import torch\nimport torch.nn.functional as F\n"}
FUTURE_LINE = "future = torch.ones(time, time, dtype=torch.bool, device=x.device).triu(1)\n"
WRONG_SIZE = (
    wrong(
        "a mask for 32 positions",
        EXTREMES,
        outcome=Outcome.ERROR,
        forward=edit(BY_HAND, FUTURE_LINE, "future = self.future[:time, :time]\n"),
        edits={
            KEEP_RATE: KEEP_RATE + '        future = torch.ones(32, 32, dtype=torch.bool).triu(1)\n'
            '        self.register_buffer("future", future, persistent=False)\n',
            **IMPORT_TORCH,
        },
    ),
    by_hand("a mask kept from the first length", FUTURE_LINE, """
if getattr(self, "future", None) is None:
    self.future = torch.ones(time, time, dtype=torch.bool).triu(1)
future = self.future
""", FUTURE),
    by_hand("a mask kept from the greatest length", FUTURE_LINE, """
if getattr(self, "future", None) is None or len(self.future) < time:
    self.future = torch.ones(time, time, dtype=torch.bool).triu(1)
future = self.future
""", FUTURE, outcome=Outcome.ERROR),
    by_hand("a window of 128 tokens", ".triu(1)", ".triu(1) | torch.ones(time, time).tril(-128).bool()", EXTREMES),
)  # fmt: skip

OVERFLOWS = (
    by_hand("softmax without the shift", "scores.softmax(dim=-1)",
            "scores.exp()\nweights = weights / weights.sum(-1, keepdim=True)", EXTREMES),
    by_hand("a mask of -100", "masked_fill(future, -math.inf)", "masked_fill(future, -100.0)", EXTREMES),
    by_hand("masked after the softmax, and normalised again", "scores = scores.masked_fill(future, -math.inf)\n"
            "weights = scores.softmax(dim=-1)", "weights = scores.softmax(dim=-1).masked_fill(future, 0.0)\n"
            "weights = weights / weights.sum(-1, keepdim=True)", EXTREMES),
    by_hand("scores clamped to 80", "scores.softmax(dim=-1)", "scores.clamp(max=80.0).softmax(dim=-1)", EXTREMES),
)  # fmt: skip

# Wrong on the way that only training with dropout takes; the rest of the answer is right.
WHILE_DROPPING = "if self.training and self.dropout > 0:\n    "
ONLY_WITH_DROPOUT = (
    by_hand("mask drawn on the CPU", DROPOUT_LINE, WHILE_DROPPING
            + "weights = weights * (torch.rand(weights.shape) >= self.dropout) / (1 - self.dropout)\n",
            DEVICE, outcome=Outcome.ERROR),
    by_hand("no gradient through the dropped weights", DROPOUT_LINE, WHILE_DROPPING
            + "with torch.no_grad():\n        weights = F.dropout(weights, self.dropout)\n", GRADIENT_WITH_DROPOUT),
    by_hand("dropout behind the back of autograd", DROPOUT_LINE, WHILE_DROPPING
            + "weights.data = F.dropout(weights.data, self.dropout)\n", GRADIENT_WITH_DROPOUT),
    by_hand("a rate of one half at most", "self.dropout, self.training", "min(self.dropout, 0.5), self.training",
            SHARE),
    by_hand("a position's weight on itself is never dropped", DROPOUT_LINE, WHILE_DROPPING
            + "weights = torch.where(torch.eye(time).bool(), weights / (1 - self.dropout),"
            " F.dropout(weights, self.dropout))\n", SHARE),
    by_hand("the weight on the first position is never dropped", DROPOUT_LINE, WHILE_DROPPING
            + "weights = torch.cat((weights[..., :1] / (1 - self.dropout), F.dropout(weights[..., 1:], self.dropout)),"
            " -1)\n", SHARE),
    by_hand("all weights of a position dropped together", DROPOUT_LINE, WHILE_DROPPING
            + "weights = weights * (torch.rand_like(weights[..., :1]) >= self.dropout) / (1 - self.dropout)\n",
            BY_ITSELF),
    by_hand("the number of the call as the seed", DROPOUT_LINE, """
self.calls = getattr(self, "calls", 0) + 1
if self.training:
    torch.manual_seed(self.calls)
""" + DROPOUT_LINE, DIFFERS),
    by_hand("a fresh seed in each call", DROPOUT_LINE, """
if self.training:
    torch.seed()
""" + DROPOUT_LINE, DIFFERS),
    by_hand("a generator with a seed of its own", DROPOUT_LINE, """
self.generator = getattr(self, "generator", None) or torch.Generator().manual_seed(42)
kept = torch.rand(weights.shape, generator=self.generator) >= self.dropout
weights = weights * kept / (1 - self.dropout) if self.training else weights
""", DIFFERS),
    by_hand("the number of the call as the seed, in a fork", DROPOUT_LINE, """
self.calls = getattr(self, "calls", 0) + 1
with torch.random.fork_rng():
    torch.manual_seed(self.calls)
    weights = F.dropout(weights, self.dropout, self.training)
""", DIFFERS),
    by_hand("masks shared by pairs of sequences", DROPOUT_LINE, WHILE_DROPPING
            + "kept = F.dropout(torch.ones_like(weights), self.dropout)\n"
            "    weights = weights * kept[torch.arange(batch) // 2]\n", BY_ITSELF),
    by_hand("a dropout mask for 32 positions", DROPOUT_LINE, WHILE_DROPPING
            + "kept = F.dropout(torch.ones(batch, self.n_heads, 32, 32), self.dropout)\n"
            "    weights = weights * kept[..., :time, :time]\n", EXTREMES, outcome=Outcome.ERROR),
    by_hand("softmax without the shift while it drops", DROPOUT_LINE, WHILE_DROPPING
            + "weights = scores.exp()\n"
            "    weights = F.dropout(weights / weights.sum(-1, keepdim=True), self.dropout)\n", EXTREMES),
)  # fmt: skip

ATTENTION = (
    *DROPOUT_WHEN,
    *DROPOUT_HOW_MUCH,
    *DROPOUT_WHERE,
    *CHANGES_THE_MODE,
    *NOT_CAUSAL,
    *WRONG_SIZE,
    *WRONG_MATHS,
    *OVERFLOWS,
    *ONLY_WITH_DROPOUT,
    *WRONG_DEVICE,
)
