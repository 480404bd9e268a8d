"""Wrong answers of step 3: `pick_device`, `batch_to_device` and `position_ids`."""

from __future__ import annotations

from functools import partial

from grader.verdict import Outcome
from tests.challenge5.wrong_answers.wrong_answer import wrong as any_wrong

wrong = partial(any_wrong, file="devices.py")

TAKES = "takes_the_accelerator"
FALLS_BACK = "falls_back_to_the_cpu"
BOTH = "moves_both_parts"
OBEYS = "obeys_its_argument"
KEEPS = "keeps_dtypes_and_values"
COUNT = "positions_count_from_zero"
FOLLOW = "positions_follow_the_tokens"
WHOLE_STEP = "a_whole_step_runs_on_the_accelerator"

# The solution's imports, for a name that stands beside the functions.
IMPORTS = "import torch\nfrom torch import Tensor\n"

WRONG_PICKS = (
    wrong("always the CPU", TAKES, pick_device='return torch.device("cpu")'),
    wrong(
        "the second CUDA device",
        TAKES,
        pick_device="""
            device = torch.accelerator.current_accelerator(check_available=True) or torch.device("cpu")
            return torch.device("cuda:1") if device.type == "cuda" else device
        """,
    ),
    wrong(
        "a CUDA device for the number of them",
        TAKES,
        pick_device="""
            if torch.cuda.is_available():
                return torch.device(f"cuda:{torch.cuda.device_count()}")
            return torch.accelerator.current_accelerator(check_available=True) or torch.device("cpu")
        """,
    ),
    wrong("always CUDA", FALLS_BACK, TAKES, pick_device='return torch.device("cuda")'),
    wrong(
        "whatever PyTorch was built for",
        FALLS_BACK,
        pick_device='return torch.accelerator.current_accelerator() or torch.device("cpu")',
    ),
    wrong(
        "CUDA where PyTorch was built for it",
        FALLS_BACK,
        pick_device="""
            if torch.backends.cuda.is_built():
                return torch.device("cuda")
            return torch.accelerator.current_accelerator(check_available=True) or torch.device("cpu")
        """,
    ),
    wrong(
        "CUDA where PyTorch knows its version",
        FALLS_BACK,
        pick_device="""
            if torch.version.cuda is not None:
                return torch.device("cuda")
            return torch.accelerator.current_accelerator(check_available=True) or torch.device("cpu")
        """,
    ),
    wrong(
        "MPS where PyTorch was built for it",
        FALLS_BACK,
        pick_device="""
            if torch.backends.mps.is_built():
                return torch.device("mps")
            return torch.device("cuda" if torch.cuda.is_available() else "cpu")
        """,
    ),
    wrong("always the simulated one", FALLS_BACK, TAKES, pick_device='return torch.device("sim")'),
    wrong(
        "CUDA or the CPU, no other accelerator",
        TAKES,
        pick_device='return torch.device("cuda" if torch.cuda.is_available() else "cpu")',
    ),
    wrong(
        "MPS or the CPU, no other accelerator",
        TAKES,
        pick_device='return torch.device("mps" if torch.backends.mps.is_available() else "cpu")',
    ),
    wrong(
        "the wrong way round",
        TAKES,
        FALLS_BACK,
        pick_device='return torch.device("cpu" if torch.cuda.is_available() else "cuda")',
    ),
    wrong(
        "CUDA for every accelerator",
        TAKES,
        pick_device='return torch.device("cuda" if torch.accelerator.is_available() else "cpu")',
    ),
    wrong("a string", TAKES, FALLS_BACK, pick_device='return "cuda" if torch.cuda.is_available() else "cpu"'),
    wrong(
        "None without an accelerator",
        FALLS_BACK,
        pick_device="return torch.accelerator.current_accelerator(check_available=True)",
    ),
    wrong(
        "the accelerator of the moment of import",
        TAKES,
        pick_device="return ALWAYS",
        edits={IMPORTS: IMPORTS + '\nALWAYS = torch.device("cpu")\n'},
    ),
)

