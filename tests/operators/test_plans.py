"""What workspaces pay, in the console; nothing where billing is off."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask

from tests.support.billing import give_plan, selling, take_plan
from tests.support.clients import statements
from tests.support.installation import Installation
from tests.support.operators import OperatorPerson

Make = Callable[..., OperatorPerson]


@pytest.fixture
def paying(app: Flask, installation: Installation) -> Iterator[None]:
    """Acme pays for Team."""
    give_plan(app, installation.place, "acme", key="team")
    yield
    take_plan(app, installation.place, "acme")


@pytest.mark.usefixtures("paying")
def test_plans_are_shown_and_the_list_is_narrowed_to_them(operator_for: Make, app: Flask) -> None:
    with selling(app):
        browser = operator_for().browser
        page = browser.get("/operator")
        assert "Team" in page.text
        assert '<span class="badge badge-good">Paid</span>' in page.text
        assert statements(page) <= 8
        for query, found in (("team", True), (":active", True), ("business", False), (":trialing", False)):
            listed = browser.get("/operator", query_string={"plan": query}).text
            assert ('<span class="row-sub">/acme</span>' in listed) == found, query
            assert '<span class="row-sub">/other</span>' not in listed
        everything = browser.get("/operator?plan=gold").text
        assert '<span class="row-sub">/other</span>' in everything, "an unknown plan narrows nothing"
        one = browser.get("/operator/workspaces/acme").text
        assert "Team" in one
        assert ">Paid<" in one
        other = browser.get("/operator/workspaces/other").text
        assert ">Paid<" not in other


@pytest.mark.usefixtures("paying")
def test_where_nobody_pays_the_console_says_nothing_of_it(operator_for: Make) -> None:
    page = operator_for().browser.get("/operator").text
    assert ">Paid<" not in page
    assert 'name="plan"' not in page
