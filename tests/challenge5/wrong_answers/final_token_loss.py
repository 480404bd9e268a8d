"""Wrong answers of step 2. The solution: nll_loss of the log-softmax at the last position."""

from __future__ import annotations

from functools import partial

from grader.verdict import Outcome
from tests.challenge5.wrong_answers.wrong_answer import wrong as any_wrong

wrong = partial(any_wrong, file="final_token_loss.py")

EQUALS = "equals_the_reference"
CONSTANT = "is_log_vocab_for_constant_logits"
ONLY_LAST = "only_last_position_counts"
GRADIENT = "gradient"
MEAN = "is_a_mean_over_the_batch"
ORDER = "order_of_the_batch_does_not_matter"
EDGES = "edges_count_like_any_other"
ONE_POSITION = "takes_logits_of_the_last_position_only"
GRAPH = "is_a_scalar_with_a_graph"
HUGE = "is_exact_for_huge_logits"
DEVICE = "stays_on_the_device"

NOT_LOG_PROBABILITIES = (
    wrong(
        "raw logits into the NLL",
        EQUALS,
        CONSTANT,
        GRADIENT,
        final_token_loss="return F.nll_loss(logits[:, -1], targets[:, -1])",
    ),
    wrong(
        "positive probability instead of the log",
        EQUALS,
        CONSTANT,
        final_token_loss="return F.softmax(logits[:, -1], -1).gather(1, targets[:, -1:]).mean()",
    ),
    wrong(
        "probabilities into the NLL",
        EQUALS,
        CONSTANT,
        final_token_loss="return F.nll_loss(F.softmax(logits[:, -1], dim=-1), targets[:, -1])",
    ),
    wrong(
        "softmax before cross_entropy",
        EQUALS,
        GRADIENT,
        final_token_loss="return F.cross_entropy(F.softmax(logits[:, -1], dim=-1), targets[:, -1])",
    ),
    wrong(
        "missing minus",
        EQUALS,
        CONSTANT,
        GRADIENT,
        final_token_loss="return F.log_softmax(logits[:, -1], -1).gather(1, targets[:, -1:]).mean()",
    ),
    wrong(
        "log-softmax over the batch",
        EQUALS,
        CONSTANT,
        final_token_loss="return F.nll_loss(F.log_softmax(logits[:, -1], dim=0), targets[:, -1])",
    ),
    wrong(
        "log-softmax over time",
        EQUALS,
        CONSTANT,
        ONLY_LAST,
        final_token_loss="return F.nll_loss(F.log_softmax(logits, dim=1)[:, -1], targets[:, -1])",
    ),
    wrong(
        "in bits",
        EQUALS,
        CONSTANT,
        final_token_loss="return F.cross_entropy(logits[:, -1], targets[:, -1]) / 0.6931471805599453",
    ),
    wrong(
        "log of the mean probability",
        EQUALS,
        final_token_loss="return -F.softmax(logits[:, -1], -1).gather(1, targets[:, -1:]).mean().log()",
    ),
    wrong(
        "perplexity",
        EQUALS,
        CONSTANT,
        final_token_loss="return F.cross_entropy(logits[:, -1], targets[:, -1]).exp()",
    ),
    wrong(
        "squared error of the probabilities",
        EQUALS,
        CONSTANT,
        final_token_loss="""
            one_hot = F.one_hot(targets[:, -1], logits.shape[-1])
            return F.mse_loss(F.softmax(logits[:, -1], -1), one_hot.float())
        """,
    ),
)

