"""Right answers that the grader still rejects, each with the reason. Mend the reason, and move the answer."""

from __future__ import annotations

from tests.submissions import Answer

COPY_EVALUATED = """
    import copy

    twin = copy.deepcopy(model).eval()
    device = next(twin.parameters()).device
    with torch.no_grad():
        moved = [batch_to_device(batch, device) for batch in batches]
        losses = [final_token_loss(twin(x), y).item() for x, y in moved]
    return sum(losses) / len(losses)
"""

STILL_FAILING = {
    "the observer's hooks are copied with the model, so that it hears nothing": Answer(
        "a copy of the model is evaluated", "training.py", bodies={"evaluate": COPY_EVALUATED}
    ),
}
