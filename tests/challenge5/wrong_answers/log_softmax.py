"""Wrong answers of step 1. The solution: shifted - log(sum(exp(shifted))), shifted = logits - each row's maximum."""

from __future__ import annotations

from functools import partial

from grader.verdict import Outcome
from tests.challenge5.wrong_answers.wrong_answer import wrong as any_wrong

wrong = partial(any_wrong, file="log_softmax.py")

EQUALS = "equals_the_reference"
SUM = "probabilities_sum_to_one"
CONSTANT = "adding_a_constant_changes_nothing"
HUGE = "is_exact_for_huge_logits"
ROWS = "rows_of_very_different_size"
GRADIENT = "gradient_equals_the_reference"
LAST_DIMENSION = "works_on_the_last_dimension"
DTYPE = "keeps_the_dtype"
INPUT = "leaves_its_input_alone"
DEVICE = "stays_on_the_device"

WRONG_VALUES = (
    wrong("softmax without the log", EQUALS, SUM, log_softmax="return torch.softmax(logits, dim=-1)"),
    wrong("minus sign", EQUALS, SUM, log_softmax="return -torch.log_softmax(logits, dim=-1)"),
    wrong("logits as they are", EQUALS, SUM, CONSTANT, log_softmax="return logits.clone()"),
    wrong("only shifted by the maximum", EQUALS, SUM, log_softmax="return logits - logits.amax(-1, keepdim=True)"),
    wrong("shifted by the mean", EQUALS, SUM, HUGE, log_softmax="return logits - logits.mean(-1, keepdim=True)"),
    wrong(
        "mean of the exponentials",
        EQUALS,
        SUM,
        log_softmax="return logits - torch.logsumexp(logits, -1, keepdim=True) + math.log(logits.shape[-1])",
        edits={"import torch\n": "import math\n\nimport torch\n"},
    ),
    wrong("base 2", EQUALS, SUM, log_softmax="return torch.log_softmax(logits, dim=-1) / 0.6931471805599453"),
    wrong("base 10", EQUALS, SUM, log_softmax="return torch.log_softmax(logits, dim=-1) / 2.302585092994046"),
    wrong("temperature 2", EQUALS, HUGE, log_softmax="return torch.log_softmax(logits / 2, dim=-1)"),
    wrong("log-sigmoid", EQUALS, SUM, log_softmax="return torch.nn.functional.logsigmoid(logits)"),
    wrong("applied to the probabilities", EQUALS, log_softmax="return torch.log_softmax(logits.softmax(-1), dim=-1)"),
    wrong("rounded to three digits", EQUALS, log_softmax="return torch.log_softmax(logits, dim=-1).round(decimals=3)"),
    wrong("computed in bfloat16", EQUALS, log_softmax="return logits.bfloat16().log_softmax(-1).to(logits.dtype)"),
)

WRONG_DIMENSION = (
    wrong("over dimension 0", EQUALS, LAST_DIMENSION, log_softmax="return torch.log_softmax(logits, dim=0)"),
    wrong(
        "over dimension 1", LAST_DIMENSION, outcome=Outcome.ERROR, log_softmax="return torch.log_softmax(logits, dim=1)"
    ),
    wrong(
        "over the dimension before the last", EQUALS, log_softmax="return logits.log_softmax(max(-2, -logits.dim()))"
    ),
    wrong(
        "over the whole tensor", EQUALS, ROWS, log_softmax="return logits.flatten().log_softmax(0).view(logits.shape)"
    ),
    wrong(
        "sum without keepdim",
        EQUALS,
        outcome=Outcome.ERROR,
        log_softmax="return logits - logits.exp().sum(dim=-1).log()",
    ),
    wrong(
        "works for two dimensions only",
        LAST_DIMENSION,
        outcome=Outcome.ERROR,
        log_softmax="rows, vocab = logits.shape\nreturn torch.log_softmax(logits, dim=-1)",
    ),
    wrong(
        "leading dimensions flattened, one dimension forgotten",
        LAST_DIMENSION,
        outcome=Outcome.ERROR,
        log_softmax="return logits.flatten(0, -2).log_softmax(-1).view(logits.shape)",
    ),
    wrong(
        "always two dimensions", LAST_DIMENSION, log_softmax="return logits.view(-1, logits.shape[-1]).log_softmax(-1)"
    ),
)