WRONG_POSITION = (
    wrong(
        "all positions",
        EQUALS,
        ONLY_LAST,
        GRADIENT,
        final_token_loss="""
            positions = min(logits.shape[1], targets.shape[1])
            return F.cross_entropy(logits[:, -positions:].flatten(0, 1), targets[:, -positions:].flatten())
        """,
    ),
    wrong(
        "all positions, the shape as it is",
        ONE_POSITION,
        outcome=Outcome.ERROR,
        final_token_loss="return F.cross_entropy(logits.flatten(0, 1), targets.flatten())",
    ),
    wrong(
        "first position",
        EQUALS,
        ONLY_LAST,
        GRADIENT,
        final_token_loss="return F.cross_entropy(logits[:, 0], targets[:, 0])",
    ),
    wrong(
        "next-to-last position",
        EQUALS,
        ONLY_LAST,
        GRADIENT,
        final_token_loss="""
            position = max(0, logits.shape[1] - 2)
            return F.cross_entropy(logits[:, position], targets[:, max(0, targets.shape[1] - 2)])
        """,
    ),
    wrong(
        "last sequence instead of last position",
        EQUALS,
        ORDER,
        final_token_loss="return F.cross_entropy(logits[-1], targets[-1, -logits.shape[1]:])",
    ),
    wrong(
        "first sequence only",
        EQUALS,
        ORDER,
        final_token_loss="return F.cross_entropy(logits[:1, -1], targets[:1, -1])",
    ),
    wrong(
        "targets shifted by one",
        EQUALS,
        ONLY_LAST,
        final_token_loss="return F.cross_entropy(logits[:, -1], targets.roll(1, dims=1)[:, -1])",
    ),
    wrong(
        "logits shifted by one",
        EQUALS,
        ONLY_LAST,
        final_token_loss="return F.cross_entropy(logits[:, max(-2, -logits.shape[1])], targets[:, -1])",
    ),
    wrong(
        "position 255",
        EQUALS,
        outcome=Outcome.ERROR,
        final_token_loss="return F.cross_entropy(logits[:, 255], targets[:, 255])",
    ),
    wrong(
        "view with length 256",
        EQUALS,
        outcome=Outcome.ERROR,
        final_token_loss="""
            batch, time, vocab = logits.shape
            last = logits.reshape(batch, 256, vocab)[:, -1]
            return F.cross_entropy(last, targets[:, -1])
        """,
    ),
    wrong(
        "position counted from the targets",
        ONE_POSITION,
        outcome=Outcome.ERROR,
        final_token_loss="""
            last = targets.shape[1] - 1
            return F.cross_entropy(logits[:, last], targets[:, last])
        """,
    ),
    wrong(
        "target counted from the logits",
        ONE_POSITION,
        final_token_loss="""
            last = logits.shape[1] - 1
            return F.cross_entropy(logits[:, last], targets[:, last])
        """,
    ),
    wrong(
        "earlier positions weighted by almost nothing",
        ONLY_LAST,
        GRADIENT,
        final_token_loss="""
            losses = F.cross_entropy(logits.transpose(1, 2), targets[:, -logits.shape[1]:], reduction="none")
            weights = torch.full_like(losses, 1e-3)
            weights[:, -1] = 1.0
            return (losses * weights).sum(1).mean()
        """,
        edits={"import torch.nn.functional as F\n": "import torch\nimport torch.nn.functional as F\n"},
    ),
    wrong(
        "masks earlier losses but leaves a gradient there",
        GRADIENT,
        final_token_loss="""
            losses = F.cross_entropy(logits.transpose(1, 2), targets[:, -logits.shape[1]:], reduction="none")
            earlier = losses[:, :-1].sum()
            return losses[:, -1].mean() + earlier - earlier.detach()
        """,
    ),
    wrong(
        "multiplies logits by a mask and sums",
        GRADIENT,
        final_token_loss="""
            mixed = logits[:, -1] + 1e-9 * logits.sum(dim=1)
            return F.cross_entropy(mixed, targets[:, -1])
        """,
    ),
)

WRONG_MEAN = (
    wrong(
        "sum",
        EQUALS,
        MEAN,
        CONSTANT,
        final_token_loss="return F.cross_entropy(logits[:, -1], targets[:, -1], reduction='sum')",
    ),
    wrong(
        "divided by time",
        EQUALS,
        CONSTANT,
        final_token_loss="return F.cross_entropy(logits[:, -1], targets[:, -1]) / logits.shape[1]",
    ),
    wrong(
        "divided by the length of the targets",
        EQUALS,
        ONE_POSITION,
        final_token_loss="return F.cross_entropy(logits[:, -1], targets[:, -1]) / targets.shape[1]",
    ),
    wrong(
        "divided by the vocabulary",
        EQUALS,
        CONSTANT,
        final_token_loss="""
            last = F.log_softmax(logits[:, -1], dim=-1)
            return -(last * F.one_hot(targets[:, -1], logits.shape[-1])).mean()
        """,
    ),
    wrong(
        "divided by a batch of 64",
        EQUALS,
        MEAN,
        final_token_loss="return F.cross_entropy(logits[:, -1], targets[:, -1], reduction='sum') / 64",
    ),
    wrong(
        "median",
        EQUALS,
        GRADIENT,
        final_token_loss="return F.cross_entropy(logits[:, -1], targets[:, -1], reduction='none').median()",
    ),
    wrong(
        "squeezed",
        EQUALS,
        EDGES,
        outcome=Outcome.ERROR,
        final_token_loss="return F.nll_loss(F.log_softmax(logits[:, -1].squeeze(), dim=1), targets[:, -1].squeeze())",
    ),
    wrong(
        "weighted by the place in the batch",
        ORDER,
        EQUALS,
        final_token_loss="""
            losses = F.cross_entropy(logits[:, -1], targets[:, -1], reduction="none")
            places = 1 + torch.arange(len(losses))
            return (losses * places).sum() / places.sum()
        """,
        edits={"import torch.nn.functional as F\n": "import torch\nimport torch.nn.functional as F\n"},
    ),
    wrong(
        "every pair of logits and target",
        EQUALS,
        final_token_loss="return -F.log_softmax(logits[:, -1], -1)[:, targets[:, -1]].mean()",
    ),
)

