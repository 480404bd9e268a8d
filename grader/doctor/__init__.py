"""`grade doctor`: is everything in order that grading needs? Torch and the other packages may be missing or broken.

`findings` is what an examination comes to; `packages`, `learner_process`, `data` and `terminal` examine, each imported
only when its turn comes. Torch is first imported in a process of its own, because a broken one can end the process.
"""

from grader.doctor.examination import examine

__all__ = ["examine"]
