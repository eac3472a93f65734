"""Single sign-on at a certified provider that others wrote: it was never told how we read the standard."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from saas_crm.access.sso import talking
from tests.support.clients import Browser
from tests.support.real_provider import SECRET, RealProvider, real_provider
from tests.web.pages import errors
from tests.web.sso import BEGIN, HERE, PAGE, refused

ClientFor = Callable[..., Browser]
SignIn = Callable[..., int]
BACK = "http://localhost/acme/sso/callback"
ALGORITHMS = ("RS256", "PS256", "ES256", "Ed25519", "EdDSA")
PEOPLE = {
    "rita": {"email": "rep@acme.example", "email_verified": True, "name": "Rita Rep"},
    "mallory": {"email": "owner@acme.example", "email_verified": False, "name": "Mallory"},
    "nobody": {"email": "nobody@elsewhere.example", "email_verified": True, "name": "Nobody"},
}


@pytest.fixture(scope="module", params=[True, False], ids=["thin token", "whole token"])
def there(request: pytest.FixtureRequest) -> Iterator[RealProvider]:
    """The provider: with its own setting, by which the ID token names the subject alone, and with the other."""
    with real_provider(BACK, PEOPLE, thin=request.param, algorithms=ALGORITHMS) as provider:
        yield provider


@pytest.fixture
def switched_on(client_for: ClientFor, there: RealProvider) -> Callable[..., None]:
    """Let acme trust it, as the client whose tokens are signed so."""

    def switch(algorithm: str = "RS256", secret: str = SECRET) -> None:
        talking.forget_providers()
        form = {"issuer": there.issuer, "client_id": algorithm, "client_secret": secret, "enabled": "1"}
        answer = client_for("owner").post(PAGE, data=form)
        assert answer.status_code == 303, errors(answer)

    return switch


def through(browser: Browser, there: RealProvider, login: str, **query: str) -> str:
    """Go there, sign in, and return where it leads back to."""
    led = browser.get(BEGIN, query_string=query, headers=HERE)
    assert led.status_code == 302
    return there.consent(led.location, BACK, login=login).removeprefix("http://localhost")


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_member_comes_in(
    client_for: ClientFor, there: RealProvider, switched_on: Callable[..., None], algorithm: str
) -> None:
    switched_on(algorithm)
    browser = client_for(None)
    answer = browser.get(through(browser, there, "rita", next="/acme/contacts"))
    assert (answer.status_code, answer.location) == (303, "/acme/contacts")
    assert "Rita Rep" in browser.get("/acme/").text


def test_its_answer_counts_once_and_for_who_asked(
    client_for: ClientFor, there: RealProvider, switched_on: Callable[..., None]
) -> None:
    switched_on()
    browser, thief = client_for(None), client_for(None)
    back = through(browser, there, "rita")
    assert refused(thief.get(back))
    assert browser.get(back).status_code == 303
    assert refused(browser.get(back))


@pytest.mark.parametrize("login", ["mallory", "nobody"])
def test_whose_address_it_did_not_confirm_or_nobody_knows_stays_out(
    client_for: ClientFor, there: RealProvider, switched_on: Callable[..., None], login: str
) -> None:
    switched_on()
    browser = client_for(None)
    assert refused(browser.get(through(browser, there, login)))
    assert browser.get("/acme/").status_code == 302


def test_a_wrong_secret_gets_no_token(
    client_for: ClientFor, there: RealProvider, switched_on: Callable[..., None]
) -> None:
    switched_on(secret="not the secret of both")
    browser = client_for(None)
    assert refused(browser.get(through(browser, there, "rita")))


def test_it_asks_again_for_a_proof_and_says_when(
    client_for: ClientFor, there: RealProvider, switched_on: Callable[..., None]
) -> None:
    switched_on()
    browser = client_for(None)
    browser.get(through(browser, there, "rita"))
    browser.write_session({**browser.read_session(), "proved": 0})
    token = {"name": "x"}
    assert browser.post("/acme/settings/tokens", data=token).status_code != 201
    browser.get(through(browser, there, "rita", proof="1"))
    assert browser.post("/acme/settings/tokens", data=token).status_code == 201
