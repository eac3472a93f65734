"""`tenants create` and `tenants list`."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest
from flask import Flask

from saas_crm.access.factors.standing import factors_of
from saas_crm.access.mailed import LinkState, link_state
from saas_crm.access.queries import user_by_email
from saas_crm.access.recovery import reset_password
from saas_crm.access.sign_in import SignInRefused, authenticate
from tests.support.cast import PASSWORD as CAST_PASSWORD
from tests.support.cast import Cast
from tests.support.clients import Browser
from tests.support.command import Call
from tests.support.installation import Installation

GOOD = ("--name", "华夏科技", "--owner-email", "Li@Huaxia-Keji.example")
PASSWORD = "correct horse battery"


def test_with_a_password_the_owner_signs_in(call: Call, app: Flask) -> None:
    found = call("tenants", "create", "huaxia-keji", *GOOD, "--owner-password", PASSWORD, "--locale", "zh_Hans")
    assert found.exit_code == 0, found.output
    assert found.output == "华夏科技 is at http://localhost/huaxia-keji/\n"
    with app.app_context():
        assert authenticate("li@huaxia-keji.example", PASSWORD, "127.0.0.1")
        user = user_by_email("li@huaxia-keji.example")
        assert user is not None
        assert user.email_verified_at is not None
        tenant = app.extensions["directory"].by_slug("huaxia-keji")
        assert (tenant.locale, tenant.country, tenant.currency, tenant.timezone) == (
            "zh_Hans", "CN", "CNY", "Asia/Shanghai",
        )  # fmt: skip


def test_without_a_password_a_link_sets_one(call: Call, app: Flask) -> None:
    found = call("tenants", "create", "huaxia-keji", *GOOD)
    assert found.exit_code == 0, found.output
    link = re.search(r"http://localhost/reset/(\S+)", found.output)
    assert link is not None
    with app.app_context():
        assert link_state("reset", link[1])[0] is LinkState.GOOD
        assert reset_password(link[1], PASSWORD) is not None
        assert authenticate("li@huaxia-keji.example", PASSWORD, "127.0.0.1")


def test_an_owner_who_has_a_sign_in_keeps_it(call: Call, app: Flask) -> None:
    arguments = ("tenants", "create", "second-one", "--name", "Second", "--owner-email", "owner@acme.example")
    refused = call(*arguments, "--owner-password", PASSWORD)
    assert refused.exit_code == 2
    assert "has a sign-in already" in refused.output
    found = call(*arguments)
    assert found.exit_code == 0, found.output
    assert "/reset/" not in found.output


def test_who_signed_up_with_the_owners_address_is_not_the_owner(
    call: Call, app: Flask, cast: Cast, client_for: Callable[..., Browser], installation: Installation
) -> None:
    """They never confirmed it, and have a password, an app and an open browser in that name."""
    with installation.place.owner() as connection:
        connection.execute(
            "UPDATE public.users SET email = 'li@huaxia-keji.example', email_verified_at = NULL WHERE id = %s",
            [cast["outsider"].user_id],
        )
        connection.execute(
            "INSERT INTO public.authenticator_apps (user_id, secret, last_step, created_at, confirmed_at)"
            " VALUES (%s, 'x', 0, now(), now())", [cast["outsider"].user_id],
        )  # fmt: skip
    squatter = client_for("outsider")
    assert squatter.get("/other/companies").status_code == 200
    found = call("tenants", "create", "huaxia-keji", *GOOD)
    assert found.exit_code == 0, found.output
    link = re.search(r"http://localhost/reset/(\S+)", found.output)
    assert link is not None
    assert squatter.get("/huaxia-keji/companies").location.startswith("/signin")
    with app.app_context():
        with pytest.raises(SignInRefused):
            authenticate("li@huaxia-keji.example", CAST_PASSWORD, "127.0.0.1")
        assert reset_password(link[1], PASSWORD) == cast["outsider"].user_id
        assert authenticate("li@huaxia-keji.example", PASSWORD, "127.0.0.1")
        assert not factors_of(cast["outsider"].user_id).on


def test_a_spare_is_made_when_none_is_ready(call: Call, installation: Installation) -> None:
    with installation.place.owner() as connection:
        connection.execute("UPDATE public.tenants SET status = 'making' WHERE status = 'spare'")
    found = call("tenants", "create", "huaxia-keji", *GOOD)
    assert found.exit_code == 0, found.output


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("acme", *GOOD), 1, "The address 'acme' is taken."),
        (("Ab", *GOOD), 2, "Use at least 3 characters."),
        (("signup", *GOOD), 2, "This address is reserved."),
        (("x-y", "--name", " ", "--owner-email", "a@b.example"), 2, "The workspace needs a name."),
        (("x-y", "--name", "X", "--owner-email", "nobody"), 2, "An e-mail address has an @ in it"),
        (("x-y", *GOOD, "--owner-password", "short"), 2, "The password has fewer than 8 characters."),
        (
            ("x-y", *GOOD, "--owner-password", "li@huaxia-keji.example"),
            2,
            "the person's own name, address",
        ),
        (("x-y", *GOOD, "--locale", "tlh"), 2, "'tlh' is not one of 'en', 'zh_Hans', 'zh_Hant'"),
        (("x-y", *GOOD, "--country", "QQ"), 2, "'QQ' is no country."),
    ],
)
def test_what_cannot_be_is_told_in_a_line(call: Call, arguments: tuple[str, ...], code: int, said: str) -> None:
    found = call("tenants", "create", *arguments)
    assert found.exit_code == code, found.output
    assert said in found.output
    assert "Traceback" not in found.output


def test_the_list_is_for_people_and_for_programs(call: Call) -> None:
    assert re.search(r"(?m)^acme   active +\d{4}  en .* Acme Instruments$", call("tenants", "list").output)
    rows = json.loads(call("tenants", "list", "--json").output)
    assert [row["slug"] for row in rows] == ["acme", "other"]
    assert rows[1]["name"] == "另一家公司"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", rows[0]["created_at"])
