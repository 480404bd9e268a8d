"""Right answers of step 4."""

from __future__ import annotations

from tests.challenge5.wrong_answers.attention import BY_HAND, DROPOUT_LINE, KEEP_RATE, RATE, SDPA
from tests.submissions import Answer, edit

IMPORT = "import torch.nn.functional as F\n"
HEADS = "heads = F.scaled_dot_product_attention(q, k, v, dropout_p=dropout_p, is_causal=True)"


def right(name: str, forward: str | None = None, **edits: str) -> Answer:
    bodies = {} if forward is None else {"forward": forward}
    return Answer(name, "attention.py", bodies=bodies, edits={OLD[key]: new for key, new in edits.items()})


OLD = {"rate": RATE, "sdpa": SDPA, "init": KEEP_RATE, "imports": IMPORT, "definition": "    def forward"}


def by_hand(name: str, old: str, new: str, **edits: str) -> Answer:
    return right(name, edit(BY_HAND, old, new), **edits)


# What people put at the top of their files.
SETTINGS = """
import random, warnings
import torch

random.seed(1337)
torch.manual_seed(1337)
torch.set_float32_matmul_precision("medium")
torch.backends.mkldnn.matmul.fp32_precision = "bf16"
torch.backends.cuda.matmul.allow_tf32 = True
torch.backends.cudnn.benchmark = True
torch.use_deterministic_algorithms(True, warn_only=True)
torch.autograd.set_detect_anomaly(True)
torch.set_printoptions(precision=2)
warnings.filterwarnings("ignore")
"""

# The weights of a model with it hold infinity, and more than Model 5's own.
SAVED_MASK = by_hand(
    "a registered buffer of minus infinity that is saved",
    "scores.masked_fill(future, -math.inf)",
    "scores + self.mask[:time, :time]",
    init="self.dropout = dropout\n"
    '        self.register_buffer("mask", torch.full((256, 256), float("-inf")).triu(1))\n',
    imports="import torch\n" + IMPORT,
)

