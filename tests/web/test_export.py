"""Exports: what the list shows within the scope to export, as files that say who made them."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager

import pytest
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from saas_crm.access.exporting import AT_ONCE, place_of
from saas_crm.access.models import Role
from saas_crm.access.permissions import CurrentMember
from saas_crm.activities.models import Activity
from saas_crm.core.audit import AuditEntry
from saas_crm.core.spreadsheets import defused
from saas_crm.opportunities.models import Opportunity
from tenants.db import db
from tests.support.cast import Cast
from tests.support.clients import Browser, statements
from tests.support.installation import Installation
from tests.support.making import Maker

ForWhom = Callable[..., Browser]
Acting = Callable[[str], AbstractContextManager[CurrentMember]]
PATHS = {"company": "companies", "contact": "contacts", "opportunity": "deals", "activity": "activities"}


def rows_of(answer: TestResponse) -> list[dict[str, str]]:
    """Return the rows of a CSV by their labels, without the last line."""
    assert answer.status_code == 200, answer.text
    assert answer.data.startswith(b"\xef\xbb\xbf")
    head, *rows = csv.reader(io.StringIO(answer.data.decode("utf-8-sig")))
    return [dict(zip(head, row, strict=True)) for row in rows[:-2]]


def exported(browser: Browser, kind: str, query: str = "") -> list[dict[str, str]]:
    return rows_of(browser.get(f"/acme/{PATHS[kind]}/export?format=csv&{query}"))


def give(acting: Acting, role: str, permissions: Mapping[str, str | None]) -> None:
    """Change what a role may do; None takes a permission away."""
    with acting("owner"):
        held = dict(db.session.scalar(select(Role.permissions).where(Role.key == role)) or {})
        changed = {name: scope for name, scope in {**held, **permissions}.items() if scope is not None}
        db.session.execute(update(Role).where(Role.key == role).values(permissions=changed))


def test_companies_as_csv(client_for: ForWhom, make: Maker) -> None:
    make.company("rep", name="Adler", city="Bonn", country="DE", phone="+1 650 253 0000", tags="VIP, Nord")
    answer = client_for("manager").get("/acme/companies/export?format=csv")
    [row] = rows_of(answer)
    assert statements(answer) <= 8
    assert (row["Name"], row["City"], row["Country"], row["Tags"]) == ("Adler", "Bonn", "Germany", "VIP, Nord")
    assert row["Lifecycle"] == "Potential"
    assert row["Phone"].endswith("253-0000")
    assert row["Owner"]
    assert "filename=company-acme-" in answer.headers["Content-Disposition"]
    assert answer.headers["Cache-Control"] == "no-store"
    last = answer.data.decode("utf-8-sig").splitlines()[-1]
    assert "Exported by: " in last
    assert "manager@acme.example" in last
    assert "Rows: 1" in last


def test_deals_and_activities_have_names_amounts_and_words(client_for: ForWhom, make: Maker) -> None:
    company = make.company("rep", name="Adler")
    stage = make.stages()[0]
    deal = make.deal("rep", name="Umbau", amount="1200.50", company_id=str(company.id))
    make.activity("rep", kind="call", body="Bis bald", outcome="reached", opportunity_id=str(deal.id))
    [row] = exported(client_for("manager"), "opportunity")
    assert (row["Company"], row["Amount"], row["Currency"], row["Stage"]) == ("Adler", "1200.50", "USD", stage.name)
    [row] = exported(client_for("manager"), "activity")
    assert (row["Kind"], row["Outcome"], row["Deal"], row["Company"]) == ("Call", "Reached", "Umbau", "Adler")
    assert row["Notes"] == "Bis bald"


def test_as_an_excel_file_texts_are_texts_and_the_file_says_who(client_for: ForWhom, make: Maker) -> None:
    make.company("rep", name="=HYPERLINK(1)", city="华东")
    make.deal("rep", name="Umbau", amount="1200.50")
    answer = client_for("manager").get("/acme/companies/export")
    assert answer.headers["Content-Type"].startswith("application/vnd.openxmlformats")
    with zipfile.ZipFile(io.BytesIO(answer.data)) as book:
        sheet, about = (book.read(f"xl/worksheets/sheet{number}.xml").decode() for number in (1, 2))
        core = book.read("docProps/core.xml").decode()
    assert "=HYPERLINK(1)" in sheet
    assert "<f>" not in sheet
    assert "华东" in sheet
    assert "manager@acme.example" in about
    assert "<dc:creator>" in core
    with zipfile.ZipFile(io.BytesIO(client_for("manager").get("/acme/deals/export").data)) as book:
        assert "<v>1200.5</v>" in book.read("xl/worksheets/sheet1.xml").decode()


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@x", " =1", "\t=1", "\r1", "\u3000=1", "'=1", '"=1', "\uff1d1"])
def test_no_text_is_taken_for_a_formula(text: str) -> None:
    assert defused(text) == f"'{text}"
    assert defused(f"a{text}") == f"a{text}"


def test_the_filter_and_the_order_of_the_list_count(client_for: ForWhom, make: Maker) -> None:
    for name, tags in (("Adler", "VIP"), ("Biber", ""), ("Chamäleon", "VIP")):
        make.company("rep", name=name, tags=tags)
    manager = client_for("manager")
    assert [row["Name"] for row in exported(manager, "company", "tag=VIP&sort=-name")] == ["Chamäleon", "Adler"]
    assert [row["Name"] for row in exported(manager, "company", "q=biber")] == ["Biber"]
    page = manager.get("/acme/companies?tag=VIP&sort=-name").text
    assert "/acme/companies/export?tag=VIP&amp;sort=-name&amp;format=csv" in page
    make.deal("rep", name="Eins", amount="1")
    make.deal("rep", name="Zwei", amount="2", outcome="won")
    assert [row["Name"] for row in exported(manager, "opportunity", "status=won")] == ["Zwei"]
    assert "/acme/deals/export?" in manager.get("/acme/deals?view=list").text


@pytest.mark.parametrize("kind", PATHS)
@pytest.mark.parametrize("who", ["rep", "viewer", "outsider", "stranger"])
def test_who_may_not_export_gets_nothing_and_no_button(client_for: ForWhom, kind: str, who: str) -> None:
    status = 403 if who in ("rep", "viewer") else 404
    assert client_for(who).get(f"/acme/{PATHS[kind]}/export?format=csv").status_code == status
    if who == "viewer" and kind != "activity":
        assert "/export" not in client_for(who).get(f"/acme/{PATHS[kind]}?view=list").text


@pytest.mark.parametrize("kind", PATHS)
def test_a_file_holds_what_is_visible_and_within_the_scope_to_export(
    client_for: ForWhom, acting: Acting, make: Maker, kind: str
) -> None:
    made = {"company": make.company, "contact": make.contact, "opportunity": make.deal, "activity": make.activity}
    name = "subject" if kind == "activity" else "name"
    for who in ("rep", "teammate", "colleague"):
        made[kind](who, **{name: f"of {who}"})
    column = "Subject" if kind == "activity" else "Name"

    def seen(who: str) -> set[str]:
        return {row[column] for row in exported(client_for(who), kind)}

    assert seen("owner") == {"of rep", "of teammate", "of colleague"}
    assert seen("manager") == {"of rep", "of teammate"}
    give(acting, "rep", {f"{kind}:export": "own"})
    assert seen("rep") == {"of rep"}, "the narrower scope to export counts"
    give(acting, "rep", {f"{kind}:export": "all"})
    assert seen("rep") == {"of rep", "of teammate"}, "and never more than is visible"
    give(acting, "rep", {f"{kind}:read": None})
    assert client_for("rep").get(f"/acme/{PATHS[kind]}/export?format=csv").status_code == 403


def test_names_beside_a_record_are_told_where_they_are_seen(client_for: ForWhom, acting: Acting, make: Maker) -> None:
    company = make.company("colleague", name="Geheim")
    contact = make.contact("colleague", name="Kim", company_id=str(company.id))
    deal = make.deal("colleague", name="Umbau", amount="1", company_id=str(company.id), contact_id=str(contact.id))
    make.activity("colleague", kind="note", body="x", company_id=str(company.id), opportunity_id=str(deal.id))
    with acting("owner"):
        rep = make.member_id("rep")
        for model in (Opportunity, Activity):
            db.session.execute(update(model).values(owner_id=rep))
    for kind in ("opportunity", "activity"):
        [row] = exported(client_for("manager"), kind)
        assert "Geheim" not in row.values()
        assert "Kim" not in row.values()


def test_fields_a_role_hides_are_in_no_file(client_for: ForWhom, acting: Acting, make: Maker) -> None:
    make.company("rep", name="Adler", phone="+1 650 253 0000", email="a@adler.example")
    give(acting, "manager", {"company.phone": "hidden", "company.email": "masked"})
    answer = client_for("manager").get("/acme/companies/export?format=csv")
    assert "253" not in answer.data.decode()
    assert "adler.example" not in answer.data.decode()
    assert "Phone" not in rows_of(answer)[0]


def test_no_other_workspace_is_in_a_file(client_for: ForWhom, make: Maker) -> None:
    make.company("outsider", name="Fremd")
    make.company("rep", name="Adler")
    assert [row["Name"] for row in exported(client_for("owner"), "company")] == ["Adler"]


def test_recycled_records_are_in_no_file(client_for: ForWhom, make: Maker) -> None:
    company = make.company("rep", name="Adler")
    client_for("rep").post(f"/acme/companies/{company.id}/recycle")
    assert exported(client_for("owner"), "company") == []


def test_each_export_is_noted_with_its_rows_and_filter(
    client_for: ForWhom, acting: Acting, make: Maker, cast: Cast
) -> None:
    make.company("rep", name="Adler", tags="VIP")
    exported(client_for("manager"), "company", "tag=VIP")
    with acting("owner"):
        query = select(AuditEntry.member_id, AuditEntry.resource, AuditEntry.changes, AuditEntry.through)
        [found] = db.session.execute(query.where(AuditEntry.action == "export")).all()
    noted = {"rows": [None, 1], "format": [None, "csv"], "filter": [None, {"tag": "VIP"}]}
    assert tuple(found) == (cast["manager"].member_id, "company", noted, "web")


def test_a_member_has_a_few_exports_at_a_time(
    client_for: ForWhom, make: Maker, installation: Installation, cast: Cast
) -> None:
    make.company("rep", name="Adler")
    manager, owner = client_for("manager"), client_for("owner")
    with installation.place.owner() as one, one.transaction():
        for place in range(AT_ONCE):
            assert manager.get("/acme/companies/export").status_code == 200
            one.execute("SELECT pg_advisory_xact_lock(%s)", [place_of(cast["manager"].member_id, place)])
        refused = manager.get("/acme/companies/export")
        assert refused.status_code == 429
        assert refused.headers["Retry-After"] == "10"
        assert owner.get("/acme/companies/export").status_code == 200
    assert manager.get("/acme/companies/export").status_code == 200


def test_100_000_rows_are_given_out_within_the_statement_timeout(
    client_for: ForWhom, installation: Installation, cast: Cast
) -> None:
    schema, owner = cast.tenants["acme"].schema_name, cast["rep"].member_id
    with installation.place.owner() as connection:
        connection.execute(f"SET search_path = {schema}")  # triggers on it speak of its own tables
        connection.execute(
            f"INSERT INTO {schema}.companies (id, name, sort_name, name_key, owner_id)"
            " SELECT gen_random_uuid(), 'Company ' || n, 'company ' || n, 'company ' || n, %s"
            " FROM generate_series(1, 100000) n",
            [owner],
        )
    answer = client_for("owner").get("/acme/companies/export?format=csv")
    assert answer.status_code == 200
    assert answer.data.count(b"\r\n") == 100_003