WRONG_TOKENS = (
    wrong(
        "token 0 ignored as padding",
        EQUALS,
        EDGES,
        final_token_loss="return F.cross_entropy(logits[:, -1], targets[:, -1], ignore_index=0)",
    ),
    wrong(
        "the largest id ignored",
        EQUALS,
        EDGES,
        final_token_loss="return F.cross_entropy(logits[:, -1], targets[:, -1], ignore_index=logits.shape[-1] - 1)",
    ),
    wrong(
        "label smoothing",
        EQUALS,
        GRADIENT,
        final_token_loss="return F.cross_entropy(logits[:, -1], targets[:, -1], label_smoothing=0.1)",
    ),
    wrong(
        "the most probable token instead of the target",
        EQUALS,
        final_token_loss="return F.cross_entropy(logits[:, -1], logits[:, -1].argmax(-1))",
    ),
    wrong(
        "ids counted from one",
        EQUALS,
        EDGES,
        final_token_loss="return F.cross_entropy(logits[:, -1], (targets[:, -1] - 1).clamp_min(0))",
    ),
)

NOT_A_SCALAR_WITH_A_GRAPH = (
    wrong(
        "detached",
        GRADIENT,
        GRAPH,
        final_token_loss="return F.cross_entropy(logits[:, -1].detach(), targets[:, -1])",
    ),
    wrong(
        "a Python number",
        EQUALS,
        GRADIENT,
        GRAPH,
        final_token_loss="return F.cross_entropy(logits[:, -1], targets[:, -1]).item()",
    ),
    wrong(
        "a number made a tensor again",
        GRADIENT,
        GRAPH,
        final_token_loss="return torch.tensor(F.cross_entropy(logits[:, -1], targets[:, -1]).item())",
        edits={"import torch.nn.functional as F\n": "import torch\nimport torch.nn.functional as F\n"},
    ),
    wrong(
        "a new tensor that wants a gradient itself",
        GRADIENT,
        final_token_loss="return F.cross_entropy(logits[:, -1], targets[:, -1]).detach().requires_grad_()",
    ),
    wrong(
        "shape [1]",
        EQUALS,
        GRAPH,
        final_token_loss="return F.cross_entropy(logits[:, -1], targets[:, -1]).reshape(1)",
    ),
    wrong(
        "one loss for each sequence",
        EQUALS,
        GRAPH,
        final_token_loss="return F.cross_entropy(logits[:, -1], targets[:, -1], reduction='none')",
    ),
    wrong(
        "nothing returned",
        EQUALS,
        GRADIENT,
        GRAPH,
        final_token_loss="F.cross_entropy(logits[:, -1], targets[:, -1])",
    ),
)

