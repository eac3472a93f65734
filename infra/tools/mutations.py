"""Takes away every guard of the product, one after the other, and says which of them the leak hunt misses.

    .venv/bin/python infra/tools/mutations.py            # all guards, a quarter of an hour on two quiet cores
    .venv/bin/python infra/tools/mutations.py customers  # those in files whose path has this word

A guard is a clause (`visible`, `within_reach`, `seen` …), a check (`check_may`, `check_owner`, `require`), an
endpoint's `@requires`, or the switch of the tenant's role. Nothing is written to a file. Exit status 1: some survived.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def main(words: list[str]) -> int:
    """Try the guards and print what became of each; return how many survived, at most 1."""
    sys.path.insert(0, str(ROOT))
    from tests.leaks.mutants import places
    from tests.leaks.trials import on_trial

    chosen = [place for place in places() if not words or any(word in place.path for word in words)]
    survived = caught = 0
    with on_trial() as trials:
        trials.find_out()
        for done in [trials.of_clauses(chosen), *([] if words else [trials.of_doors()])]:
            for trial in done:
                print(trial, flush=True)
                caught += bool(trial.noticed)
                survived += not trial.noticed
    print(f"{caught} caught, {survived} survived")
    return int(survived > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
