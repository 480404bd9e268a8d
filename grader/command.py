"""The `grade` command: reads its arguments, does what they ask, and ends with the exit status of the contract.

Nothing here imports torch: the child is started first, so that both processes load it at the same time.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import traceback
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from grader.errors import GraderError, UsageError
from grader.interrupts import interrupt, no_key_lost
from grader.options import OVERVIEW, VERSION, parse_grade
from grader.standard_output import open_what_is_closed, print_what_can_be_printed, say_what_cannot_be_written
from grader.text import fit, printable, printable_lines
from grader.tool_options import parse_doctor, parse_hint, parse_list, parse_reset, parse_watch
from grader.variables import forget_what_breaks_a_run, start_no_needless_threads

GONE = "The current folder has been removed. Go into the project again with cd."
PASSED, NOT_PASSED, WRONG_USAGE, GRADER_FAILED, INTERRUPTED = 0, 1, 2, 3, 130


def run() -> NoReturn:
    """Run the command as a process of its own, and leave at once: taking torch apart takes a third of a second."""
    open_what_is_closed()
    status = main()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, UsageError):  # closed or full, or nobody reads on
            stream.flush()
    os._exit(status)


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit status."""
    own_process = arguments is None
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        if own_process:
            forget_what_breaks_a_run()
            start_no_needless_threads()
            _keep_own_rights()
            _clean_up_at_every_end()
            _lose_no_ctrl_c()
            say_what_cannot_be_written()
        print_what_can_be_printed()
        with no_key_lost():
            status = _dispatch(arguments)
        sys.stdout.flush()  # a verdict that could not be written must not end as a pass
        return status
    except UsageError as problem:
        print(f"grade: {printable(' '.join(str(problem).splitlines()))}", file=sys.stderr)
        return WRONG_USAGE
    except GraderError as problem:
        return _fault(f"grade: {problem}", arguments)
    except KeyboardInterrupt:
        print("grade: stopped.", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # Nobody reads on (`grade ... | head`): what is left goes nowhere, so that Python does not complain at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return NOT_PASSED
    except Exception:
        return _fault(traceback.format_exc().rstrip(), arguments)


def _fault(description: str, arguments: list[str]) -> int:
    if _stands_nowhere():
        print(f"grade: {GONE}", file=sys.stderr)
        return WRONG_USAGE
    from grader.fault import how_to_report, shortage_in

    if shortage := shortage_in(description):
        print(printable(shortage), file=sys.stderr)
        return GRADER_FAILED
    print(f"{printable_lines(description)}\n\n{how_to_report(arguments)}", file=sys.stderr)
    return GRADER_FAILED


def _keep_own_rights() -> None:
    """Let the user read, write and enter what is made here, whatever the umask says: temporary folders and the notes.

    What it says of the others is kept.
    """
    os.umask(os.umask(0o077) & ~0o700)


def _clean_up_at_every_end() -> None:
    """Let a closed terminal window, a plain `kill` and Ctrl-\\ do what Ctrl-C does.

    The child is ended, what is temporary is removed, and the terminal is given back as it was.
    """
    for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGQUIT) if sys.platform != "win32" else ():
        if signal.getsignal(number) is not signal.SIG_IGN:  # nohup wants to be left alone
            signal.signal(number, interrupt)


def _lose_no_ctrl_c() -> None:
    """Let Ctrl-C be a KeyboardInterrupt also where Python would only report one: in a `__del__`, in the collector.

    Hypothesis has the garbage collector call it back.
    """
    report = sys.unraisablehook

    def raise_again(ignored: sys.UnraisableHookArgs) -> None:
        if issubclass(ignored.exc_type, KeyboardInterrupt):
            signal.setitimer(signal.ITIMER_REAL, 0.01)  # in a hundredth of a second, when we are out of there
        else:
            report(ignored)

    if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:  # since `grader.start`
        signal.signal(signal.SIGINT, interrupt)
    if sys.platform != "win32":
        signal.signal(signal.SIGALRM, signal.default_int_handler)
        sys.unraisablehook = raise_again


def _here() -> Path:
    if _stands_nowhere():
        raise UsageError(GONE)
    return Path.cwd()


def _stands_nowhere() -> bool:
    """True if the current folder has been removed."""
    try:
        os.getcwd()
    except FileNotFoundError:
        return True
    return False


def _dispatch(arguments: list[str]) -> int:
    first = arguments[0] if arguments else "--help"
    if first in ("-h", "--help", "help"):
        print(fit(OVERVIEW, shutil.get_terminal_size().columns))
        return PASSED if arguments else WRONG_USAGE
    if first in ("-V", "--version"):
        print(VERSION)
        return PASSED
    if sys.platform == "win32":
        raise UsageError("Windows is not supported directly; use the Windows Subsystem for Linux (WSL).")
    if sys.flags.optimize > 1:
        raise UsageError("Python runs without docstrings, and the grader reads its own: unset PYTHONOPTIMIZE (or -OO).")
    if first == "list":
        from grader.overview import print_overview

        parse_list(arguments[1:])
        print_overview(start=_here())
        return PASSED
    if first == "hint":
        from grader.hints import print_hint

        print_hint(parse_hint(arguments[1:]), start=_here())
        return PASSED
    if first == "watch":
        from grader.watch.watching import watch

        watch(parse_watch(arguments[1:]), start=_here())
        return PASSED
    if first == "reset":
        from grader.reset import reset

        reset(parse_reset(arguments[1:]), start=_here())
        return PASSED
    if first == "doctor":
        from grader.doctor import examine

        return PASSED if examine(parse_doctor(arguments[1:]), start=_here()) else NOT_PASSED
    if first == "data":
        from grader.data_command import run_data

        run_data(arguments[1:])
        return PASSED
    if first == "verify":
        from grader.verify.options import parse_verify
        from grader.verify.verifying import verify

        return PASSED if verify(parse_verify(arguments[1:]), start=_here()) else NOT_PASSED
    from grader.grading import grade

    return PASSED if grade(parse_grade(arguments), start=_here()) else NOT_PASSED
