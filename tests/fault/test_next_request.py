"""What an admin decides bites on the very next request, whichever process answers it: two servers, one database.

The admin speaks to the first; the member's next request goes to the one and to the other, by browser and by token.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select

from saas_crm.access.models import ApiToken, Role
from saas_crm.access.policy import let_children_follow
from saas_crm.access.queries import member_by_id
from tenants.db import db, tenant_scope
from tests.support.cast import Cast, Person
from tests.support.clients import session_cookie
from tests.support.installation import Installation
from tests.support.making import Maker
from tests.support.server import LiveServer, live_server


class NotFollowed(urllib.request.HTTPRedirectHandler):
    """Takes a redirect for the answer."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        """Follow nothing."""


OPENER = urllib.request.build_opener(NotFollowed)


@pytest.fixture(scope="module")
def servers(installation: Installation) -> Iterator[tuple[LiveServer, LiveServer]]:
    """Two servers, each with two processes."""
    with (
        live_server(installation.settings, installation.folder, workers=2) as first,
        live_server(installation.settings, installation.folder, workers=2) as second,
    ):
        yield first, second


class Asker:
    """Asks a server as a person, by cookie and by token."""

    def __init__(self, app: Flask, person: Person) -> None:
        self.person = person
        name = app.config["SESSION_COOKIE_NAME"]
        self.cookie = f"{name}={session_cookie(app, {'_user_id': person.session, '_fresh': True})}"

    def page(self, server: LiveServer, path: str) -> int:
        """Return the status of a page."""
        return self._ask(urllib.request.Request(f"{server.url}/acme{path}", headers={"Cookie": self.cookie}))

    def api(self, server: LiveServer, path: str, method: str = "GET", body: dict[str, Any] | None = None) -> int:
        """Return the status of an answer of the API."""
        headers = {"Authorization": f"Bearer {self.person.token}", "Content-Type": "application/json"}
        data = json.dumps(body).encode() if body is not None else None
        url = f"{server.url}/acme/api/v1{path}"
        return self._ask(urllib.request.Request(url, data, headers, method=method))

    def _ask(self, request: urllib.request.Request) -> int:
        try:
            with OPENER.open(request, timeout=30) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as refused:
            return refused.code


@pytest.fixture
def admin(app: Flask, cast: Cast) -> Asker:
    return Asker(app, cast["admin"])


@pytest.fixture
def rep(app: Flask, cast: Cast) -> Asker:
    return Asker(app, cast["rep"])


def everywhere(servers: tuple[LiveServer, LiveServer], ask: Any) -> set[int]:
    """Return the statuses of several requests to each server, so that each process is likely to be asked."""
    return {ask(server) for _ in range(6) for server in servers}


def test_freezing_and_letting_in_again(
    servers: tuple[LiveServer, LiveServer], admin: Asker, rep: Asker, cast: Cast
) -> None:
    first = servers[0]
    path = f"/members/{cast['rep'].member_id}"
    for _ in range(3):
        assert everywhere(servers, lambda server: rep.page(server, "/companies")) == {200}
        assert everywhere(servers, lambda server: rep.api(server, "/companies")) == {200}
        assert admin.api(first, path, "PATCH", {"status": "frozen"}) == 200
        assert everywhere(servers, lambda server: rep.page(server, "/companies")) == {403}
        assert everywhere(servers, lambda server: rep.api(server, "/companies")) == {401}
        assert admin.api(first, path, "PATCH", {"status": "active"}) == 200


def test_another_role(app: Flask, servers: tuple[LiveServer, LiveServer], admin: Asker, rep: Asker, cast: Cast) -> None:
    with app.app_context(), tenant_scope(cast.tenants["acme"]):
        roles = {row.key: str(row.id) for row in db.session.execute(select(Role.key, Role.id))}
    path, new = f"/members/{cast['rep'].member_id}", {"name": "Ada Ltd"}
    for _ in range(3):
        assert everywhere(servers, lambda server: rep.page(server, "/companies/new")) == {200}
        assert admin.api(servers[0], path, "PATCH", {"role_id": roles["viewer"]}) == 200
        assert everywhere(servers, lambda server: rep.page(server, "/companies/new")) == {403}
        assert everywhere(servers, lambda server: rep.api(server, "/companies", "POST", new)) == {403}
        assert admin.api(servers[1], path, "PATCH", {"role_id": roles["rep"]}) == 200


def test_a_token_taken_back(
    app: Flask, servers: tuple[LiveServer, LiveServer], admin: Asker, rep: Asker, cast: Cast
) -> None:
    with app.app_context(), tenant_scope(cast.tenants["acme"]):
        token_id = db.session.scalar(select(ApiToken.id).where(ApiToken.member_id == cast["rep"].member_id))
    assert everywhere(servers, lambda server: rep.api(server, "/me")) == {200}
    assert admin.api(servers[0], f"/tokens/{token_id}", "DELETE") == 204
    assert everywhere(servers, lambda server: rep.api(server, "/me")) == {401}
    assert everywhere(servers, lambda server: rep.page(server, "/companies")) == {200}, "only the token has ended"


@pytest.fixture
def far(make: Maker, cast: Cast) -> str:
    """The path of a company of the colleague's, with a phone number, that the rep does not see."""
    company = make.company("owner", owner="colleague", name="Far", phone="+14155550123")
    return f"/companies/{company.id}"


