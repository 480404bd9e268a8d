"""Wrong answers with files beside them that bear the names of libraries, of the grader or of pytest's settings.

Each of these files leaves a trace and ends the process with status 0 if anybody imports it.
"""

from __future__ import annotations

from grader.verdict import Outcome
from tests.hostile.hostile import PICK_DEVICE, Hostile

WRONG = "does not return a torch.device"
TRAP = "open('/tmp/$mark', 'w').close()\nimport os\nos._exit(0)\n"
CONFTEST = (
    TRAP
    + """
import pytest

@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    return True

def pytest_collection_modifyitems(items):
    items.clear()
"""
)
SETTINGS = "[pytest]\naddopts = --collect-only -p trap\npython_files = nothing\n"


def traps(name: str, *files: str, **others: str) -> Hostile:
    beside = {**dict.fromkeys(files, TRAP), **others}
    return Hostile(name, PICK_DEVICE, Outcome.FAILED, WRONG, instead="return None", beside=beside)


SHADOWS = (
    traps("torch.py, numpy.py and torch/__init__.py", "torch.py", "numpy.py", "torch/__init__.py"),
    traps("json.py and other names of the standard library", "json.py", "socket.py", "struct.py", "random.py"),
    traps("grader.py and a grader folder", "grader.py", "grader/__init__.py", "grader/wire.py", "reference.py"),
    traps("pytest.py, conftest.py, pytest.ini and pyproject.toml", "pytest.py", "trap.py", "hypothesis.py",
          **{"conftest.py": CONFTEST, "pytest.ini": SETTINGS, "tox.ini": SETTINGS,
             "pyproject.toml": SETTINGS.replace("[pytest]", "[tool.pytest.ini_options]")}),
    traps("sitecustomize.py, usercustomize.py and *.pth", "sitecustomize.py", "usercustomize.py", "__main__.py",
          **{"trap.pth": "import os; open('/tmp/$mark', 'w'); os._exit(0)\n", "pyvenv.cfg": "home = /\n"}),
    traps("a test file and a hidden check of its own", "test_devices.py", "challenge.toml", "strategies.py"),
)  # fmt: skip