UNSTABLE = (
    wrong(
        "exp over its sum, then the log",
        HUGE,
        final_token_loss="""
            exponentials = logits[:, -1].exp()
            probabilities = exponentials / exponentials.sum(-1, keepdim=True)
            return -probabilities.gather(1, targets[:, -1:]).log().mean()
        """,
    ),
    wrong(
        "log of an underflowed softmax",
        HUGE,
        final_token_loss="return F.nll_loss(F.softmax(logits[:, -1], dim=-1).log(), targets[:, -1])",
    ),
    wrong(
        "softmax plus epsilon, then the log",
        HUGE,
        final_token_loss="return F.nll_loss((F.softmax(logits[:, -1], dim=-1) + 1e-8).log(), targets[:, -1])",
    ),
    wrong(
        "clamped softmax, then the log",
        HUGE,
        final_token_loss="return F.nll_loss(F.softmax(logits[:, -1], -1).clamp_min(1e-12).log(), targets[:, -1])",
    ),
    wrong(
        "no maximum subtracted",
        HUGE,
        final_token_loss="""
            last = logits[:, -1]
            return F.nll_loss(last - last.exp().sum(-1, keepdim=True).log(), targets[:, -1])
        """,
    ),
    wrong(
        "one maximum for the whole batch",
        HUGE,
        final_token_loss="""
            last = logits[:, -1] - logits[:, -1].max()
            return F.nll_loss(last - last.exp().sum(-1, keepdim=True).log(), targets[:, -1])
        """,
    ),
    wrong(
        "logits clamped to 80",
        HUGE,
        final_token_loss="return F.cross_entropy(logits[:, -1].clamp(-80, 80), targets[:, -1])",
    ),
    wrong(
        "right values picked by torch.where, and NaN in the gradient",
        HUGE,
        final_token_loss="""
            last = logits[:, -1]
            naive = last.exp().sum(-1, keepdim=True).log()
            total = torch.where(naive.isfinite(), naive, last.logsumexp(-1, keepdim=True))
            return F.nll_loss(last - total, targets[:, -1])
        """,
        edits={"import torch.nn.functional as F\n": "import torch\nimport torch.nn.functional as F\n"},
    ),
)

EDITS_ITS_INPUT = (
    wrong(
        "earlier targets overwritten with the index that is ignored",
        ONLY_LAST,
        final_token_loss="""
            targets = targets[:, -logits.shape[1]:]
            targets[:, :-1] = -100
            return F.cross_entropy(logits.flatten(0, 1), targets.flatten())
        """,
    ),
    wrong(
        "maximum subtracted in place",
        ONLY_LAST,
        final_token_loss="""
            last = logits[:, -1]
            last.data -= last.amax(-1, keepdim=True)
            return F.cross_entropy(last, targets[:, -1])
        """,
    ),
)

WRONG_DEVICE = (
    wrong(
        "logits and targets brought to the CPU",
        DEVICE,
        final_token_loss="return F.cross_entropy(logits[:, -1].cpu(), targets[:, -1].cpu())",
    ),
    wrong(
        "loss brought to the CPU",
        DEVICE,
        final_token_loss='return F.cross_entropy(logits[:, -1], targets[:, -1]).to("cpu")',
    ),
    wrong(
        "logits brought to the CPU, targets not",
        DEVICE,
        outcome=Outcome.ERROR,
        final_token_loss="return F.cross_entropy(logits[:, -1].cpu(), targets[:, -1])",
    ),
    wrong(
        "a total that begins on the CPU",
        DEVICE,
        outcome=Outcome.ERROR,
        final_token_loss="""
            total = torch.tensor(0.0)
            for loss in F.cross_entropy(logits[:, -1], targets[:, -1], reduction="none").unbind():
                total += loss
            return total / len(logits)
        """,
        edits={"import torch.nn.functional as F\n": "import torch\nimport torch.nn.functional as F\n"},
    ),
    wrong(
        "weights of the mean on the CPU",
        DEVICE,
        outcome=Outcome.ERROR,
        final_token_loss="""
            losses = F.cross_entropy(logits[:, -1], targets[:, -1], reduction="none")
            return (losses * torch.full((len(losses),), 1 / len(losses))).sum()
        """,
        edits={"import torch.nn.functional as F\n": "import torch\nimport torch.nn.functional as F\n"},
    ),
    wrong(
        "position picked by index_select with an index on the CPU",
        DEVICE,
        outcome=Outcome.ERROR,
        final_token_loss="""
            last = torch.tensor([logits.shape[1] - 1])
            return F.cross_entropy(logits.index_select(1, last)[:, 0], targets[:, -1])
        """,
        edits={"import torch.nn.functional as F\n": "import torch\nimport torch.nn.functional as F\n"},
    ),
    wrong(
        "one-hot targets made on the CPU",
        DEVICE,
        outcome=Outcome.ERROR,
        final_token_loss="""
            one_hot = F.one_hot(targets[:, -1].cpu(), logits.shape[-1])
            return -(one_hot * logits[:, -1].log_softmax(-1)).sum(-1).mean()
        """,
    ),
)

FINAL_TOKEN_LOSS = (
    *NOT_LOG_PROBABILITIES,
    *WRONG_POSITION,
    *WRONG_MEAN,
    *WRONG_TOKENS,
    *NOT_A_SCALAR_WITH_A_GRAPH,
    *UNSTABLE,
    *EDITS_ITS_INPUT,
    *WRONG_DEVICE,
)
