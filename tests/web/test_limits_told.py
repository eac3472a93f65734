"""Every limit and feature that is not there, refused: by each role, in each language, on page, part and API.

Who may pay is led to the plans; the others are told whom to ask; nobody is told an amount of money here.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import unescape
from typing import Any

import pytest
from babel.support import Translations
from flask import Flask
from PIL import Image
from sqlalchemy import select
from werkzeug.test import TestResponse

from saas_crm.access.models import Role
from saas_crm.core.i18n import LANGUAGES
from tenants.db import db, new_id, tenant_scope
from tenants.plan import FEATURES, LIMITS
from tests.support.api import problem
from tests.support.billing import selling
from tests.support.cast import Cast
from tests.support.clients import Browser, Phone
from tests.support.installation import Installation
from tests.support.paying import put
from tests.web.pages import heading
from tests.web.roles import form_of

pytestmark = pytest.mark.newest
ROLES = {"owner": True, "colleague": True, "admin": False, "rep": False}
"""Who asks, and whether they may pay: the colleague's role is an admin's who looks after billing."""
FAR = 1_000_000_000
PLANS = "/acme/settings/billing/plans"


@dataclass(frozen=True)
class Case:
    """What is refused: how it is asked for on a page and by a program, and who can ask for it at all."""

    page: tuple[str, Mapping[str, Any]] | None
    api: tuple[str, str, Mapping[str, Any]] | None
    title: str
    way: str = "A larger plan has it."
    roles: tuple[str, ...] = ("owner", "colleague", "admin")


INVITED: Mapping[str, Any] = {"email": ["new@x.example"], "role_id": ["{rep}"], "team_id": [""]}
INVITES = ("POST", "/invitations", {"email": "new@x.example", "role_id": "{rep}"})
SSO = {"enabled": "1", "issuer": "https://id.x.example", "client_id": "crm", "client_secret": "never told"}
CASES: Mapping[str, Case] = {
    "members": Case(
        ("settings/members/invitations", INVITED), INVITES, "All members of your plan are here.",
        "Choose a larger plan, or remove members and open invitations that are not needed.",
    ),
    "customers": Case(
        ("companies", {"name": "One more"}), ("POST", "/companies", {"name": "One more"}),
        "Your plan has no room for more companies and contacts.",
        "Choose a larger plan, or delete what is not needed any more.", tuple(ROLES),
    ),
    "storage_bytes": Case(
        ("settings/appearance/logo", {"logo": "picture"}), None, "Your plan has no room for more files.",
        "Choose a larger plan, or remove files that are not needed any more.",
    ),
    "mails_per_day": Case(
        ("settings/members/invitations", INVITED), INVITES, "Your plan’s mails for today are used up.",
        "Wait until tomorrow, or choose a larger plan.",
    ),
    "api_per_minute": Case(None, ("GET", "/me", {}), "Too many requests", "A larger plan allows more.", tuple(ROLES)),
    "single_sign_on": Case(
        ("settings/security/sso", SSO), ("PATCH", "/sso", SSO | {"enabled": True}), "Single sign-on"
    ),
    "own_domain": Case(
        ("settings/domain", {"domain": "crm.x.example"}), ("PUT", "/workspace/domain", {"domain": "crm.x.example"}),
        "Own domain",
    ),
    "closed_units": Case(
        ("settings/teams/{north}/closing", {}), ("PATCH", "/teams/{north}", {"closed": True}), "Closed units"
    ),
    "field_rules": Case(
        ("settings/roles/{rep}", {"rule__contact__phone": "masked"}),
        ("PATCH", "/roles/{rep}", {"fields": {"contact.phone": "masked"}}), "Rules for single fields",
    ),
    "audit_export": Case(("settings/audit/export", {}), None, "Export of the audit log"),
}  # fmt: skip


def test_each_limit_and_feature_is_asked_about() -> None:
    assert set(CASES) == set(LIMITS) | set(FEATURES)


@pytest.fixture
def treasurer(app: Flask, cast: Cast, installation: Installation) -> None:
    """Let the colleague be an admin who looks after billing."""
    with app.app_context(), tenant_scope(cast.tenants["acme"]):
        admin = db.session.scalars(select(Role.permissions).where(Role.key == "admin")).one()
        role = Role(
            id=new_id(), name="Treasurer", permissions={**admin, "billing:read": "all", "billing:update": "all"}
        )
        db.session.add(role)
        db.session.commit()
    _sql(installation, cast, "UPDATE members SET role_id = %s WHERE id = %s", [role.id, cast["colleague"].member_id])


def _sql(installation: Installation, cast: Cast, text: str, values: list[Any]) -> None:
    with installation.place.owner() as connection:
        connection.execute(f"SET search_path = {cast.tenants['acme'].schema_name}")
        connection.execute(text.encode(), values)


def fill(app: Flask, installation: Installation, cast: Cast, what: str) -> None:
    """Put acme on a plan of which this one limit is reached, and which has no feature."""
    limits = dict.fromkeys(LIMITS, FAR) | ({what: 1} if what in LIMITS else {})
    if what == "members":
        limits[what] = 7
    put(app, installation.place, cast.tenants["acme"].id, plan="free", state="free", limits=limits)
    used = {"customers": "customers", "mails_per_day": "mails"}.get(what)
    if used:
        day = "(now() AT TIME ZONE 'UTC')::date" if used == "mails" else "NULL"
        _sql(installation, cast, f"INSERT INTO usage_sums (kind, day, amount) VALUES (%s, {day}, 1)", [used])
    app.extensions["directory"].forget()


def filled(value: Any, ids: Mapping[str, str]) -> Any:
    """Return what is sent, with the ids it names."""
    if isinstance(value, Mapping):
        return {key: filled(one, ids) for key, one in value.items()}
    if isinstance(value, list):
        return [filled(one, ids) for one in value]
    if value == "picture":
        made = io.BytesIO()
        Image.new("RGB", (40, 40)).save(made, "PNG")
        return io.BytesIO(made.getvalue()), "logo.png"
    return value.format(**ids) if isinstance(value, str) else value


@pytest.mark.usefixtures("treasurer")
@pytest.mark.parametrize("what", CASES)
def test_what_is_refused_says_what_to_do_or_whom_to_ask(
    what: str, app: Flask, cast: Cast, installation: Installation, role_ids: dict[str, str],
    client_for: Callable[..., Browser], api_for: Callable[..., Phone],
) -> None:  # fmt: skip
    case, ids = CASES[what], {"north": str(cast.teams["north"]), **role_ids}
    with selling(app):
        fill(app, installation, cast, what)
        for language in LANGUAGES:
            _sql(installation, cast, "UPDATE members SET locale = %s", [language])
            for who in case.roles:
                expected = Expected(what, case, language, pays=ROLES[who])
                for headers in ({}, {"HX-Request": "true"}) if case.page else ():
                    answer = ask(client_for(who), case, ids, headers)
                    (expected.part if headers else expected.page)(answer)
                if case.api:
                    method, path, body = case.api
                    phone = api_for(who)
                    sent = {"json": filled(body, ids)} if body else {}
                    answer = phone.open(path.format(**ids), method=method, **sent)
                    answer = (
                        phone.open(path.format(**ids), method=method, **sent) if answer.status_code == 200 else answer
                    )
                    expected.api(answer)


def ask(browser: Browser, case: Case, ids: Mapping[str, str], headers: Mapping[str, str]) -> TestResponse:
    """Ask for it on a page, as its form or its link does."""
    assert case.page is not None
    path, form = case.page
    path = f"/acme/{path.format(**ids)}"
    if path.endswith("export"):
        return browser.get(path, headers=headers)
    sent = form_of(browser, path, **form) if "/roles/" in path else filled(form, ids)
    return browser.post(f"{path}?confirmed=1", data=sent, headers=headers)


def call(phone: Phone, wanted: tuple[str, str, Mapping[str, Any]], ids: Mapping[str, str]) -> TestResponse:
    """Ask for it as a program does; of requests a minute the first one is allowed."""
    method, path, body = wanted
    sent = {"json": filled(body, ids)} if body else {}
    answer = phone.open(path.format(**ids), method=method, **sent)
    return phone.open(path.format(**ids), method=method) if answer.status_code == 200 else answer


@dataclass(frozen=True)
class Expected:
    """What somebody has to be told, in their language."""

    what: str
    case: Case
    language: str
    pays: bool

    def _said(self, english: str) -> str:
        if self.language == "en":
            return english
        said = Translations.load("web/translations", [self.language]).gettext(english)
        assert said != english, (self.language, english)
        return said

    def _title(self) -> str:
        return self._said(self.case.title)

    def _way(self) -> str:
        if self.pays:
            return self._said(self.case.way)
        whom = "" if self.what == "api_per_minute" else ": %(names)s"
        names = self._said(", ") if self.language != "en" else ", "
        return self._said(f"Those who look after billing can choose a larger plan{whom}.") % {
            "names": names.join(["Carl Colleague", "Olivia Owner"])
        }

    def page(self, answer: TestResponse) -> None:
        assert answer.status_code == 403, (self, heading(answer))
        assert self._title() in heading(answer), self
        shown = unescape(re.search(r"<main.*</main>", answer.text, re.S)[0])  # type: ignore[index]
        assert self._way() in shown, self
        assert (PLANS in shown) is self.pays, self
        assert not re.search(r"[€$£¥]", shown), self
        assert "never told" not in shown

    def part(self, answer: TestResponse) -> None:
        assert answer.status_code == 403, (self, answer.text)
        told = answer.headers["HX-Trigger"].encode().decode("unicode_escape")
        assert self._title() in told, self
        assert self._way() in told, self

    def api(self, answer: TestResponse) -> None:
        if self.what == "api_per_minute":
            told = problem(answer, 429, "too-many-requests")
            assert 0 < int(answer.headers["Retry-After"]) <= 60
            assert answer.headers["RateLimit-Policy"] == '"token";q=1;w=60'
            assert answer.headers["RateLimit"].startswith('"token";r=0;')
        else:
            told = problem(answer, 403, "plan-limit" if self.what in LIMITS else "feature-not-in-plan")
        assert told.get("limit" if self.what in LIMITS else "feature") == self.what
        assert self._way() in told["detail"], (self, told)
        assert told.get("plans_url", "").endswith(PLANS) is self.pays, (self, told)


OFF = "Those who run this service look after this plan. Ask them for changes."


@pytest.mark.usefixtures("treasurer")
@pytest.mark.parametrize("what", ["customers", "api_per_minute"])
def test_where_no_money_is_taken_nobody_is_told_to_ask_themselves(
    what: str, app: Flask, cast: Cast, installation: Installation,
    client_for: Callable[..., Browser], api_for: Callable[..., Phone],
) -> None:  # fmt: skip
    """A plan that is still there without a key of the payment service: who runs the installation gave it."""
    case = CASES[what]
    fill(app, installation, cast, what)
    for who in ROLES:
        if case.page:
            for headers in ({}, {"HX-Request": "true"}):
                answer = ask(client_for(who), case, {}, headers)
                assert answer.status_code == 403
                told = answer.headers["HX-Trigger"] if headers else answer.text
                assert OFF in told, who
                assert "look after billing" not in told
        assert case.api is not None
        answer = call(api_for(who), case.api, {})
        told = answer.json["detail"]  # type: ignore[index]
        assert (answer.status_code, OFF in told) == (429 if what == "api_per_minute" else 403, True), (who, told)
        assert "plans_url" not in answer.json  # type: ignore[operator]
