"""Operators to sign in as, set up as their link would."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from flask import Flask
from pyotp import TOTP
from sqlalchemy import update

from saas_crm.operators import people
from saas_crm.operators.models import Operator
from tenants.db import SHARED, db
from tests.support.clients import Browser, browser_of
from tests.support.installation import Installation
from tests.support.second_factor import code_of

PASSWORD = "correct horse battery staple console"


@dataclass
class OperatorPerson:
    """Somebody who runs the installation, with their browser and their app."""

    app: Flask
    email: str
    name: str
    token: str
    browser: Browser
    secret: str = ""
    codes: list[str] = field(default_factory=list)

    def code(self, steps: int = 0) -> str:
        """Return a code that is taken, as if no other had been used lately."""
        with self.app.app_context(), db.engines[SHARED].begin() as connection:
            connection.execute(update(Operator).where(Operator.email == self.email).values(last_step=0))
        return code_of(self.secret, steps)

    def password_given(self, password: str = PASSWORD) -> int:
        """Send the sign-in's first form; returns the answer's status."""
        return self.browser.post("/operator/signin", data={"email": self.email, "password": password}).status_code

    def sign_in(self) -> OperatorPerson:
        """Sign in with both."""
        assert self.password_given() == 303
        answer = self.browser.post("/operator/signin/code", data={"code": self.code()})
        assert answer.status_code == 303, answer.text
        return self


def secret_in(page: str) -> str:
    """Return the key that a set-up page shows."""
    found = re.search(r'name="secret"[^>]*value="([A-Z2-7 ]+)"', page) or re.search(r'value="([A-Z2-7 ]{32,})"', page)
    assert found, page
    return found[1].replace(" ", "")


def make_operator(
    app: Flask, installation: Installation, email: str = "olga@operators.example", name: str = "Olga Operator", *,
    set_up: bool = True, signed_in: bool = True,
) -> OperatorPerson:  # fmt: skip
    """Make an operator by command; `set_up` through the link, and `signed_in`."""
    with app.app_context():
        token = people.add(installation.place.owner_url, email, name)
    person = OperatorPerson(app, email, name, token, browser_of(app, None))
    if not set_up:
        return person
    page = person.browser.get(f"/operator/setup/{token}")
    assert page.status_code == 200
    person.secret = secret_in(page.text)
    form = {"password": PASSWORD, "code": TOTP(person.secret).now()}
    answer = person.browser.post(f"/operator/setup/{token}", data=form)
    assert answer.status_code == 200, answer.text
    person.codes = re.findall(r"<li>([0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4})</li>", answer.text)
    return person.sign_in() if signed_in else person
