"""Submissions that change files: their own, the solutions, the grader's; and links that lead out of the folder.

Each goes on with the right answer where it succeeds, so that only what stops it keeps its checks from passing.
"""

from __future__ import annotations

from grader.verdict import Outcome
from tests.hostile.hostile import LOG_SOFTMAX, LOG_SOFTMAX_VALUES, LOSS, PICK_DEVICE, Hostile, in_turn, side_by_side

TARGETS = in_turn()
FILES_ONLY = 1  # the first version of Landlock
REFUSED = "Permission|Read-only file system|No such file|Invalid cross-device link|resource busy"
SOLUTION = "$project/solutions/challenge5/log_softmax.py"


def changes(name: str, code: str) -> Hostile:
    return Hostile(name, next(TARGETS), Outcome.ERROR, REFUSED, before=code, landlock=FILES_ONLY)


def link(name: str, links: dict[str, str], code: str = "") -> Hostile:
    return Hostile(name, PICK_DEVICE, Outcome.ERROR, REFUSED, before=code, links=links, landlock=FILES_ONLY)


RESULTS = """
for place in (".", "..", "$project", "$project/.grade", "/tmp"):
    for file in ("results.json", "$mark", "report.xml", "challenge5.json"):
        try:
            with open(place + "/" + file, "w") as results:
                results.write('{"schema": 1, "challenge": "challenge5", "passed": true, "checks": []}')
        except OSError:
            pass
print('{"schema": 1, "challenge": "challenge5", "passed": true, "checks": []}')
"""
DEEP = """
import os, tempfile
os.chdir(tempfile.mkdtemp())
for _ in range(3000):
    os.mkdir("deep")
    os.chdir("deep")
raise RuntimeError("deep down")
"""
LOCKED = """
import os, pathlib, tempfile
locked = pathlib.Path(tempfile.mkdtemp())
(locked / "inside").mkdir()
(locked / "inside" / "file").write_text("x")
os.chmod(locked / "inside", 0)
os.chmod(locked, 0)
raise RuntimeError("locked up")
"""
LARGE_FILES = """
import itertools, os
for number in itertools.count():
    with open(os.path.join(os.environ["HOME"], str(number)), "wb") as file:
        for _ in range(64):
            file.write(bytes(1 << 20))
"""
EMPTY_FILES = """
import itertools, os
for number in itertools.count():
    open(os.path.join(os.environ["HOME"], str(number)), "w").close()
"""
FILES_WITHOUT_A_NAME = """
import tempfile, time
kept = []
for _ in range(40):
    kept.append(tempfile.TemporaryFile())
    kept[-1].write(bytes(32 << 20))
    kept[-1].flush()
time.sleep(60)
"""
LINKED_HOME = """
import os
home = os.environ["HOME"]
os.rmdir(home)
os.symlink("$project", home)
"""

CHANGES = (
    changes("rewrites its own file", "open(__file__, 'a').write('# changed')"),
    changes("deletes its own folder", "import os, shutil\nshutil.rmtree(os.path.dirname(__file__))"),
    changes("renames its own file", "import os\nos.rename(__file__, __file__ + '.bak')"),
    changes("leaves a file in its own folder", "open('$mark', 'w').write('x')"),
    changes("leaves a file beside its own folder", "open('../$mark', 'w').write('x')"),
    changes("leaves a file in /tmp", "open('/tmp/$mark', 'w').write('x')"),
    changes("leaves a file in /var/tmp", "open('/var/tmp/$mark', 'w').write('x')"),
    changes("rewrites the solutions", f"open('{SOLUTION}', 'a').write('# changed')"),
    changes("deletes the solutions", "import shutil\nshutil.rmtree('$project/solutions')"),
    changes("rewrites the stubs", "open('$project/challenges/challenge5/log_softmax.py', 'a').write('# changed')"),
    changes("rewrites the grader", "open('$grader/__init__.py', 'a').close()"),
    changes("adds a file to the grader", "open('$grader/checks/$mark', 'w').close()"),
    changes("makes a hard link to the solutions", f"import os\nos.link('{SOLUTION}', os.environ['HOME'] + '/linked')"),
    changes("puts a link in place of its scratch folder", LINKED_HOME),
)

TOO_MUCH = (
    # Under bubblewrap the folder is full then, and the code may be told so first.
    Hostile("large files without end", PICK_DEVICE, Outcome.ERROR, "more than 64 MB of files|No space left",
            before=LARGE_FILES),
    Hostile("empty files without end", LOG_SOFTMAX, Outcome.ERROR, "more than 5,000 files", before=EMPTY_FILES),
    Hostile("large files that have no name", LOSS, Outcome.ERROR, "more than 64 MB of files|No space left",
            before=FILES_WITHOUT_A_NAME),
)  # fmt: skip

FILES = (
    # Under bubblewrap there is a folder of this name that ends with the run.
    Hostile("leaves a file in shared memory", PICK_DEVICE, Outcome.ERROR, REFUSED, isolations=("process",),
            before="open('/dev/shm/$mark', 'w').write('x')", landlock=FILES_ONLY),
    *side_by_side("changes of files", CHANGES),
    *side_by_side("files without end", TOO_MUCH),
    Hostile("writes results files of its own", LOG_SOFTMAX_VALUES, Outcome.FAILED, "log", at_import=RESULTS,
            instead="return logits", landlock=FILES_ONLY),
    Hostile("three thousand folders in one another", PICK_DEVICE, Outcome.ERROR, "deep down", before=DEEP),
    Hostile("a scratch folder that is locked up", PICK_DEVICE, Outcome.ERROR, "locked up", before=LOCKED),
    Hostile("its file is a link to the solutions", LOG_SOFTMAX, Outcome.ERROR, "log_softmax.py",
            links={"log_softmax.py": SOLUTION}, whole=True,
            landlock=FILES_ONLY),
    link("a link to the whole file system", {"everything": "/"}, f"open('everything/{SOLUTION}').read()"),
    link("a helper that is a link to the solutions", {"answers": "$project/solutions/challenge5"},
         "open('answers/devices.py').read()"),
)  # fmt: skip
