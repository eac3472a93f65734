"""When a workspace's year begins, and which languages it offers."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from saas_crm.access.models import Policy
from saas_crm.access.shared_models import User
from saas_crm.core.audit import AuditEntry
from saas_crm.core.clock import today_in
from saas_crm.core.fiscal import quarter_of
from tenants.db import SHARED, db, tenant_scope
from tests.support.cast import Cast
from tests.support.clients import Browser, statements
from tests.support.mailbox import Mailbox
from tests.support.making import Maker
from tests.web.pages import chosen, errors

ClientFor = Callable[..., Browser]
HERE = "/acme/settings/workspace"
FORM = {"name": "Acme Instruments", "locale": "en", "country": "US", "currency": "USD", "timezone": "UTC"}
ALL = ["en", "zh_Hans", "zh_Hant"]


def decide(client_for: ClientFor, **values: object) -> None:
    """Let the owner decide."""
    answer = client_for("owner").post(HERE, data={**FORM, "languages": ["", *ALL], **values})
    assert answer.status_code == 303, errors(answer)


@pytest.mark.newest
def test_the_year_begins_in_january_until_somebody_says_otherwise(client_for: ClientFor) -> None:
    page = client_for("owner").get(HERE)
    assert chosen(page, "fiscal_month") == "1"
    assert len(re.findall(r'name="languages"[^>]* checked', page.text)) == 3
    decide(client_for, fiscal_month="4")
    assert chosen(client_for("owner").get(HERE), "fiscal_month") == "4"
    assert client_for("rep").get(HERE).status_code == 403
    assert client_for("viewer").post(HERE, data={**FORM, "fiscal_month": "5"}).status_code == 403
    assert chosen(client_for("owner").get(HERE), "fiscal_month") == "4"


@pytest.mark.newest
def test_the_log_tells_of_it(client_for: ClientFor, app: Flask, cast: Cast) -> None:
    decide(client_for, fiscal_month="4", languages=["", "en", "zh_Hant"])
    with app.app_context(), tenant_scope(cast.tenants["acme"]):
        row = db.session.scalars(
            select(AuditEntry).where(AuditEntry.resource == "policy").order_by(AuditEntry.id.desc()).limit(1)
        ).one()
    assert (row.changes["fiscal_month"][1], row.changes["languages"][1]) == (4, ["en", "zh_Hant"])
    shown = client_for("owner").get("/acme/settings/audit").text
    assert "Financial year begins in" in shown
    assert "April" in shown
    assert "English, 繁體中文" in shown


@pytest.mark.newest
@pytest.mark.parametrize("wrong", ["0", "13", "x"])
def test_a_month_there_is_not_is_told_beside_its_field(client_for: ClientFor, wrong: str) -> None:
    answer = client_for("owner").post(HERE, data={**FORM, "fiscal_month": wrong})
    assert answer.status_code == 422
    assert "fiscal_month" in errors(answer)


@pytest.mark.newest
def test_deals_are_narrowed_to_quarters_of_the_workspace(client_for: ClientFor, make: Maker) -> None:
    decide(client_for, fiscal_month="4")
    today = today_in("UTC")
    this, following = quarter_of(today, 4), quarter_of(today, 4, later=1)
    make.deal("rep", name="Falls due now", expected_close=this.first.isoformat())
    make.deal("rep", name="Last day of it", expected_close=(this.after - timedelta(days=1)).isoformat())
    make.deal("rep", name="Falls due later", expected_close=following.first.isoformat())
    rep = client_for("rep")
    page = rep.get("/acme/deals?view=list&month=this-quarter")
    assert statements(page) <= 8
    assert "Falls due now" in page.text
    assert "Last day of it" in page.text
    assert "Falls due later" not in page.text
    assert f"This quarter (FY {this.year} Q{this.quarter})" in page.text
    later = rep.get("/acme/deals?view=list&month=next-quarter").text
    assert "Falls due later" in later
    assert "Falls due now" not in later
    assert "Falls due now" in rep.get("/acme/deals?view=list&month=this-year").text
    assert "No deal fits" in rep.get("/acme/deals?view=list&month=last-year").text


@pytest.mark.newest
def test_a_deal_says_in_which_quarter_it_is_expected(client_for: ClientFor, make: Maker) -> None:
    deal = make.deal("rep", expected_close="2027-02-10")
    page = f"/acme/deals/{deal.id}"
    assert "FY 2026/27 Q4" not in client_for("rep").get(page).text
    decide(client_for, fiscal_month="4")
    assert "FY 2026/27 Q4" in client_for("rep").get(page).text


@pytest.mark.newest
def test_members_choose_among_the_languages_offered(client_for: ClientFor) -> None:
    decide(client_for, languages=["", "en", "zh_Hant"])
    menu = client_for("rep").get("/acme/").text
    assert "/language/zh_Hant" in menu
    assert "/language/zh_Hans" not in menu
    assert "/language/zh_Hans" in client_for(None).get("/signin").text, "public pages keep all"
    decide(client_for, languages=["", "en"])
    assert "/language/" not in client_for("rep").get("/acme/").text, "with one there is nothing to choose"


@pytest.mark.newest
def test_who_reads_another_language_gets_the_workspaces_own(client_for: ClientFor) -> None:
    rep = client_for("rep")
    rep.get("/language/zh_Hans?next=/acme/")
    assert 'lang="zh-Hans"' in rep.get("/acme/").text
    decide(client_for, languages=["", "en", "zh_Hant"])
    assert re.search(r'<html[^>]* lang="en"', rep.get("/acme/").text)
    assert 'lang="zh-Hans"' in rep.get("/workspaces").text, "elsewhere they are spoken to as they like"
    decide(client_for)
    assert 'lang="zh-Hans"' in rep.get("/acme/").text, "their choice was not taken from them"


@pytest.mark.newest
@pytest.mark.parametrize(("offered", "field"), [([""], "languages"), (["", "zh_Hans"], "languages")])
def test_one_language_at_least_and_the_workspaces_own(client_for: ClientFor, offered: list[str], field: str) -> None:
    answer = client_for("owner").post(HERE, data={**FORM, "languages": offered})
    assert answer.status_code == 422
    assert field in errors(answer)


@pytest.mark.newest
def test_newcomers_are_invited_and_join_in_a_language_that_is_offered(
    client_for: ClientFor, app: Flask, mailbox: Mailbox
) -> None:
    decide(client_for, locale="zh_Hant", languages=["", "zh_Hant", "zh_Hans"])
    owner = client_for("owner")
    role = re.findall(r'<option value="([0-9a-f-]{36})"', owner.get("/acme/settings/members").text)[0]
    owner.post("/acme/settings/members/invitations", data={"email": "nina@lang.example", "role_id": role})
    (letter,) = mailbox.arrived("nina@lang.example")
    assert "邀請" in letter["Subject"]
    link = mailbox.link("nina@lang.example", containing="/invitations/")
    answer = client_for(None).post(link, data={"name": "Nina", "password": "drei kleine Kartoffeln im Sand"})
    assert answer.status_code == 303, errors(answer)
    with app.app_context(), db.engines[SHARED].connect() as connection:
        assert connection.scalar(select(User.locale).where(User.email == "nina@lang.example")) == "zh_Hant"


@pytest.mark.newest  # until then it is refused: tests/rollout/test_put_off.py
def test_the_usual_is_kept_as_nothing(client_for: ClientFor, app: Flask, cast: Cast) -> None:
    decide(client_for, fiscal_month="7", languages=["", "en"])
    decide(client_for, fiscal_month="1")
    with app.app_context(), tenant_scope(cast.tenants["acme"]):
        assert db.session.execute(select(Policy.fiscal_month, Policy.languages)).one() == (None, None)
