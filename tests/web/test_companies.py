"""Pages of companies: list, detail, forms, twins, recycling; who may do what; hard input."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from saas_crm.customers.models import Company
from saas_crm.customers.queries import CustomerFilter, company_rows
from tests.support.cast import Cast
from tests.support.clients import Browser, statements
from tests.support.making import Maker
from tests.web.pages import chosen, errors, flashed, heading, summary, value

ClientFor = Callable[..., Browser]
RESULTS = {"HX-Request": "true", "HX-Target": "div#results"}
ROWS = {"HX-Request": "true", "HX-Target": "tbody#rows"}
FIELDS = ("name", "phone", "email", "website", "industry", "street", "postcode", "city", "region", "tags")


@pytest.fixture
def rep(client_for: ClientFor) -> Browser:
    return client_for("rep")


def titles(text: str) -> list[str]:
    return [part.partition("</a>")[0].rpartition(">")[2] for part in text.split('class="row-link"')[1:]]


def test_a_new_company_is_shown_as_it_was_written(rep: Browser) -> None:
    answer = rep.post("/acme/companies", data={
        "name": "  Müller   Maschinenbau ", "phone": "(212) 555-0101", "email": "Office@Mueller.example",
        "website": "www.mueller.example", "industry": "Machines", "lifecycle": "active", "tags": "VIP, Messe 2025",
        "street": "Hauptplatz 3", "postcode": "4020", "city": "Linz", "country": "AT", "description": "Pays late.",
    })  # fmt: skip
    assert answer.status_code == 303
    page = rep.get(answer.location)
    assert heading(page) == "Müller Maschinenbau"
    assert flashed(page) == "Company added."
    for text in ("(212) 555-0101", "tel:+12125550101", "https://www.mueller.example", "Machines", "Active", "VIP",
                 "Messe 2025", "Hauptplatz 3, 4020 Linz, Austria", "Pays late.", "Rita Rep"):  # fmt: skip
        assert text in page.text, text


def test_the_form_shows_what_is_stored_and_saves_it_again_unchanged(rep: Browser, make: Maker) -> None:
    company = make.company("rep", name="Ada Ltd", phone="+44 20 7946 0018", tags="A, B", country="GB", lifecycle="lost")
    form = rep.get(f"/acme/companies/{company.id}/edit")
    assert value(form, "phone") == "+44 20 7946 0018"
    assert value(form, "tags") == "A, B"
    assert chosen(form, "country") == "GB"
    data = {name: value(form, name) for name in FIELDS} | {
        "version": value(form, "version"), "lifecycle": chosen(form, "lifecycle"), "country": chosen(form, "country"),
        "description": "",
    }  # fmt: skip
    answer = rep.post(f"/acme/companies/{company.id}", data=data)
    assert answer.status_code == 303
    assert value(rep.get(f"/acme/companies/{company.id}/edit"), "version") == "1"


def test_bad_input_stays_in_the_form_with_a_message_beside_each_field(rep: Browser) -> None:
    answer = rep.post("/acme/companies", data={
        "name": " ", "phone": "12", "email": "mara@", "website": "javascript:alert(1)", "country": "XX",
        "lifecycle": "nonsense", "city": "Linz", "tags": "x" * 41,
    })  # fmt: skip
    assert answer.status_code == 422
    found = errors(answer)
    assert set(found) >= {"name", "phone", "email", "website", "country", "lifecycle"}
    assert "Name: This is needed." in summary(answer)
    assert value(answer, "email") == "mara@"
    assert value(answer, "city") == "Linz"


def test_bad_input_to_a_stored_company_changes_nothing(rep: Browser, make: Maker) -> None:
    company = make.company("rep", name="Ada Ltd")
    answer = rep.post(f"/acme/companies/{company.id}", data={"name": "", "city": "Linz", "version": "1"})
    assert answer.status_code == 422
    assert value(answer, "city") == "Linz"
    assert "Ada Ltd" in rep.get(f"/acme/companies/{company.id}").text


def test_a_lost_race_shows_both_values_and_the_choice_is_saved(
    rep: Browser, client_for: ClientFor, make: Maker
) -> None:
    company = make.company("rep", name="Ada Ltd", city="London", industry="Machines")
    here = f"/acme/companies/{company.id}"
    client_for("admin").post(here, data={"name": "Ada Limited", "city": "Bristol", "owner_id": company.owner_id})
    answer = rep.post(here, data={"name": "Ada Co", "city": "London", "industry": "Machines", "version": "1"})
    assert answer.status_code == 409
    assert "Adam Admin saved" in answer.text
    for text in ("Ada Co", "Ada Limited", "Kept as it was saved meanwhile: City"):
        assert text in answer.text
    assert 'type="hidden" name="city" value="Bristol"' in answer.text, "what the reader did not touch is not asked"
    assert 'name="name" value="Ada Co" checked' in answer.text
    assert 'name="industry" value="Machines"' in answer.text
    chosen_now = {"name": "Ada Co", "city": "Bristol", "industry": "Machines", "version": value(answer, "version")}
    assert rep.post(here, data=chosen_now).status_code == 303
    page = rep.get(here)
    assert heading(page) == "Ada Co"
    assert "Bristol" in page.text


def test_the_list_finds_filters_sorts_and_pages(rep: Browser, make: Maker) -> None:
    for at in range(60):
        make.company("rep", name=f"Row {at:02}", city="Wien" if at % 2 else "Linz", lifecycle="active", tags="even, x")
    make.company("rep", name="华东精密仪器", lifecycle="lost")
    first = rep.get("/acme/companies")
    assert "61 companies" in first.text
    assert titles(first.text)[:2] == ["华东精密仪器", "Row 00"], "Chinese names stand where their pinyin does"
    assert len(titles(first.text)) == 50
    more = first.text.partition('id="pager-more" href="')[2].partition('"')[0].replace("&amp;", "&")
    second = rep.get(more, headers=ROWS)
    assert titles(second.text) == [f"Row {at:02}" for at in range(49, 60)]
    assert titles(rep.get("/acme/companies?sort=-name").text)[0] == "Row 59"
    assert titles(rep.get("/acme/companies?q=华东", headers=RESULTS).text) == ["华东精密仪器"]
    assert titles(rep.get("/acme/companies?lifecycle=lost").text) == ["华东精密仪器"]
    assert len(titles(rep.get("/acme/companies?q=wien&tag=x").text)) == 30
    assert "No company matches" in rep.get("/acme/companies?q=zzz").text


@pytest.mark.parametrize("query", [
    "sort=nonsense", "owner=nonsense", "lifecycle=%00", "after=nonsense", "after=%00", "q=%00", "tag=%00'",
    "q=" + "x" * 5000, "owner=" + "1" * 500, "company=%27+OR+1%3D1",
])  # fmt: skip
def test_a_bent_address_still_shows_a_list(rep: Browser, make: Maker, query: str) -> None:
    make.company("rep")
    assert rep.get(f"/acme/companies?{query}").status_code == 200


def test_an_answer_for_htmx_is_the_list_alone_and_names_the_clean_address(rep: Browser, make: Maker) -> None:
    make.company("rep", name="Ada Ltd")
    answer = rep.get("/acme/companies?q=ada&owner=&lifecycle=&sort=name", headers=RESULTS)
    assert answer.text.lstrip().startswith('<div id="results">')
    assert answer.headers["HX-Replace-Url"] == "/acme/companies?q=ada"


def test_an_empty_list_teaches(rep: Browser, client_for: ClientFor) -> None:
    page = rep.get("/acme/companies")
    assert "No companies yet" in page.text
    assert "/acme/companies/new" in page.text
    assert "/acme/companies/new" not in client_for("viewer").get("/acme/companies").text


def test_a_count_stops_at_a_thousand(rep: Browser, make: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("saas_crm.customers.queries.COUNTED", 10)
    monkeypatch.setattr("web.customers.listing.COUNTED", 10)
    for _ in range(51):
        make.company("rep")
    assert "10+ companies" in rep.get("/acme/companies").text


def test_recycling_can_be_undone(rep: Browser, make: Maker) -> None:
    company = make.company("rep", name="Ada Ltd")
    answer = rep.post(f"/acme/companies/{company.id}/recycle")
    page = rep.get(answer.location)
    assert flashed(page) == "Moved to the recycle bin."
    assert rep.get(f"/acme/companies/{company.id}").status_code == 404
    undo = f"/acme/recycle-bin/company/{company.id}/restore"
    assert undo in page.text
    assert rep.post(undo).location == f"/acme/companies/{company.id}"
    assert rep.get(f"/acme/companies/{company.id}").status_code == 200


def test_twins_are_named_while_typing_and_never_block(rep: Browser, make: Maker) -> None:
    make.company("rep", name="Müller Maschinenbau GmbH", phone="(212) 555-0101", email="office@mueller.example")
    asked = "/acme/companies/twins?name=Mueller+Maschinenbau"
    assert "nearly the same name" in rep.get(asked).text
    assert "same phone number" in rep.get("/acme/companies/twins?phone=212+555+0101").text
    assert "same e-mail address" in rep.get("/acme/companies/twins?email=OFFICE@mueller.example").text
    assert "same website" in rep.get("/acme/companies/twins?website=mueller.example").text
    for half in ("phone=2", "email=off", "website=m", "name=", "phone=%00"):
        assert rep.get(f"/acme/companies/twins?{half}").text.strip() == ""
    assert rep.post("/acme/companies", data={"name": "Müller Maschinenbau GmbH"}).status_code == 303


def test_twins_tell_nothing_of_what_one_may_not_see(client_for: ClientFor, make: Maker) -> None:
    make.company("rep", name="Secret Works", phone="(212) 555-0101")
    answer = client_for("colleague").get("/acme/companies/twins?name=Secret+Works&phone=212+555+0101")
    assert "Secret" not in answer.text


def test_what_one_may_not_do_has_no_button_and_no_effect(client_for: ClientFor, make: Maker) -> None:
    company = make.company("rep", name="Ada Ltd")
    here = f"/acme/companies/{company.id}"
    for who in ("viewer", "teammate"):
        browser = client_for(who)
        page = browser.get(here)
        assert page.status_code == 200
        assert f"{here}/edit" not in page.text
        assert f"{here}/recycle" not in page.text
        assert browser.get(f"{here}/edit").status_code == 403
        assert browser.post(here, data={"name": "Mine now"}).status_code == 403
        assert browser.post(here, data={"name": ""}).status_code == 403, "who may not save is not asked to mend"
        assert browser.post(f"{here}/recycle").status_code == 403
    assert "/acme/log" not in client_for("viewer").get(here).text
    assert client_for("viewer").post("/acme/companies", data={"name": "New"}).status_code == 403


@pytest.mark.parametrize("who", ["colleague", "outsider", "stranger"])
def test_somebody_elses_company_does_not_exist(client_for: ClientFor, make: Maker, who: str) -> None:
    company = make.company("rep", name="Ada Ltd")
    browser = client_for(who)
    for path in ("", "/edit"):
        assert browser.get(f"/acme/companies/{company.id}{path}").status_code == 404
    for path in ("", "/recycle"):
        assert browser.post(f"/acme/companies/{company.id}{path}", data={"name": "x"}).status_code == 404
    if who == "outsider":
        assert browser.get(f"/other/companies/{company.id}").status_code == 404


def test_only_who_may_assign_is_asked_for_an_owner(client_for: ClientFor, make: Maker, cast: Cast) -> None:
    assert 'name="owner_id"' not in client_for("rep").get("/acme/companies/new").text
    manager = client_for("manager")
    assert 'name="owner_id"' in manager.get("/acme/companies/new").text
    made = manager.post("/acme/companies", data={"name": "A", "owner_id": "", "owner_id_text": "rita rep"})
    assert "Rita Rep" in manager.get(made.location).text
    wrong = manager.post("/acme/companies", data={"name": "A", "owner_id_text": "Nobody Known"})
    assert "No such name" in errors(wrong)["owner_id"]
    away = manager.post("/acme/companies", data={"name": "A", "owner_id": str(cast["colleague"].member_id)})
    assert "owner_id" in errors(away)
    company = make.company("manager")
    empty = manager.post(f"/acme/companies/{company.id}", data={"name": "A", "owner_id": "", "owner_id_text": ""})
    assert "owner_id" in errors(empty)


HARD = [
    "<script>alert(1)</script>",
    "'; DROP TABLE companies; --",
    "😀👩‍👩‍👧‍👦",
    "\u202eevil\u202c שלום مرحبا",
    "a\x00b",
    "%s %(x)s {{ 7*7 }}",
]


@pytest.mark.parametrize("text", HARD)
def test_hard_text_is_only_text(rep: Browser, text: str) -> None:
    data = dict.fromkeys(("name", "industry", "street", "postcode", "city", "region", "tags", "description"), text)
    answer = rep.post("/acme/companies", data=data)
    assert answer.status_code == 303
    page = rep.get(answer.location)
    assert page.status_code == 200
    assert "<script>alert" not in page.text
    assert "49" not in heading(page)
    for name in ("phone", "email", "website"):
        assert rep.post("/acme/companies", data={"name": "x", name: text}).status_code == 422
    assert rep.get("/acme/companies").status_code == 200


@pytest.mark.parametrize("name", [*FIELDS, "description", "lifecycle", "country", "owner_id", "version"])
def test_ten_thousand_characters_are_refused_or_kept_whole(rep: Browser, make: Maker, name: str) -> None:
    company = make.company("rep", name="Ada Ltd")
    data = {"name": "Ada Ltd", "version": "1"} | {name: "x" * 10_000}
    answer = rep.post(f"/acme/companies/{company.id}", data=data)
    if name in ("description", "version"):
        assert answer.status_code == 303
        return
    assert answer.status_code == 422
    assert name in errors(answer) or name == "owner_id"


def test_lists_and_details_are_cheap(rep: Browser, client_for: ClientFor, make: Maker) -> None:
    company = make.company("rep", name="Ada Ltd")
    for at in range(30):
        contact = make.contact("rep", company_id=company.id)
        make.activity("rep", company_id=company.id, contact_id=contact.id)
        make.deal("rep", company_id=company.id)
        make.activity("rep", kind="task", company_id=company.id, due_at=f"2030-01-{at + 1:02}T09:00")
    for who in ("owner", "manager", "rep", "teammate", "viewer"):
        browser = client_for(who)
        assert statements(browser.get("/acme/companies")) <= 8
        assert statements(browser.get("/acme/companies?q=ada&tag=x")) <= 8
        assert statements(browser.get(f"/acme/companies/{company.id}")) <= 8
        assert statements(browser.get("/acme/companies/new")) <= 8 or who == "viewer"
    assert statements(rep.get(f"/acme/companies/{company.id}/edit")) <= 8


def test_a_row_carries_only_what_the_list_shows(acting: Callable[..., object], make: Maker) -> None:
    make.company("rep", description="long " * 1000)
    with acting("rep") as member:  # type: ignore[attr-defined]
        row = company_rows(member, CustomerFilter()).rows[0]
    assert not hasattr(row, "description")
    assert hasattr(row, Company.name.key)


@pytest.mark.parametrize(("who", "slug", "country"), [("rep", "acme", "US"), ("outsider", "other", "CN")])
def test_a_new_customer_is_where_the_workspace_is(client_for: ClientFor, who: str, slug: str, country: str) -> None:
    browser = client_for(who)
    for kind in ("companies", "contacts"):
        assert chosen(browser.get(f"/{slug}/{kind}/new"), "country") == country
    refused = browser.post(f"/{slug}/companies", data={"name": "", "country": ""})
    assert refused.status_code == 422
    assert chosen(refused, "country") == "", "what was chosen stays"


def test_a_stored_customer_without_a_country_stays_so(rep: Browser, make: Maker) -> None:
    company = make.company("rep", name="Somewhere")
    assert chosen(rep.get(f"/acme/companies/{company.id}/edit"), "country") == ""
