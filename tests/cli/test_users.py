"""`users reset-two-factor`."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from saas_crm.access.factors.standing import factors_of
from saas_crm.access.queries import user_by_id
from tests.support.acts import acts
from tests.support.cast import Cast
from tests.support.command import Call
from tests.support.mailbox import Mailbox, body
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


def test_the_operator_changes_an_address_whose_mailbox_is_lost(
    call: Call, app: Flask, cast: Cast, mailbox: Mailbox, acting: Callable[..., object],
    client_for: Callable[..., object],
) -> None:  # fmt: skip
    rep = client_for("rep")
    assert call("users", "email", "rep@acme.example", "new@elsewhere.example").exit_code == 1, "it asks first"
    done = call("users", "email", "Rep@acme.example", "new@elsewhere.example", "--yes")
    assert (done.exit_code, done.output) == (0, "rep@acme.example signs in as new@elsewhere.example now.\n")
    assert rep.get("/profile").status_code == 302  # type: ignore[attr-defined]
    [told] = mailbox.arrived("rep@acme.example")
    assert told["Subject"] == "Your e-mail address was changed"
    assert "/undo/" not in body(told), "whoever reads that mailbox now may be anybody"
    assert mailbox.link("new@elsewhere.example", "/verify/")
    with app.app_context():
        user = user_by_id(cast["rep"].user_id)
    assert (user.email, user.email_verified_at) == ("new@elsewhere.example", None)
    [act] = acts(acting, action="email_change")  # type: ignore[arg-type]
    assert (act.member_id, act.through) == (None, "command")
    taken = call("users", "email", "new@elsewhere.example", "owner@acme.example", "--yes")
    assert taken.exit_code == 1
    assert "Somebody else signs in" in taken.output
    assert call("users", "email", "rep@acme.example", "x@y.example", "--yes").exit_code == 1, "nobody has it"
    assert call("users", "email", "new@elsewhere.example", "no address", "--yes").exit_code == 2


@pytest.mark.parametrize(("email", "code"), [("nobody@nowhere.example", 1), ("no address", 2)])
def test_what_cannot_be(call: Call, email: str, code: int) -> None:
    assert call(*RESET, email, "--yes").exit_code == code
