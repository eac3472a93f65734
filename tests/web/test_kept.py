"""What is kept between answers is never out of date and never anybody else's."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from saas_crm.opportunities import queries
from tests.support.cast import Cast
from tests.support.clients import Browser
from tests.support.installation import Installation
from tests.support.making import Maker
from web.written import FORM_TOKEN, LONGEST, ROOT

ClientFor = Callable[..., Browser]
PAGES = ("/acme/", "/acme/companies", "/acme/contacts", "/acme/deals", "/acme/settings/workspace")


def tokens(text: str) -> set[str]:
    """Return the form tokens of a page, leaving out the place where another request's secret is signed in."""
    return set(re.findall(r'name="csrf_token" value="([^"]+)"', text))


def test_each_session_gets_its_own_form_token(client_for: ClientFor, make: Maker) -> None:
    company = make.company("rep", name="Ada Ltd")
    make.activity("rep", kind="task", subject="Ring", due_at="2026-01-05T09:00", company_id=str(company.id))
    for path in (*PAGES, f"/acme/companies/{company.id}"):
        seen = set()
        for who in ("rep", "owner"):
            browser = client_for(who)
            browser.write_session({**browser.read_session(), "csrf_token": who * 10})
            text = browser.get(path).text
            assert FORM_TOKEN not in text
            assert not re.search(r"\b(?:token|back|root|log|mark|face)-[0-9a-f]{32}", text), path
            assert len(tokens(text)) == 1, path
            seen.add(tokens(text).pop().rpartition(".")[0].rpartition(".")[0])  # without time and signature
        assert len(seen) == 2, path


def test_a_row_shows_its_change_at_once(client_for: ClientFor, make: Maker) -> None:
    company = make.company("rep", name="Before Ltd", city="Linz")
    rep = client_for("rep")
    assert "Before Ltd" in rep.get("/acme/companies").text
    form = {"name": "After Ltd", "city": "Graz", "lifecycle": "active", "version": "1"}
    assert rep.post(f"/acme/companies/{company.id}", data=form).status_code == 303
    text = rep.get("/acme/companies").text
    assert "Before Ltd" not in text
    assert "After Ltd" in text
    assert "Graz" in text


def test_the_same_row_in_two_languages(client_for: ClientFor, make: Maker, cast: Cast) -> None:
    make.company("rep", name="Ada Ltd", lifecycle="potential")
    rep = client_for("rep")
    assert "Potential" in rep.get("/acme/companies").text
    rep.get("/language/zh_Hant?next=/acme/companies")
    chinese = rep.get("/acme/companies").text
    assert "Potential" not in chinese
    assert "潛在" in chinese


def test_the_frame_is_that_of_the_workspace_and_of_the_page(client_for: ClientFor) -> None:
    ours, theirs = client_for("owner").get("/acme/companies").text, client_for("outsider").get("/other/companies").text
    assert 'href="/acme/deals"' in ours
    assert "/other/" not in ours
    assert 'href="/other/deals"' in theirs
    assert "/acme/" not in theirs
    assert "next=/acme/companies%3Fq%3Dtern" in client_for("owner").get("/acme/companies?q=tern").text


@pytest.mark.parametrize(("scope", "count"), [("own", 0), ("all", 1)])
def test_a_changed_role_gets_another_query(
    installation: Installation, cast: Cast, make: Maker, acting: Callable[..., Any], scope: str, count: int
) -> None:
    deal = make.deal("colleague", name="Far away")
    with acting("rep") as rep:
        before = queries.opportunity_rows(rep, queries.DealFilter())
    assert deal.id not in {row.id for row in before.rows}
    with installation.place.owner() as connection:
        schema = cast.tenants["acme"].schema_name
        connection.execute(f"SET search_path = {schema}".encode())
        connection.execute(
            "UPDATE roles SET permissions = jsonb_set(permissions, '{opportunity:read}', to_jsonb(%s::text))"
            " WHERE key = 'rep'", [scope])  # fmt: skip
    with acting("rep") as rep:
        after = queries.opportunity_rows(rep, queries.DealFilter())
    assert len([row for row in after.rows if row.id == deal.id]) == count


def test_owners_of_two_workspaces_share_a_frame_and_nothing_in_it(
    app: Flask, client_for: ClientFor, cast: Cast, installation: Installation
) -> None:
    """What somebody typed, a workspace's name, is put into its place as text."""
    with installation.place.owner() as connection:
        for slug in cast.tenants:
            name = f"<i>{slug}</i> & {FORM_TOKEN[:6]}{ROOT}"
            connection.execute("UPDATE public.tenants SET name = %s WHERE slug = %s", [name, slug])
    app.extensions["directory"].forget()
    shown = {}
    for slug, who in (("acme", "owner"), ("other", "outsider")):
        browser = client_for(who)
        browser.get(f"/language/en?next=/{slug}/")
        shown[slug] = browser.get(f"/{slug}/").text
        assert f"&lt;i&gt;{slug}&lt;/i&gt; &amp; " in shown[slug]
        assert f"<i>{slug}" not in shown[slug]
        assert f'href="/{slug}/companies"' in shown[slug]
        assert cast[who].name in shown[slug]
    for slug, other, who in (("acme", "other", "outsider"), ("other", "acme", "owner")):
        assert f"/{other}/" not in shown[slug]
        assert f"&lt;i&gt;{other}" not in shown[slug]
        assert cast[who].name not in shown[slug]


def test_long_texts_are_shown_but_not_kept(client_for: ClientFor, make: Maker) -> None:
    company = make.company("rep", name="Ada Ltd")
    make.activity("rep", kind="note", body="x" * (LONGEST + 1), company_id=str(company.id))
    assert "x" * (LONGEST + 1) in client_for("rep").get(f"/acme/companies/{company.id}").text


def test_a_later_page_of_a_list_counts_all(client_for: ClientFor, make: Maker) -> None:
    for number in range(52):
        make.company("rep", name=f"Firm {number:02}")
    rep = client_for("rep")
    further = re.search(r'id="pager-more" href="([^"]+)"', rep.get("/acme/companies").text)
    assert further is not None
    assert "52 companies" in rep.get(further[1].replace("&amp;", "&")).text


def test_an_id_of_another_kind_is_refused(client_for: ClientFor, make: Maker) -> None:
    company = make.company("owner", name="Victim Works")
    answer = client_for("rep").post("/acme/contacts", data={"last_name": "Thief", "record_id": str(company.id)})
    assert answer.status_code in (303, 409, 422)
    owner = client_for("owner")
    assert "Victim Works" in owner.get("/acme/search?q=Victim").text
    assert "Thief" not in owner.get("/acme/contacts").text