NOT_CONTIGUOUS = (
    wrong(
        "rows by view()",
        LAST_DIMENSION,
        outcome=Outcome.ERROR,
        log_softmax="return torch.log_softmax(logits.view(-1, logits.shape[-1]), dim=-1).view(logits.shape)",
    ),
    wrong(
        "rows as they lie in memory",
        LAST_DIMENSION,
        log_softmax="""
            rows = logits.as_strided(logits.shape, torch.empty(logits.shape).stride())
            return torch.log_softmax(rows, dim=-1)
        """,
    ),
)

UNSTABLE = (
    wrong(
        "no maximum subtracted",
        HUGE,
        ROWS,
        log_softmax="return logits - torch.log(torch.exp(logits).sum(dim=-1, keepdim=True))",
    ),
    wrong("log of an underflowed softmax", HUGE, log_softmax="return torch.log(torch.softmax(logits, dim=-1))"),
    wrong("softmax plus epsilon", HUGE, log_softmax="return torch.log(torch.softmax(logits, dim=-1) + 1e-8)"),
    wrong("clamped softmax", HUGE, log_softmax="return torch.log(torch.softmax(logits, dim=-1).clamp_min(1e-30))"),
    wrong(
        "one maximum for the whole tensor",
        ROWS,
        log_softmax="""
            shifted = logits - logits.max()
            return shifted - torch.log(torch.exp(shifted).sum(dim=-1, keepdim=True))
        """,
    ),
    wrong(
        "minimum subtracted instead",
        HUGE,
        log_softmax="""
            shifted = logits - logits.amin(dim=-1, keepdim=True)
            return shifted - torch.log(torch.exp(shifted).sum(dim=-1, keepdim=True))
        """,
    ),
    wrong(
        "mean subtracted instead of the maximum",
        HUGE,
        log_softmax="""
            shifted = logits - logits.mean(dim=-1, keepdim=True)
            return shifted - torch.log(torch.exp(shifted).sum(dim=-1, keepdim=True))
        """,
    ),
    wrong("logits clamped to 80", HUGE, log_softmax="return torch.log_softmax(logits.clamp(-80, 80), dim=-1)"),
    wrong(
        "maximum of the first dimension",
        ROWS,
        log_softmax="""
            shifted = logits - logits.amax(dim=0, keepdim=True)
            return shifted - torch.log(torch.exp(shifted).sum(dim=-1, keepdim=True))
        """,
    ),
)

CUT_OFF = (
    wrong(
        "cut off from 3-D logits",
        GRADIENT,
        log_softmax="return torch.log_softmax(logits if logits.dim() < 3 else logits.detach(), dim=-1)",
    ),
    wrong("detached", GRADIENT, log_softmax="return torch.log_softmax(logits.detach(), dim=-1)"),
    wrong("under no_grad", GRADIENT, log_softmax="with torch.no_grad():\n    return torch.log_softmax(logits, dim=-1)"),
    wrong(
        "through NumPy",
        GRADIENT,
        log_softmax="""
            import numpy as np

            z = logits.detach().float().numpy()
            z = z - z.max(axis=-1, keepdims=True)
            return torch.from_numpy(z - np.log(np.exp(z).sum(axis=-1, keepdims=True)))
        """,
    ),
    wrong(
        "through a new tensor",
        GRADIENT,
        log_softmax="return torch.tensor(torch.log_softmax(logits, dim=-1).tolist(), dtype=logits.dtype)",
    ),
    wrong(
        "maximum kept, sum detached",
        GRADIENT,
        log_softmax="return logits - torch.logsumexp(logits, dim=-1, keepdim=True).detach()",
    ),
    wrong(
        "a new tensor that wants a gradient itself",
        GRADIENT,
        log_softmax="return torch.log_softmax(logits, dim=-1).detach().requires_grad_()",
    ),
    wrong(
        "right values picked by torch.where, and NaN in the gradient for huge logits",
        GRADIENT,
        log_softmax="""
            naive = logits.exp().sum(-1, keepdim=True).log()
            return logits - torch.where(naive.isfinite(), naive, logits.logsumexp(-1, keepdim=True))
        """,
    ),
    wrong(
        "gradient of the softmax",
        GRADIENT,
        log_softmax="""
            probabilities = torch.softmax(logits, dim=-1)
            return probabilities + (torch.log_softmax(logits, dim=-1) - probabilities).detach()
        """,
    ),
)

