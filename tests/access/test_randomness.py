"""What is made by chance: long enough, of a good generator, and never the same twice."""

from __future__ import annotations

from base64 import b32decode, urlsafe_b64decode
from collections.abc import Callable

import pytest
from flask import Flask

from saas_crm.access.factors.setting_up import _new_secret
from saas_crm.access.sso.proving import new_question
from saas_crm.access.tokens import new_token, token_hash
from saas_crm.edge.challenges import new_challenge
from saas_crm.edge.headers import csp_nonce


def bits_of(text: str) -> int:
    return 8 * len(urlsafe_b64decode(text + "=" * (-len(text) % 4)))


@pytest.mark.parametrize(("made", "bits"), [
    (lambda: bits_of(new_token()), 256),
    (lambda: bits_of(new_token("crm_").removeprefix("crm_")), 256),
    (lambda: bits_of(new_question().state), 256), (lambda: bits_of(new_question().nonce), 256),
    (lambda: 8 * len(b32decode(_new_secret())), 160),
    (lambda: 8 * len(new_challenge("sign-in")), 256),
    (lambda: bits_of(csp_nonce()), 128),
])  # fmt: skip
def test_how_long_it_is(made: Callable[[], int], bits: int, app: Flask) -> None:
    with app.test_request_context():
        assert made() >= bits


@pytest.mark.parametrize(
    "make", [new_token, _new_secret, lambda: new_question().state, lambda: new_question().verifier]
)
def test_no_two_are_alike_nor_alike_in_part(make: Callable[[], str]) -> None:
    """Of 2,000 none comes twice, and at each place every letter comes: no part of it is fixed or counts up."""
    found = [make() for _number in range(2_000)]
    assert len(set(found)) == len(found)
    for place in range(min(map(len, found)) - 1):  # the last letter holds fewer bits
        assert len({text[place] for text in found}) >= 32, place
    assert found != sorted(found)


def test_two_that_differ_a_little_are_kept_as_two() -> None:
    assert token_hash("crm_a") != token_hash("crm_b")
    assert len(token_hash("crm_a")) == 32
