"""`users reset-two-factor`."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from saas_crm.access.factors.standing import factors_of
from tests.support.acts import acts
from tests.support.cast import Cast
from tests.support.command import Call
from tests.support.mailbox import Mailbox
from tests.support.second_factor import with_app

RESET = ("users", "reset-two-factor")


def test_the_operator_helps_whom_nobody_else_can(
    call: Call, app: Flask, cast: Cast, mailbox: Mailbox, acting: Callable[..., object]
) -> None:
    with_app(app, cast["rep"])
    done = call(*RESET, "Rep@acme.example", "--yes")
    assert (done.exit_code, done.output) == (0, "rep@acme.example signs in with the password alone now.\n")
    with app.app_context():
        assert not factors_of(cast["rep"].user_id).on
    assert "Your two-factor sign-in was reset" in [mail["Subject"] for mail in mailbox.arrived("rep@acme.example")]
    [act] = acts(acting, action="two_factor_reset")  # type: ignore[arg-type]
    assert (act.member_id, act.through, act.record_id) == (None, "command", cast["rep"].member_id)
    assert "has no second factor" in call(*RESET, "rep@acme.example", "--yes").output


def test_it_asks_first(call: Call, app: Flask, cast: Cast) -> None:
    with_app(app, cast["rep"])
    assert call(*RESET, "rep@acme.example").exit_code == 1
    with app.app_context():
        assert factors_of(cast["rep"].user_id).on


@pytest.mark.parametrize(("email", "code"), [("nobody@nowhere.example", 1), ("no address", 2)])
def test_what_cannot_be(call: Call, email: str, code: int) -> None:
    assert call(*RESET, email, "--yes").exit_code == code
