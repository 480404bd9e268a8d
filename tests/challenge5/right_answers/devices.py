"""Right answers of step 3."""

from __future__ import annotations

from tests.submissions import Answer


def right(name: str, **bodies: str) -> Answer:
    return Answer(name, "devices.py", bodies=bodies)


DEVICES = (
    right(
        "loop over kinds of accelerators",
        pick_device="""
            for kind in ("cuda", "mps", "xpu"):
                module = getattr(torch, kind, None)
                if module is not None and module.is_available():
                    return torch.device(kind)
            return torch.device("cpu")
        """,
        batch_to_device="return tuple(part.to(device) for part in batch)",
        position_ids="return torch.tensor(range(tokens.shape[1]), device=tokens.device)",
    ),
    right(
        "if and elif, with MPS from torch.backends",
        pick_device="""
            if torch.cuda.is_available():
                return torch.device("cuda")
            elif torch.backends.mps.is_available():
                return torch.device("mps")
            return torch.device("cpu")
        """,
        batch_to_device="return batch[0].to(device, non_blocking=True), batch[1].to(device, non_blocking=True)",
        position_ids="return torch.cumsum(torch.ones_like(tokens[0]), dim=0) - 1",
    ),
    right(
        "is_available first",
        pick_device="""
            if torch.accelerator.is_available():
                return torch.accelerator.current_accelerator()
            return torch.device("cpu")
        """,
        batch_to_device="tokens, targets = (part.to(device=device) for part in batch)\nreturn (tokens, targets)",
        position_ids="return torch.arange(tokens.shape[1]).to(tokens.device)",
    ),
    right(
        "with the number of the device",
        pick_device="""
            if torch.cuda.is_available():
                return torch.device("cuda", torch.cuda.current_device())
            if torch.mps.is_available():
                return torch.device("mps:0")
            return torch.device("cpu", 0)
        """,
        batch_to_device="return tuple(map(lambda part: part.to(device, copy=True), batch))",
        position_ids="return tokens.new_tensor(list(range(tokens.size(1))))",
    ),
    right(
        "inside a device context",
        pick_device='return torch.accelerator.current_accelerator(check_available=True) or torch.device("cpu")',
        batch_to_device="""
            with torch.device(device):
                return tuple(torch.tensor(part.tolist(), dtype=part.dtype) for part in batch)
        """,
        position_ids="""
            with tokens.device:
                return torch.tensor(range(tokens.shape[1]))
        """,
    ),
    right(
        "device_count",
        pick_device="""
            there = torch.accelerator.device_count() > 0
            return torch.device(torch.accelerator.current_accelerator() if there else "cpu")
        """,
        batch_to_device="""
            moved = []
            for part in batch:
                moved.append(torch.empty_like(part, device=device).copy_(part))
            return tuple(moved)
        """,
        position_ids="return tokens.new_ones(tokens.shape[1]).cumsum(0).sub(1)",
    ),
    right(
        "current accelerator checked by hand",
        pick_device="""
            device = torch.accelerator.current_accelerator(check_available=True)
            return torch.device("cpu") if device is None else device
        """,
        batch_to_device="return torch.utils._pytree.tree_map(lambda part: part.to(device), batch)",
        position_ids="return torch.arange(0, tokens.shape[-1], 1, dtype=torch.long, device=tokens.device)",
    ),
    right(
        "under the device as a context",
        batch_to_device="return batch[0].to(str(device)), batch[1].to(str(device))",
        position_ids="with tokens.device:\n    return torch.arange(tokens.shape[1])",
    ),
    right(
        "nonzero of ones",
        batch_to_device="stacked = torch.stack([p.long() for p in batch]).to(device)\n"
        "return tuple(part.to(old.dtype) for part, old in zip(stacked, batch))",
        position_ids="return torch.ones_like(tokens[0]).nonzero().flatten()",
    ),
    right(
        "new_empty and out",
        position_ids="positions = tokens.new_empty(tokens.shape[1])\n"
        "positions.copy_(torch.arange(tokens.shape[1]))\nreturn positions",
    ),
    right(
        "linspace rounded",
        position_ids="length = tokens.shape[1]\n"
        "return torch.linspace(0, length - 1, length).round().long().to(tokens.device)",
    ),
    right(
        "arange_like by expand",
        position_ids="return torch.arange(tokens.shape[1], device=tokens.device).expand(tokens.shape[1])",
    ),
    right(
        "pick_device that looks at the GPU",
        pick_device="if torch.cuda.is_available():\n    torch.cuda.set_device(0)\n"
        "    facts = torch.cuda.get_device_properties(device=0)\n"
        '    print(torch.cuda.get_device_name(0), facts.name, f"{facts.total_memory / 2**30:.1f} GiB")\n'
        '    return torch.device("cuda")\nfound = torch.accelerator.current_accelerator(check_available=True)\n'
        'return found or torch.device("cpu")',
    ),
    right(
        "pick_device by trying",
        pick_device="for name in ('cuda', 'mps'):\n    try:\n        getattr(torch, name).synchronize()\n"
        "        return torch.device(name)\n    except Exception:\n        pass\nreturn torch.device('cpu')",
    ),
    right(
        "pinned where there is CUDA",
        batch_to_device="if torch.cuda.is_available():\n"
        "    batch = tuple(part if part.device.type != 'cpu' else part.pin_memory() for part in batch)\n"
        "return batch[0].to(device, non_blocking=True), batch[1].to(device, non_blocking=True)",
    ),
    right(
        "by way of lists",
        batch_to_device="return tuple(part.new_tensor(part.tolist(), device=device) for part in batch)",
    ),
    Answer(
        "a named tuple returned",
        "devices.py",
        bodies={"batch_to_device": "return Batch(batch[0].to(device), batch[1].to(device))"},
        edits={
            "from torch import Tensor\n": "from torch import Tensor\nfrom typing import NamedTuple\n\n\n"
            "class Batch(NamedTuple):\n    tokens: Tensor\n    targets: Tensor\n"
        },
    ),
)
