"""Writes the golden texts anew, to be read before they are committed.

python -m tests.messages.regenerate [STEP ...]
"""

from __future__ import annotations

import sys

from tests.messages.texts import GOLDEN, Messages, write_golden


def main() -> None:
    """Write the files of the named steps, or of all; take away those of steps that are no more."""
    messages = Messages()
    steps = [step.name for step in messages.challenge.steps]
    try:
        for step in sys.argv[1:] or steps:
            print(write_golden(step, messages.of_step(step)))
    finally:
        messages.close()
    for path in GOLDEN.glob("*.txt"):
        if path.stem not in steps:
            path.unlink()


if __name__ == "__main__":
    main()
