"""How large the proofs are: small in every run of the suite, whole where somebody asks for it.

`PROOFS_WHOLE=1 make test ARGS="tests/tenants/test_storm.py tests/fault/test_kills.py" JOBS=0` takes about an hour.
"""

from __future__ import annotations

import os

WHOLE = "PROOFS_WHOLE" in os.environ
"""Whether proofs have the size that is promised, and not only what shows that they work."""


def sized(small: int, whole: int) -> int:
    """Return the number that this run asks for."""
    return whole if WHOLE else small
