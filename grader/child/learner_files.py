"""Import the learner's files in the child, and say in plain data what went wrong in them and where.

A `Problem` carries facts only (what kind, which error, which line); the parent makes the sentences.
"""

from __future__ import annotations

import dis
import importlib
import importlib.util
import inspect
import os
import sys
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType, ModuleType, TracebackType
from typing import Any, TypeGuard, TypeVar

Kind = TypeVar("Kind")

TEXT_LIMIT = 600  # characters of an error message that travel
NAME_LIMIT = 200  # and of the name of a type
MAX_LINE = 10**9  # of a file, far above any real one
# Of the class or the exception itself: what a learner derives from them may have attributes of these names that hold
# anything, or that raise.
_name = type.__dict__["__name__"].__get__
_traceback = BaseException.__dict__["__traceback__"].__get__
_filename, _lineno, _msg = (SyntaxError.__dict__[name].__get__ for name in ("filename", "lineno", "msg"))


class Problem(Exception):
    """Something of the learner's that went wrong.

    Attributes:
        facts: `kind` ("missing_file", "folder", "no_plain_file", "link", "missing_name", "signature", "syntax",
            "import", "call", "reply" or "internal"); `type` and `text` of the error; `todo` (it is a
            NotImplementedError); `file` and `line` in the submission (or None); `from_file` and `from_line`, the
            outermost place in the submission that led there, where it is in another file; `names` (what the file
            defines, for "missing_name").
    """

    def __init__(self, kind: str, **facts: Any) -> None:
        super().__init__(kind)
        self.facts = {"kind": kind, "type": "", "text": "", "todo": False, "file": None, "line": None, **facts}