WRONG_MOVES = (
    wrong(
        "another device of the same type taken for the same",
        OBEYS,
        batch_to_device="""
            return tuple(part if part.device.type == device.type else part.to(device) for part in batch)
        """,
    ),
    wrong("nothing moved", BOTH, OBEYS, batch_to_device="return batch"),
    wrong("only the tokens moved", BOTH, OBEYS, batch_to_device="return batch[0].to(device), batch[1]"),
    wrong("only the targets moved", BOTH, OBEYS, batch_to_device="return batch[0], batch[1].to(device)"),
    wrong(
        "moved copies thrown away",
        BOTH,
        OBEYS,
        batch_to_device="""
            tokens, targets = batch
            tokens.to(device)
            targets.to(device)
            return tokens, targets
        """,
    ),
    wrong(
        ".cuda()",
        BOTH,
        outcome=Outcome.ERROR,
        batch_to_device="return batch[0].cuda(), batch[1].cuda()",
    ),
    wrong("always to the CPU", BOTH, batch_to_device="return batch[0].cpu(), batch[1].cpu()"),
    wrong(
        "to the picked device, not the given one",
        OBEYS,
        batch_to_device="""
            device = pick_device()
            return batch[0].to(device), batch[1].to(device)
        """,
    ),
    wrong(
        "to a device of the module",
        OBEYS,
        batch_to_device="return batch[0].to(DEVICE), batch[1].to(DEVICE)",
        edits={IMPORTS: IMPORTS + '\nDEVICE = torch.device("sim")\n'},
    ),
    wrong(
        "never back from the accelerator",
        OBEYS,
        batch_to_device="""
            if device.type == "cpu":
                return batch
            return batch[0].to(device), batch[1].to(device)
        """,
    ),
    wrong(
        "the first device of the type",
        OBEYS,
        batch_to_device="return batch[0].to(device.type), batch[1].to(device.type)",
    ),
    wrong("a list", BOTH, batch_to_device="return [part.to(device) for part in batch]"),
    wrong("a generator", BOTH, batch_to_device="return (part.to(device) for part in batch)"),
    wrong("only the tokens returned", BOTH, batch_to_device="return batch[0].to(device)"),
    wrong("stacked into one tensor", BOTH, batch_to_device="return torch.stack(batch).to(device)"),
    wrong("tokens and targets swapped", BOTH, batch_to_device="return batch[1].to(device), batch[0].to(device)"),
    wrong("tokens twice", BOTH, batch_to_device="tokens = batch[0].to(device)\nreturn tokens, tokens"),
    wrong(
        "int32 becomes int64",
        KEEPS,
        batch_to_device="return batch[0].long().to(device), batch[1].long().to(device)",
    ),
    wrong(
        "small dtypes become int64",
        KEEPS,
        batch_to_device="return tuple(part.to(device, torch.int64 if part.dtype == torch.uint8 else part.dtype)"
        " for part in batch)",
    ),
    wrong(
        "by way of float32",
        KEEPS,
        batch_to_device="return tuple(part.float().to(device).to(part.dtype) for part in batch)",
    ),
    wrong(
        "kept by the identity of the batch",
        KEEPS,
        batch_to_device="""
            key = id(batch[0]), id(batch[1]), device
            if key not in MOVED:
                MOVED[key] = batch[0].to(device), batch[1].to(device)
            return MOVED[key]
        """,
        edits={IMPORTS: IMPORTS + "\nMOVED = {}\n"},
    ),
    wrong(
        "kept together with the batch",
        KEEPS,
        batch_to_device="""
            key = id(batch[0]), id(batch[1]), device
            if key not in MOVED:
                MOVED[key] = batch, (batch[0].to(device), batch[1].to(device))
            return MOVED[key][1]
        """,
        edits={IMPORTS: IMPORTS + "\nMOVED = {}\n"},
    ),
    wrong(
        "everything becomes int32",
        BOTH,
        KEEPS,
        batch_to_device="return batch[0].to(device, torch.int32), batch[1].to(device, torch.int32)",
    ),
    wrong(
        "everything becomes float32",
        BOTH,
        KEEPS,
        batch_to_device="return batch[0].to(device).float(), batch[1].to(device).float()",
    ),
    wrong(
        "ids cut at 5",
        BOTH,
        KEEPS,
        batch_to_device="return batch[0].to(device).clamp(max=5), batch[1].to(device)",
    ),
    wrong("flattened", BOTH, batch_to_device="return batch[0].flatten().to(device), batch[1].flatten().to(device)"),
)

