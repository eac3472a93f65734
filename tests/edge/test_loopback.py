"""The demo at the name of this machine: pages at its bare addresses lead there, programs are answered at both."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import create_environ, run_wsgi_app

from saas_crm.cli.demo.folder import base_url
from saas_crm.cli.ports import EVERYWHERE, network_address

HERE = "http://localhost:8017"
OPENS = {"Sec-Fetch-Mode": "navigate"}


@pytest.fixture
def client(app_with: Callable[..., Flask]) -> FlaskClient:
    """Whoever comes to a demo."""
    return app_with(environment="demo", base_url=HERE).test_client()


@pytest.mark.parametrize("host", ["127.0.0.1:8017", "[::1]:8017"])
@pytest.mark.parametrize("path", ["/", "/signin?next=/acme/board", "/acme/customers?q=%E5%8D%8E"])
def test_a_page_that_is_opened_leads_to_the_name(client: FlaskClient, host: str, path: str) -> None:
    answer = client.get(path, base_url=f"http://{host}", headers=OPENS)
    assert (answer.status_code, answer.location) == (302, f"{HERE}/{path.lstrip('/')}")


def test_no_path_leads_elsewhere(client: FlaskClient) -> None:
    environ = create_environ(base_url="http://127.0.0.1:8017", headers=OPENS) | {"PATH_INFO": "//evil.example/x"}
    _body, status, headers = run_wsgi_app(client.application.wsgi_app, environ)
    assert (status, headers["Location"]) == ("302 FOUND", f"{HERE}/evil.example/x")


@pytest.mark.parametrize("host", ["localhost:8017", "127.0.0.1:9", "127.0.0.1", "192.0.2.7:8017", "evil.example"])
def test_at_its_name_and_at_others_it_stays_as_it_is(client: FlaskClient, host: str) -> None:
    answer = client.get("/signin", base_url=f"http://{host}", headers=OPENS)
    assert answer.status_code == 200


def test_programs_are_answered_where_they_ask(client: FlaskClient) -> None:
    at = "http://127.0.0.1:8017"
    assert client.get("/healthz", base_url=at).status_code == 200
    assert client.get("/signin", base_url=at).status_code == 200
    assert client.post("/signin", base_url=at, headers=OPENS).status_code != 302, "nothing that was typed is lost"


def test_passkeys_are_offered_there(client: FlaskClient) -> None:
    assert 'action="/signin/passkey"' in client.get("/signin", base_url=HERE, headers=OPENS).text


@pytest.mark.parametrize(("environment", "at"), [("demo", "http://127.0.0.1:8017"), ("test", HERE)])
def test_nothing_is_led_on_elsewhere(app_with: Callable[..., Flask], environment: str, at: str) -> None:
    client = app_with(environment=environment, base_url=at).test_client()
    assert client.get("/signin", base_url="http://127.0.0.1:8017", headers=OPENS).status_code == 200


def test_what_the_demo_calls_itself() -> None:
    assert base_url("127.0.0.1", 8017) == base_url("::1", 8017) == base_url("localhost", 8017) == HERE
    assert base_url("192.0.2.7", 8017) == "http://192.0.2.7:8017"
    assert {base_url(host, 8017) for host in EVERYWHERE} == {f"http://{network_address() or 'localhost'}:8017"}
