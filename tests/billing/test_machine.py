"""Whatever people, Stripe, the network and the clock do, in whatever order: in the end our state is Stripe's.

`PROOFS_WHOLE=1 make test ARGS=tests/billing/test_machine.py JOBS=0` takes 2,000 lives.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.billing.company import Shop
from tests.billing.life import Life
from tests.support.installation import Installation
from tests.support.proofs import WHOLE, sized

LIVES, STEPS = sized(5, 2_000), 20


@pytest.mark.timeout(4 * 3_600 if WHOLE else 300)
def test_in_the_end_our_state_is_stripes(shop: Shop, installation: Installation) -> None:
    class This(Life):
        pass

    This.shop, This.installation, This.beginning = shop, installation, shop.double.dump()
    how = settings(
        max_examples=LIVES, stateful_step_count=STEPS, deadline=None, suppress_health_check=list(HealthCheck),
        print_blob=True, phases=[Phase.explicit, Phase.reuse, Phase.generate],
    )  # fmt: skip
    run_state_machine_as_test(This, settings=how)