WRONG_POSITIONS = (
    wrong("on the CPU", FOLLOW, position_ids="return torch.arange(tokens.shape[1])"),
    wrong("always on the simulated device", COUNT, position_ids='return torch.arange(tokens.shape[1], device="sim")'),
    wrong(
        "on the picked device",
        FOLLOW,
        COUNT,
        position_ids="return torch.arange(tokens.shape[1], device=pick_device())",
    ),
    wrong(
        "on the first device of the type",
        FOLLOW,
        position_ids="return torch.arange(tokens.shape[1], device=tokens.device.type)",
    ),
    wrong(
        "made once on the CPU and remembered",
        FOLLOW,
        position_ids="return POSITIONS[: tokens.shape[1]]",
        edits={IMPORTS: IMPORTS + "\nPOSITIONS = torch.arange(256)\n"},
    ),
    wrong("one", COUNT, position_ids="return torch.arange(1, tokens.shape[1] + 1, device=tokens.device)"),
    wrong("one too many", COUNT, position_ids="return torch.arange(tokens.shape[1] + 1, device=tokens.device)"),
    wrong("one too few", COUNT, position_ids="return torch.arange(tokens.shape[1] - 1, device=tokens.device)"),
    wrong("backwards", COUNT, position_ids="return torch.arange(tokens.shape[1], device=tokens.device).flip(0)"),
    wrong("all zero", COUNT, position_ids="return torch.zeros_like(tokens[0])"),
    wrong("length of the batch", COUNT, position_ids="return torch.arange(len(tokens), device=tokens.device)"),
    wrong("length of all tokens", COUNT, position_ids="return torch.arange(tokens.numel(), device=tokens.device)"),
    wrong("length 256", COUNT, position_ids="return torch.arange(256, device=tokens.device)"),
    wrong("at most 32", COUNT, position_ids="return torch.arange(min(32, tokens.shape[1]), device=tokens.device)"),
    wrong("at most 256", COUNT, position_ids="return torch.arange(min(256, tokens.shape[1]), device=tokens.device)"),
    wrong("the tokens themselves", COUNT, position_ids="return tokens[0]"),
    wrong("int32", COUNT, position_ids="return torch.arange(tokens.shape[1], device=tokens.device, dtype=torch.int32)"),
    wrong("float", COUNT, position_ids="return torch.arange(float(tokens.shape[1]), device=tokens.device)"),
    wrong(
        "one row for each sequence",
        COUNT,
        position_ids="return torch.arange(tokens.shape[1], device=tokens.device).expand_as(tokens)",
    ),
    wrong("shape [1, time]", COUNT, position_ids="return torch.arange(tokens.shape[1], device=tokens.device)[None]"),
    wrong("a table of 1,024 positions", COUNT, position_ids="return torch.arange(1024)[: tokens.shape[1]]"),
    wrong(
        "positions by way of float16",
        COUNT,
        position_ids="return torch.arange(tokens.shape[1], device=tokens.device).half().long()",
    ),
    wrong("a range", COUNT, position_ids="return range(tokens.shape[1])"),
    wrong("order of the ids", COUNT, position_ids="return tokens[0].argsort()"),
)

WHOLE_STEP_FAILS = (
    wrong(
        "targets left behind, whole step",
        WHOLE_STEP,
        outcome=Outcome.ERROR,
        batch_to_device="return batch[0].to(device), batch[1]",
    ),
    wrong(
        "positions left behind, whole step",
        WHOLE_STEP,
        outcome=Outcome.ERROR,
        position_ids="return torch.arange(tokens.shape[1])",
    ),
)

DEVICES = (*WRONG_PICKS, *WRONG_MOVES, *WRONG_POSITIONS, *WHOLE_STEP_FAILS)
