"""A process that serves gives back what passwords take for a moment."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from pathlib import Path

import pytest

from saas_crm.cli import memory

PROGRAM = """
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from saas_crm.access.passwords import hash_password
from saas_crm.cli.memory import give_back

def taken():
    words = Path("/proc/self/smaps_rollup").read_text().split()
    return int(words[words.index("Anonymous:") + 1])

said = give_back()
before = taken()
with ThreadPoolExecutor(4) as pool:
    list(pool.map(hash_password, ["a password of the test"] * 12))
    print(said, taken() - before)
"""


@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="only Linux tells")
@pytest.mark.parametrize("operators", [False, True])
def test_what_a_password_takes_is_given_back(operators: bool) -> None:
    bare = {name: value for name, value in os.environ.items() if not name.startswith(("MALLOC_", "GLIBC_"))}
    environment = {**bare, "MALLOC_ARENA_MAX": "1"} if operators else bare
    done = subprocess.run([sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=True)
    said, kilobytes = done.stdout.split()
    if operators:
        assert said == "False", "what the operator says stands"
    else:
        assert said == "True"
        assert int(kilobytes) < 10_000, "one password takes 19 MB"


def test_where_the_c_library_has_no_such_thing_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [*os.environ]:
        if name.startswith(("MALLOC_", "GLIBC_")):
            monkeypatch.delenv(name)

    def none_here(_name: object) -> object:
        raise OSError("no C library by that name")

    monkeypatch.setattr(ctypes, "CDLL", none_here)
    assert memory.give_back() is False
