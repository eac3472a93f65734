"""Whatever people, Stripe, the network and the clock do, in whatever order: in the end our state is Stripe's.

Each share begins its lives in another way (`BEGINNINGS`), and tells what people did in them that was not refused.

`PROOFS_WHOLE=1 make test ARGS="-v tests/billing/test_machine.py" JOBS=2` takes 2,000 lives, in shares that processes
take from each other's pile. `PROOFS_SEED=7` begins with a number that is not left to chance: the same lives again.
"""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from dataclasses import replace
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.billing.beginnings import ACTS, BEGINNINGS
from tests.billing.company import Shop
from tests.billing.life import Life
from tests.stripe.straight import straight_to
from tests.support.installation import Installation
from tests.support.kept_place import kept
from tests.support.proofs import WHOLE, sized
from tests.support.tally import tally

SHARES, LIVES, STEPS = sized(5, 40), sized(3, 50), 20
STEPS_ON_TRIAL = 60
"""Most of a life that begins on trial goes by before anybody pays, and of 20 steps there was little left to do."""


@pytest.mark.timeout(3_600 if WHOLE else 300)
@pytest.mark.parametrize("share", range(SHARES))
def test_in_the_end_our_state_is_stripes(shop: Shop, installation: Installation, share: int) -> None:
    class This(Life):
        ended: ClassVar[Counter[str]] = Counter()
        done: ClassVar[Counter[str]] = Counter()
        begins: ClassVar[str] = list(BEGINNINGS)[share % len(BEGINNINGS)]

    steps = STEPS_ON_TRIAL if This.begins == "on trial" else STEPS

    first = int(os.environ.get("PROOFS_SEED") or random.SystemRandom().getrandbits(32))
    seed(first + share)(This)
    again = () if WHOLE else (Phase.reuse,)  # one life that fails would be lived in all shares that follow
    how = settings(
        max_examples=LIVES, stateful_step_count=steps, deadline=None, suppress_health_check=list(HealthCheck),
        print_blob=True, phases=[Phase.explicit, *again, Phase.generate],
    )  # fmt: skip
    began = time.monotonic()
    try:
        with kept(installation.place) as place, straight_to(shop.double):
            shop.ask_by(place)
            This.shop, This.installation = shop, replace(installation, place=place)
            This.beginning = shop.double.dump()
            run_state_machine_as_test(This, settings=how)
    finally:
        for act in ACTS:
            tally(f"billing: in lives by chance people {act}", This.done[act])
        _tell(This.ended, f"share {share}, begun with {first + share}", time.monotonic() - began)
    assert sum(This.ended.values()) >= LIVES
    if WHOLE:
        assert sum(This.done.values()) >= LIVES // 2, "what is refused proves nothing"


def _tell(ended: Counter[str], share: str, seconds: float) -> None:
    """Tell how many lives came to their end, in all, in this share, and by what became of the subscription."""
    tally("billing: lives lived by chance, to their end", sum(ended.values()), seconds)
    tally(f"billing: lives of {share}", sum(ended.values()), seconds)
    for state, count in ended.items():
        tally(f"billing: lives that ended {state}", count)
