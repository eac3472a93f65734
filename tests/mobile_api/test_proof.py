"""Step-up by the API: a device's token, which may be a lost phone's, does not decide who may do what by itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update

from mobile_api.registry import load
from saas_crm.access.models import ApiToken
from saas_crm.core.clock import now
from saas_crm.edge.declared import declared_for
from tenants.db import db, new_id, tenant_scope
from tests.support.api import places, problem
from tests.support.cast import PASSWORD, Cast
from tests.support.clients import Phone, phone_of
from tests.support.second_factor import with_app
from tests.web.test_proof import TAKES_PROOF

ApiFor = Callable[..., Phone]
pytestmark = pytest.mark.newest
LATELY, LONG_AGO = timedelta(minutes=9), timedelta(minutes=11)
BY_API: Mapping[str, set[str]] = {
    "settings_members.invite": {"invite"}, "account.invite_from_setup": {"invite"},
    "settings_members.change_role": {"change_member"}, "settings_members.change_many": {"change_member"},
    "settings_roles.create": {"create_role"}, "settings_roles.update": {"change_role"},
    "settings_roles.delete": {"delete_role"}, "settings_security.update_entry": {"change_security"},
    "settings_security.update_sso": {"change_sso"}, "settings_security.forget_sso": {"remove_sso"},
    "settings_domain.update": {"set_domain"}, "settings_domain.remove": {"remove_domain"},
    "support.allow": {"allow_support_access"}, "billing.change": {"change_plan"},
}  # fmt: skip
"""What a page takes a proof for, and by which operations the same is done."""
NOT_BY_API = {
    "account.add_own_passkey", "account.ask_email_change", "account.remove_own_passkey",
    "settings_members.reset_two_factor", "settings_roles.restore", "settings_security.update",
    "settings_archives.ask", "settings_archives.download", "settings_deletion.ask", "settings_address.update",
    "billing.close",
}  # fmt: skip
TAKES_THE_PASSWORD_ITSELF = {"settings_tokens.create"}
NOT_ASKED: Mapping[str, str] = {
    "withdraw_invitation": "it gives nobody anything", "mail_invitation": "what it says was decided by `invite`",
    "preview_member": "nothing is saved", "preview_role": "nothing is saved", "foresee": "nothing is saved",
    "sign_member_out": "it takes away", "sign_out": "it takes away", "withdraw_support_access": "it takes away",
    "change_workspace": "name, languages, money: no page asks", "check_domain": "it looks, DNS decides",
    "change_numbering": "no page asks", "number_existing_records": "no page asks",
    "begin_checkout": "Stripe asks who pays", "open_portal": "Stripe asks who pays",
    "cancel": "it can be taken back until the end of what is paid", "take_back": "what is paid goes on",
    "take_back_change": "nothing is paid",
}  # fmt: skip
"""Other changes by the same permissions, and why they take none."""


def proven(app: Flask, cast: Cast, who: str, ago: timedelta, **values: Any) -> None:
    """Make the person's token one that was proven so long ago."""
    with app.app_context(), tenant_scope(cast.tenants["acme"]):
        mine = update(ApiToken).where(ApiToken.member_id == cast[who].member_id)
        db.session.execute(mine.values({"proved_at": now() - ago} | values))
        db.session.commit()


def tells(phone: Phone, cast: Cast) -> int:
    """Return the status of inviting somebody to be an owner, which the worst thief would do."""
    roles = phone.get("/roles").json["items"]
    owner = next(role["id"] for role in roles if role["key"] == "owner")
    sent = {"email": f"{new_id().hex}@thief.example", "role_id": owner}
    return int(phone.post("/invitations", json=sent).status_code)


def test_what_pages_take_a_proof_for_takes_one_by_the_api() -> None:
    """A page that asks, and an operation that changes as much, is to be thought of here."""
    asking = {one.operation_id for one in load().operations() if one.proven}
    assert BY_API.keys() | NOT_BY_API | TAKES_THE_PASSWORD_ITSELF == TAKES_PROOF
    assert set.union(*BY_API.values()) == asking


def test_no_other_operation_changes_by_the_same_permissions(app: Flask) -> None:
    pages = [declared_for(app.view_functions[name]) for name in TAKES_PROOF]
    permissions = {page.permission for page in pages if page and page.permission} | {"token:delete", "member:create"}
    others = {
        one.operation_id for one in load().operations()
        if one.method != "GET" and one.permission in permissions and not one.proven
    }  # fmt: skip
    assert others == NOT_ASKED.keys()