WRONG_TYPE = (
    wrong("upcast to float32", DTYPE, log_softmax="return torch.log_softmax(logits.float(), dim=-1)"),
    wrong("upcast to float64", EQUALS, DTYPE, log_softmax="return torch.log_softmax(logits.double(), dim=-1)"),
    wrong(
        "float64 through float32",
        DTYPE,
        log_softmax="return torch.log_softmax(logits.float(), dim=-1).to(logits.dtype)",
    ),
    wrong("a list", EQUALS, log_softmax="return torch.log_softmax(logits, dim=-1).tolist()"),
    wrong("an extra dimension", EQUALS, LAST_DIMENSION, log_softmax="return logits.log_softmax(-1).unsqueeze(0)"),
    wrong("a NumPy array", EQUALS, log_softmax="return torch.log_softmax(logits, dim=-1).detach().float().numpy()"),
)

EDITS_ITS_INPUT = (
    wrong(
        "makes its input require a gradient",
        INPUT,
        log_softmax="return torch.log_softmax(logits.requires_grad_(), dim=-1)",
    ),
    wrong(
        "subtracts in place from 3-D logits",
        INPUT,
        log_softmax="""
            if logits.dim() > 2:
                logits.sub_(logits.amax(dim=-1, keepdim=True))
            return torch.log_softmax(logits, dim=-1)
        """,
    ),
    wrong(
        "subtracts in place",
        INPUT,
        log_softmax="""
            logits -= logits.amax(dim=-1, keepdim=True)
            return logits - torch.log(torch.exp(logits).sum(dim=-1, keepdim=True))
        """,
    ),
    wrong(
        "sub_ on the data",
        INPUT,
        log_softmax="""
            logits.data.sub_(logits.data.amax(dim=-1, keepdim=True))
            return torch.log_softmax(logits, dim=-1)
        """,
    ),
    wrong(
        "overwrites the input with the result",
        INPUT,
        log_softmax="""
            result = torch.log_softmax(logits, dim=-1)
            logits.data.copy_(result.data)
            return result
        """,
    ),
)

WRONG_DEVICE = (
    wrong("logits brought to the CPU", DEVICE, log_softmax="return torch.log_softmax(logits.cpu(), dim=-1)"),
    wrong("result brought to the CPU", DEVICE, log_softmax='return torch.log_softmax(logits, dim=-1).to("cpu")'),
    wrong(
        "through a list, back on the CPU",
        DEVICE,
        log_softmax="""
            z = torch.stack([row.cpu() for row in logits.unbind(-1)], dim=-1)
            return z - z.logsumexp(-1, keepdim=True)
        """,
    ),
    wrong(
        "zeros made on the CPU",
        DEVICE,
        outcome=Outcome.ERROR,
        log_softmax="""
            total = torch.zeros(logits.shape[:-1] + (1,), dtype=logits.dtype)
            total = total + logits.logsumexp(-1, keepdim=True)
            return logits - total
        """,
    ),
    wrong(
        "result written into a CPU tensor",
        DEVICE,
        log_softmax="""
            result = torch.zeros(logits.shape, dtype=logits.dtype)
            result[...] = torch.log_softmax(logits, dim=-1)
            return result
        """,
    ),
    wrong(
        "maximum gathered with an index on the CPU",
        DEVICE,
        outcome=Outcome.ERROR,
        log_softmax="""
            where = logits.argmax(dim=-1, keepdim=True).cpu()
            shifted = logits - logits.gather(-1, where)
            return shifted - shifted.exp().sum(-1, keepdim=True).log()
        """,
    ),
)

LOG_SOFTMAX = (
    *WRONG_VALUES,
    *WRONG_DIMENSION,
    *NOT_CONTIGUOUS,
    *UNSTABLE,
    *CUT_OFF,
    *WRONG_TYPE,
    *EDITS_ITS_INPUT,
    *WRONG_DEVICE,
)