ATTENTION = (
    right("by hand, with F.dropout", BY_HAND),
    right("settings at the top of the file", imports=IMPORT + SETTINGS),
    by_hand(
        "nn.Dropout submodule", "F.dropout(weights, self.dropout, self.training)", "self.drop(weights)",
        init="self.dropout = dropout\n        self.drop = nn.Dropout(dropout)\n",
    ),
    by_hand(
        "nn.Dropout in place of the rate", "F.dropout(weights, self.dropout, self.training)", "self.dropout(weights)",
        init="self.dropout = nn.Dropout(p=dropout)\n",
    ),
    right("rate of an nn.Dropout submodule", rate="dropout_p = self.drop.p if self.drop.training else 0.0",
          init="self.dropout = dropout\n        self.drop = nn.Dropout(dropout)\n"),
    right("rate times mode", rate="dropout_p = self.dropout * self.training"),
    right("an explicit mask for SDPA", sdpa=(
        "F.scaled_dot_product_attention(q, k, v, torch.ones(time, time, dtype=torch.bool, device=x.device).tril(),"
        " dropout_p)"), imports="import torch\n" + IMPORT),
    right("an additive mask for SDPA", sdpa=(
        "F.scaled_dot_product_attention(q, k, v, nn.Transformer.generate_square_subsequent_mask(time, x.device),"
        " dropout_p=dropout_p)")),
    right("SDPA with its scale given",
          sdpa=SDPA.replace("is_causal=True", "is_causal=True, scale=q.shape[-1] ** -0.5")),
    right("SDPA by the math backend", imports="from torch.nn.attention import SDPBackend, sdpa_kernel\n" + IMPORT,
          definition="    @sdpa_kernel(SDPBackend.MATH)\n    def forward"),
    by_hand("a mask of -1e9", "-math.inf", "-1e9"),
    by_hand("the smallest float", "-math.inf", "torch.finfo(scores.dtype).min"),
    by_hand("torch.where", "scores.masked_fill(future, -math.inf)", 'torch.where(future, float("-inf"), scores)'),
    by_hand("an added mask", "scores.masked_fill(future, -math.inf)",
            "scores + torch.full((time, time), -math.inf, device=x.device).triu(1)"),
    by_hand("comparison of positions", "torch.ones(time, time, dtype=torch.bool, device=x.device).triu(1)",
            "torch.arange(time, device=x.device)[None] > torch.arange(time, device=x.device)[:, None]"),
    by_hand(
        "a registered buffer that is not saved",
        "torch.ones(time, time, dtype=torch.bool, device=x.device).triu(1)", "self.future[:time, :time]",
        init='self.dropout = dropout\n        mask = torch.ones(256, 256, dtype=torch.bool).triu(1)\n'
        '        self.register_buffer("future", mask, persistent=False)\n',
        imports="import torch\n" + IMPORT,
    ),
    by_hand(
        "a registered buffer that is saved",
        "torch.ones(time, time, dtype=torch.bool, device=x.device).triu(1)", "self.future[:, :, :time, :time] == 0",
        init='self.dropout = dropout\n'
        '        self.register_buffer("future", torch.tril(torch.ones(256, 256)).view(1, 1, 256, 256))\n',
        imports="import torch\n" + IMPORT,
    ),
    SAVED_MASK,
    by_hand(
        "a mask made at the first call", "torch.ones(time, time, dtype=torch.bool, device=x.device).triu(1)",
        "self.mask_for(time, x.device)",
        definition="""    def mask_for(self, time, device):
        import torch
        if getattr(self, "cached", None) is None or len(self.cached) < time or self.cached.device != device:
            self.cached = torch.ones(time, time, dtype=torch.bool, device=device).triu(1)
        return self.cached[:time, :time]

    def forward""",
    ),
    by_hand("Bernoulli mask by hand", DROPOUT_LINE, """
if self.training and self.dropout > 0:
    keep = torch.bernoulli(torch.full_like(weights, 1 - self.dropout))
    weights = weights * keep / (1 - self.dropout)
"""),
    by_hand("mask from rand", DROPOUT_LINE, """
if self.training:
    weights = weights.masked_fill(torch.rand_like(weights) < self.dropout, 0.0) / (1 - self.dropout)
"""),
    by_hand("functional dropout of a module", "F.dropout(weights, self.dropout, self.training)",
            "nn.Dropout(self.dropout).train(self.training)(weights)"),
    by_hand("torch.dropout", "F.dropout(weights, self.dropout, self.training)",
            "torch.dropout(weights, self.dropout, self.training)"),
    by_hand("dropout on a flat view", "F.dropout(weights, self.dropout, self.training)",
            "F.dropout(weights.flatten(), self.dropout, self.training).view_as(weights)"),
    by_hand("softmax by hand", "scores.softmax(dim=-1)",
            "(scores - scores.amax(-1, keepdim=True)).exp()\n"
            "weights = weights / weights.sum(-1, keepdim=True)"),
    by_hand("softmax through the logarithm", "scores.softmax(dim=-1)",
            "(scores - scores.logsumexp(-1, keepdim=True)).exp()"),
    by_hand("masks kept by length", "torch.ones(time, time, dtype=torch.bool, device=x.device).triu(1)",
            "self.kept.setdefault((time, x.device), torch.ones(time, time, dtype=torch.bool, device=x.device).triu(1))",
            init="self.dropout = dropout\n        self.kept = {}\n"),
    by_hand("queries scaled before", "q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])",
            "(q * q.shape[-1] ** -0.5) @ k.mT"),
    by_hand("float64 inside", "scores.softmax(dim=-1)", "scores.double().softmax(dim=-1).to(x.dtype)"),
    right("einsum", """
        import torch

        batch, time, embed_dim = x.shape
        q, k, v = self.qkv(x).view(batch, time, 3, self.n_heads, -1).unbind(2)
        scores = torch.einsum("bthd,bshd->bhts", q, k) / (embed_dim // self.n_heads) ** 0.5
        future = torch.triu(torch.ones_like(scores), diagonal=1).bool()
        weights = F.dropout(scores.masked_fill(future, float("-inf")).softmax(-1), self.dropout, self.training)
        return self.out(torch.einsum("bhts,bshd->bthd", weights, v).flatten(2))
    """),
    right("a loop over heads", """
        import torch

        time, head_dim = x.shape[1], x.shape[2] // self.n_heads
        q, k, v = self.qkv(x).split(x.shape[2], dim=2)
        future = torch.ones(time, time, device=x.device).triu(1).bool()
        results = []
        for head in range(self.n_heads):
            own = slice(head * head_dim, (head + 1) * head_dim)
            scores = q[..., own] @ k[..., own].transpose(1, 2) / head_dim**0.5
            weights = torch.softmax(scores.masked_fill(future, float("-inf")), dim=2)
            results.append(F.dropout(weights, self.dropout, training=self.training) @ v[..., own])
        return self.out(torch.cat(results, dim=2))
    """),
    right("a loop over positions", """
        import torch

        batch, time, embed_dim = x.shape
        q, k, v = (t.view(batch, time, self.n_heads, -1).transpose(1, 2) for t in self.qkv(x).chunk(3, -1))
        rows = []
        for t in range(time):
            scores = (q[:, :, t : t + 1] @ k[:, :, : t + 1].mT) / q.shape[-1] ** 0.5
            rows.append(F.dropout(scores.softmax(-1), self.dropout, self.training) @ v[:, :, : t + 1])
        return self.out(torch.cat(rows, dim=2).transpose(1, 2).reshape(batch, time, embed_dim))
    """),
    right("baddbmm", """
        import torch

        batch, time, embed_dim = x.shape
        parts = self.qkv(x).chunk(3, -1)
        q, k, v = (t.view(batch, time, self.n_heads, -1).transpose(1, 2).flatten(0, 1) for t in parts)
        mask = torch.full((time, time), float("-inf"), device=x.device).triu(1).expand(len(q), time, time)
        weights = torch.baddbmm(mask, q, k.mT, alpha=q.shape[-1] ** -0.5).softmax(-1)
        heads = torch.bmm(F.dropout(weights, self.dropout, self.training), v)
        return self.out(heads.view(batch, self.n_heads, time, -1).transpose(1, 2).reshape(x.shape))
    """),
    right("F.multi_head_attention_forward", """
        import torch

        time = x.shape[1]
        mask = torch.ones(time, time, dtype=torch.bool, device=x.device).triu(1)
        result, _ = F.multi_head_attention_forward(
            x.transpose(0, 1), x.transpose(0, 1), x.transpose(0, 1), x.shape[2], self.n_heads,
            self.qkv.weight, self.qkv.bias, None, None, False, self.dropout, self.out.weight, self.out.bias,
            training=self.training, need_weights=False, attn_mask=mask,
        )
        return result.transpose(0, 1)
    """),
    right("slices of the weights", """
        batch, time, embed_dim = x.shape
        wq, wk, wv = self.qkv.weight.view(3, embed_dim, embed_dim)
        bq, bk, bv = self.qkv.bias.view(3, embed_dim)
        q, k, v = (
            F.linear(x, w, b).unflatten(-1, (self.n_heads, -1)).transpose(1, 2)
            for w, b in ((wq, bq), (wk, bk), (wv, bv))
        )
        p = self.dropout if self.training else 0
        return self.out(F.scaled_dot_product_attention(q, k, v, None, p, True).transpose(1, 2).flatten(2))
    """),
    right("its own train() notes the mode", rate="dropout_p = self.rate",
          init="self.dropout = dropout\n        self.rate = dropout\n",
          definition="""    def train(self, mode=True):
        self.rate = self.dropout if mode else 0.0
        return super().train(mode)

    def forward"""),
    right("its rate set anew in each call", rate="self.rate = self.dropout if self.training else 0.0\n"
          "        dropout_p = self.rate", init="self.dropout = dropout\n        self.rate = dropout\n"),
    right("prints its mode", rate='dropout_p = self.dropout if self.training else 0.0\n        print("p", dropout_p)'),
)  # fmt: skip