def test_a_device_is_asked_wherever_it_says_so(app: Flask, cast: Cast, api_for: ApiFor) -> None:
    proven(app, cast, "owner", LONG_AGO)
    phone, asked = api_for("owner"), 0
    adapter = app.url_map.bind("localhost")
    for one in load().operations():
        if not one.proven:
            continue
        rule = next(rule for rule in app.url_map.iter_rules() if rule.endpoint == f"api.{one.operation_id}")
        values = {name: cast["rep"].member_id if name == "member_id" else new_id() for name in rule.arguments}
        path = "/acme" + adapter.build(rule.endpoint, values, method=one.method)
        body = {"status": "frozen"} if one.operation_id == "change_member" else {}
        problem(phone.open(path, method=one.method, json=body), 403, "proof-required")
        asked += 1
    assert asked >= 11
    assert phone.get("/members").status_code == 200


def test_who_may_not_is_told_so_and_not_asked(app: Flask, cast: Cast, api_for: ApiFor) -> None:
    proven(app, cast, "rep", LONG_AGO)
    problem(api_for("rep").post("/roles", json={}), 403, "forbidden")


def test_a_device_that_was_not_proven_lately_makes_nobody_an_owner(app: Flask, cast: Cast, api_for: ApiFor) -> None:
    phone = api_for("owner")
    proven(app, cast, "owner", LATELY)
    assert tells(phone, cast) == 201
    proven(app, cast, "owner", LONG_AGO)
    assert tells(phone, cast) == 403
    proven(app, cast, "owner", LONG_AGO, proved_at=None)
    assert tells(phone, cast) == 403


def test_a_proof_lasts_ten_minutes_for_the_token_that_gave_it(app: Flask, cast: Cast, api_for: ApiFor) -> None:
    phone, other = api_for("owner"), phone_of(app, None, "acme")
    sent = {"email": "owner@acme.example", "password": PASSWORD, "name": "Another phone"}
    other.token = other.post("/tokens", json=sent).json["token"]
    assert tells(other, cast) == 201, "who signs in has given their password"
    proven(app, cast, "owner", LONG_AGO)
    before = phone.get("/tokens").json
    assert phone.post("/tokens/proof", json={"password": PASSWORD}).status_code == 204
    assert phone.get("/tokens").json == before
    assert (tells(phone, cast), tells(other, cast)) == (201, 403)
    proven(app, cast, "owner", LONG_AGO)
    assert tells(phone, cast) == 403


def test_a_wrong_password_proves_nothing_and_guesses_wait(app: Flask, cast: Cast, api_for: ApiFor) -> None:
    proven(app, cast, "owner", LONG_AGO)
    phone = api_for("owner")
    assert places(phone.post("/tokens/proof", json={})) == {"#/password"}
    for _number in range(5):
        assert places(phone.post("/tokens/proof", json={"password": "no"})) == {"#/password"}
    waits = phone.post("/tokens/proof", json={"password": PASSWORD})
    assert problem(waits, 429)
    assert int(waits.headers["Retry-After"]) >= 1
    assert tells(phone, cast) == 403


def test_who_has_two_factor_sign_in_proves_with_both(app: Flask, cast: Cast, api_for: ApiFor) -> None:
    app_on_phone = with_app(app, cast["owner"])
    proven(app, cast, "owner", LONG_AGO)
    phone = api_for("owner")
    for code in ({}, {"code": app_on_phone.code(50)}):
        assert places(phone.post("/tokens/proof", json={"password": PASSWORD, **code})) == {"#/code"}
    assert tells(phone, cast) == 403
    sent = {"password": PASSWORD, "code": app_on_phone.code()}
    assert phone.post("/tokens/proof", json=sent).status_code == 204
    assert tells(phone, cast) == 201
    assert places(phone.post("/tokens/proof", json=sent)) == {"#/code"}, "a code is taken once"


@pytest.mark.parametrize("kind", ["personal", "integration"])
def test_programs_are_not_asked(kind: str, app: Flask, cast: Cast, api_for: ApiFor) -> None:
    """Making such a token took password and code, and there is nobody to ask (docs/security.md, 7.5.1)."""
    proven(app, cast, "owner", LONG_AGO, kind=kind)
    assert tells(api_for("owner"), cast) == 201


def test_ones_own_hours_take_no_proof(app: Flask, cast: Cast, api_for: ApiFor) -> None:
    proven(app, cast, "rep", LONG_AGO)
    proven(app, cast, "owner", LONG_AGO)
    mine = f"/members/{cast['rep'].member_id}"
    assert api_for("rep").patch(mine, json={"working_hours": {}}).status_code == 200
    problem(api_for("owner").patch(mine, json={"status": "frozen"}), 403, "proof-required")
    assert api_for("rep").get("/me").status_code == 200


def test_the_description_says_so(api_for: ApiFor) -> None:
    paths = api_for("owner").get("/openapi.json").json["paths"]
    assert "proof-required" in paths["/roles"]["post"]["description"]
    assert "proof-required" not in paths["/roles"]["get"].get("description", "")
    assert "204" in paths["/tokens/proof"]["post"]["responses"]