class LearnerFiles:
    """The modules of one submission folder."""

    def __init__(self, folder: str) -> None:
        self.folder = Path(folder).resolve()
        sys.path.insert(0, str(self.folder))
        sys.dont_write_bytecode = True  # leave no __pycache__ in the learner's folder

    def find(self, module_name: str, name: str) -> Any:
        """Return what `name` stands for in the learner's file, or in a library module."""
        path = self.folder / f"{module_name}.py"
        if "." in module_name:  # a library's, such as torch.optim: the learner's files have bare names
            return getattr(importlib.import_module(module_name), name)
        if path.is_symlink() and self.relative(str(path)) is None:
            raise Problem("link", file=path.name)
        if os.path.isdir(path):
            raise Problem("folder", file=path.name)
        if not os.path.isfile(path):
            raise Problem("no_plain_file" if os.path.exists(path) else "missing_file", file=path.name)
        module = self.load(module_name, path)
        if not hasattr(module, name):
            raise Problem("missing_name", file=path.name, text=name, names=_own_names(module))
        return getattr(module, name)

    @contextmanager
    def anew(self) -> Iterator[None]:
        """Run the learner's files anew when they are needed, helpers included, as in a new process; then go back."""
        before = self._take_out_own()
        try:
            yield
        finally:
            self._take_out_own()
            sys.modules.update(before)

    def _take_out_own(self) -> dict[str, ModuleType]:
        own = {}
        for name, module in list(sys.modules.items()):
            file = getattr(module, "__file__", None)
            if isinstance(file, str) and file.startswith(f"{self.folder}{os.sep}"):
                own[name] = sys.modules.pop(name)
        return own

    def load(self, module_name: str, path: Path) -> ModuleType:
        """Import the file under its bare name, so that learner files that import each other share it."""
        loaded = sys.modules.get(module_name)
        if loaded is not None and getattr(loaded, "__file__", None) == str(path):
            return loaded
        spec = importlib.util.spec_from_file_location(module_name, path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[module_name] = module
        try:
            spec.loader.exec_module(module)
        except BaseException as error:
            sys.modules.pop(module_name, None)
            problem = self.describe(error, "import")
            if problem.facts["file"] is None:  # Python has not come as far as a line of it: a file in UTF-16, say
                problem.facts |= {"file": path.name, "kind": "syntax" if _is(error, SyntaxError) else "import"}
            raise problem from None
        return module

    def check_signature(self, function: Any, args: Any, kwargs: Any) -> None:
        """Raise a "signature" problem if a call that raised a TypeError could not even start."""
        try:
            signature = inspect.signature(function)
        except (TypeError, ValueError):
            return  # a builtin, or something callable without a readable signature: the call's own error tells
        try:
            signature.bind(*args, **kwargs)
        except TypeError as error:
            file, line = self.place_of(function)
            raise Problem("signature", text=str(signature), type=str(error), file=file, line=line) from None

    def place_of(self, function: Any) -> tuple[str | None, int | None]:
        """Return the file (relative to the submission) and line where a function or class is defined."""
        try:
            target = inspect.unwrap(function)
            file = inspect.getsourcefile(target)
            line = inspect.getsourcelines(target)[1]
        except (TypeError, OSError, ValueError):
            return None, None
        return (self.relative(file), line) if file and self.relative(file) else (None, None)

    def relative(self, file: str) -> str | None:
        """Return the path inside the submission, None for a file elsewhere and for none, such as "<string>"."""
        file = str.__str__(file)  # which may be of the learner's own type
        if not os.path.isabs(file):  # from the worker's own folder, "<string>" would lie in the submission
            return None
        try:
            return str(Path(file).resolve().relative_to(self.folder))
        except (ValueError, OSError, RuntimeError):  # links in a circle
            return None

    def describe(self, error: BaseException, kind: str) -> Problem:
        """Turn any exception of learner code into a `Problem` at the learner's own line."""
        if _is(error, Problem):
            return error
        if _is(error, SyntaxError) and (facts := self._syntax_facts(error)) is not None:
            return Problem("syntax", type=type_name(error), **facts)
        todo = _is(error, NotImplementedError) and self._is_raised_by_learner(error)
        places = self._own_places(error)
        return Problem(kind, type=type_name(error), text=_text_of(error), todo=todo, **places)

    def _syntax_facts(self, error: SyntaxError) -> dict[str, Any] | None:
        """Return what Python could not read in the learner's files; None if it was something else, or nothing real."""
        name, text, line = _filename(error), _msg(error), _lineno(error)
        if not _is(name, str) or not _is(text, str) or (file := self.relative(name)) is None:
            return None
        is_line = type(line) is int and 0 < line < MAX_LINE
        return {"text": _text_of(text), "file": file, "line": line if is_line else None}

    def _is_raised_by_learner(self, error: BaseException) -> bool:
        """True for a `raise` in the learner's file; PyTorch raises NotImplementedError too, for what it cannot do."""
        last: TracebackType | None = _traceback(error)
        while last is not None and last.tb_next is not None:
            last = last.tb_next
        if last is None or self.relative(last.tb_frame.f_code.co_filename) is None:
            return False
        place = last.tb_lasti  # a traceback that the learner made may say anything
        return last.tb_frame.f_code.co_code[place : place + 1] == bytes([dis.opmap["RAISE_VARARGS"]])

    def _own_places(self, error: BaseException) -> dict[str, Any]:
        """Return the deepest place in the submission, and the outermost one where it is in another file."""
        frames: list[tuple[FrameType, int]] = list(traceback.walk_tb(_traceback(error)))
        file, line = self._first_own(reversed(frames))
        from_file, from_line = self._first_own(frames)
        origin = {} if from_file == file else {"from_file": from_file, "from_line": from_line}
        return {"file": file, "line": line, **origin}

    def _first_own(self, frames: Iterable[tuple[FrameType, int]]) -> tuple[str | None, int | None]:
        for frame, line in frames:
            file = self.relative(frame.f_code.co_filename)
            if file is not None:
                return file, line
        return None, None


def _own_names(module: ModuleType) -> list[str]:
    names = [
        name
        for name, value in vars(module).items()
        if type(name) is str and callable(value) and getattr(value, "__module__", None) == module.__name__
    ]
    return names[:20]


def type_name(value: object) -> str:
    """Return the name of a value's type, whatever the learner's own metaclass says."""
    return str.__str__(_name(type(value)))[:NAME_LIMIT]


def _is(value: object, kind: type[Kind]) -> TypeGuard[Kind]:
    """Tell whether it is of this type. `isinstance` would also ask its `__class__`, which may be the learner's own."""
    return issubclass(type(value), kind)


def _text_of(value: object) -> str:
    try:
        return _cut(str.__str__(str(value)))  # which may give a text of the learner's own type
    except BaseException:  # the learner's own __str__ may do anything
        return ""


def _cut(text: str) -> str:
    return text if len(text) <= TEXT_LIMIT else text[:TEXT_LIMIT] + " …"