def role_of(app: Flask, cast: Cast, key: str) -> str:
    with app.app_context(), tenant_scope(cast.tenants["acme"]):
        return str(db.session.scalar(select(Role.id).where(Role.key == key)))


def test_a_role_that_is_changed(
    app: Flask, servers: tuple[LiveServer, LiveServer], admin: Asker, rep: Asker, cast: Cast, far: str
) -> None:
    role = f"/roles/{role_of(app, cast, 'rep')}"
    for scope, status in (("all", 200), ("team", 404), ("all", 200)):
        assert admin.api(servers[0], role, "PATCH", {"permissions": {"company:read": scope}}) == 200
        assert everywhere(servers, lambda server: rep.page(server, far)) == {status}
        assert everywhere(servers, lambda server: rep.api(server, far)) == {status}


def test_a_rule_for_a_field(
    app: Flask, servers: tuple[LiveServer, LiveServer], admin: Asker, rep: Asker, cast: Cast, make: Maker
) -> None:
    role, company = f"/roles/{role_of(app, cast, 'rep')}", make.company("rep", name="Mine")
    first, second = {"phone": "+14155550199"}, {"phone": "+14155550111"}
    for rule, change, status in (("read-only", first, 422), (None, first, 200), ("read-only", second, 422)):
        assert admin.api(servers[0], role, "PATCH", {"fields": {"company.phone": rule}}) == 200
        asked = everywhere(servers, lambda server, to=change: rep.api(server, f"/companies/{company.id}", "PATCH", to))
        assert asked == {status}


def test_a_unit_that_is_closed(
    servers: tuple[LiveServer, LiveServer], admin: Asker, app: Flask, rep: Asker, cast: Cast, far: str
) -> None:
    assert admin.api(servers[0], f"/roles/{role_of(app, cast, 'rep')}", "PATCH",
                     {"permissions": {"company:read": "all"}}) == 200  # fmt: skip
    team = f"/teams/{cast.teams['south']}"
    for closed, status in ((True, 404), (False, 200), (True, 404)):
        assert admin.api(servers[0], team, "PATCH", {"closed": closed}) == 200
        assert everywhere(servers, lambda server: rep.page(server, far)) == {status}
        assert everywhere(servers, lambda server: rep.api(server, far)) == {status}


def test_a_share_that_is_taken_away(
    servers: tuple[LiveServer, LiveServer], admin: Asker, rep: Asker, cast: Cast, far: str
) -> None:
    team, member_id = f"{far}/account-team", str(cast["rep"].member_id)
    for _ in range(2):
        assert admin.api(servers[0], team, "POST", {"member_id": member_id, "level": "read"}) in (200, 201)
        assert everywhere(servers, lambda server: rep.page(server, far)) == {200}
        assert admin.api(servers[1], f"{team}/{member_id}", "DELETE") == 204
        assert everywhere(servers, lambda server: rep.page(server, far)) == {404}
        assert everywhere(servers, lambda server: rep.api(server, far)) == {404}


def test_the_switch_of_sharing(app: Flask, servers: tuple[LiveServer, LiveServer], cast: Cast, make: Maker) -> None:
    """The teammate sees the rep's company, and what hangs on it only while children follow."""
    company = make.company("rep", name="Ada")
    contact = make.contact("owner", owner="colleague", name="Eva", company_id=str(company.id))
    teammate, path = Asker(app, cast["teammate"]), f"/contacts/{contact.id}"
    for follow, status in ((True, 200), (False, 404), (True, 200)):
        with app.app_context(), tenant_scope(cast.tenants["acme"]):
            let_children_follow(follow, actor=member_by_id(cast["admin"].member_id or UUID(int=0)))
            db.session.commit()
        assert everywhere(servers, lambda server: teammate.page(server, path)) == {status}
        assert everywhere(servers, lambda server: teammate.api(server, path)) == {status}
