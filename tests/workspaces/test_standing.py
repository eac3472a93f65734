"""A workspace that can only be read, or that is closed: who is told what, what still works, and how it opens again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from saas_crm.core.audit import AuditEntry
from saas_crm.core.clock import now
from saas_crm.core.errors import NotFound
from saas_crm.core.jobs import registry
from saas_crm.worker import TenantPaused, execute
from saas_crm.workspaces import standing
from saas_crm.workspaces.standing import NotSuspendable, Standing, lift, suspend
from tenants.archive.writing import UnknownTenant
from tenants.db import db, new_id, tenant_scope
from tenants.standing import Suspension, key_of
from tests.leaks.forms import Forms
from tests.support.cast import PASSWORD, Cast
from tests.support.clients import Browser, Phone
from tests.support.installation import Installation
from tests.support.making import Maker
from tests.web.pages import heading

ClientFor = Callable[..., Browser]
ApiFor = Callable[..., Phone]
Pause = Callable[..., Standing]
TYPE = "urn:saas-crm:problem:"


def resume(installation: Installation, cause: str = "operator") -> Standing:
    return lift(installation.settings.database_url, "acme", cause)


def test_everything_can_be_read_and_taken_out(client_for: ClientFor, pause: Pause, make: Maker) -> None:
    company = make.company("rep", name="Ada")
    pause(reason="The invoice of May is open.", ask="billing@host.example", until=datetime(2031, 2, 3, tzinfo=UTC))
    rep, owner = client_for("rep"), client_for("owner")
    for path in ("", "companies", f"companies/{company.id}", "deals", "search?q=ada", "settings", "recycle-bin"):
        page = rep.get(f"/acme/{path}")
        assert page.status_code == 200, path
        assert "This workspace can only be read for now." in page.text
        assert "The invoice of May is open." in page.text
        assert "Ask billing@host.example." in page.text
        assert "Feb 3, 2031" in page.text
    assert "Ada" in owner.get("/acme/companies/export?format=csv").text


def test_every_change_is_refused_and_what_was_typed_is_kept(client_for: ClientFor, pause: Pause, make: Maker) -> None:
    company = make.company("rep", name="Ada")
    pause()
    rep = client_for("rep")
    typed = {"name": "Ada <Ltd>", "description": "Two lines\nof words", "version": "1", "owner_id": str(company.id)}
    page = rep.post(f"/acme/companies/{company.id}", data=typed)
    assert page.status_code == 403
    assert heading(page) == "Nothing was saved"
    assert "Ada &lt;Ltd&gt;\nTwo lines\nof words" in page.text.replace("&#10;", "\n").replace("\r\n", "\n")
    [form] = [f for f in Forms(page.text).forms if ("POST", f"/acme/companies/{company.id}") in f.targets]
    kept = {field.name: field.value for field in form.fields}
    assert {name: kept[name] for name in ("name", "version", "owner_id")} == {
        name: typed[name] for name in ("name", "version", "owner_id")
    }
    part = rep.post(f"/acme/companies/{company.id}", data=typed, headers={"HX-Request": "true"})
    assert (part.status_code, part.text) == (403, "")
    assert "Nothing was saved" in part.headers["HX-Trigger"]
    assert "Ada &lt;Ltd&gt;" not in rep.get(f"/acme/companies/{company.id}").text


def test_what_was_refused_can_be_sent_again(
    client_for: ClientFor, pause: Pause, make: Maker, installation: Installation
) -> None:
    pause()
    rep = client_for("rep")
    page = rep.post("/acme/companies", data={"name": "Kept"})
    [form] = [f for f in Forms(page.text).forms if ("POST", "/acme/companies") in f.targets]
    resume(installation)
    assert rep.post("/acme/companies", data={f.name: f.value for f in form.fields}).status_code == 303
    assert "Kept" in rep.get("/acme/companies").text


def test_programs_read_and_sign_in_and_are_told_by_a_code(api_for: ApiFor, pause: Pause, cast: Cast) -> None:
    pause(reason="The invoice of May is open.")
    rep = api_for("rep")
    assert rep.get("/companies").status_code == 200
    refused = rep.post("/companies", json={"name": "New"})
    assert (refused.status_code, refused.json["type"]) == (403, f"{TYPE}workspace-read-only")
    assert refused.json["detail"] == "The invoice of May is open."
    nobody = api_for(None, slug="acme")
    made = nobody.post("/tokens", json={"email": cast["rep"].email, "password": PASSWORD, "name": "Till"})
    assert made.status_code == 201, made.text
    nobody.token = made.json["token"]
    assert nobody.delete(f"/tokens/{made.json['id']}").status_code == 204
    assert nobody.get("/me").status_code == 401


def test_closed_says_why_until_when_and_whom_to_ask(client_for: ClientFor, api_for: ApiFor, pause: Pause) -> None:
    pause("closed", reason="We are moving.", ask="+49 30 123", until=datetime(2031, 2, 3, tzinfo=UTC))
    for who in ("owner", "rep"):
        page = client_for(who).get("/acme/companies")
        assert (page.status_code, heading(page)) == (403, "This workspace is closed for now")
        for said in ("We are moving.", "Ask +49 30 123.", "Feb 3, 2031"):
            assert said in page.text
    assert client_for("outsider").get("/acme/companies").status_code == 404
    assert "We are moving." not in client_for("stranger").get("/acme/").text
    refused = api_for("rep").get("/companies")
    assert (refused.status_code, refused.json["type"]) == (403, f"{TYPE}workspace-closed")
    assert client_for("outsider").get("/other/companies").status_code == 200


@pytest.mark.parametrize("kind", ["closed", "read_only"])
def test_where_nobody_is_named_owners_are_not_sent_to_themselves(
    client_for: ClientFor, pause: Pause, kind: str
) -> None:  # fmt: skip
    pause(kind)
    assert "Those who run this service can say more." in client_for("owner").get("/acme/").text
    assert "The owner of the workspace can say more." in client_for("rep").get("/acme/").text


def test_it_holds_from_the_next_request_on_in_every_process(
    app_with: Callable[..., Flask], client_for: ClientFor, api_for: ApiFor, pause: Pause, installation: Installation
) -> None:
    """Both have just been served, so both remember that the workspace was open."""
    processes = [app_with(), app_with()]
    browsers = [client_for("rep", of=process) for process in processes]
    phones = [api_for("rep", of=process) for process in processes]

    def statuses() -> set[int]:
        return {browser.get("/acme/companies").status_code for browser in browsers} | {
            phone.get("/companies").status_code for phone in phones
        }

    assert statuses() == {200}
    pause("closed")
    assert statuses() == {403}
    pause("read_only")
    assert statuses() == {200}
    assert {phone.post("/companies", json={"name": "x"}).status_code for phone in phones} == {403}
    resume(installation)
    assert {phone.post("/companies", json={"name": "x"}).status_code for phone in phones} == {201}


def test_causes_do_not_undo_each_other(pause: Pause, installation: Installation, client_for: ClientFor) -> None:
    rep = client_for("rep")
    pause("read_only", "billing")
    pause("closed")
    assert rep.get("/acme/companies").status_code == 403
    assert resume(installation).after == "read_only"
    page = rep.get("/acme/companies")
    assert page.status_code == 200
    assert "A payment is due." in page.text
    assert resume(installation, "billing").after == "active"
    assert "A payment is due." not in rep.get("/acme/companies").text


def test_its_own_log_tells(app: Flask, cast: Cast, pause: Pause, installation: Installation) -> None:
    pause(reason="Why")
    assert not pause(reason="Why").changed
    resume(installation)
    assert not resume(installation).changed
    with app.app_context(), tenant_scope(cast.tenants["acme"]):
        rows = (
            db.session.query(AuditEntry)
            .filter_by(resource="workspace", through="command")
            .order_by(AuditEntry.at)
            .all()
        )
    assert [(row.action, row.through, row.member_id) for row in rows] == [
        ("suspend", "command", None), ("resume", "command", None)
    ]  # fmt: skip
    assert rows[0].changes == {"cause": [None, "operator"], "kind": [None, "read_only"], "reason": [None, "Why"]}
    assert rows[1].changes == {"cause": ["operator", None], "kind": ["read_only", None], "reason": ["Why", None]}


def test_its_own_log_tells_what_changed(app: Flask, cast: Cast, pause: Pause, client_for: ClientFor) -> None:
    until = now() + timedelta(days=2)
    pause("closed", reason="Why", until=until)
    pause("read_only", ask="Ann")
    with app.app_context(), tenant_scope(cast.tenants["acme"]):
        rows = db.session.query(AuditEntry).filter_by(action="suspend").order_by(AuditEntry.at).all()
    assert rows[1].changes == {
        "cause": [None, "operator"], "kind": ["closed", "read_only"], "reason": ["Why", None],
        "ask": [None, "Ann"], "until": [until.isoformat(), None],
    }  # fmt: skip
    page = client_for("owner").get("/acme/settings/audit").text
    assert "Whom to ask" in page
    assert "Ann" in page


def test_the_log_page_tells_it_in_words(client_for: ClientFor, pause: Pause) -> None:
    pause(reason="The invoice of May")
    page = client_for("owner").get("/acme/settings/audit")
    assert "Suspended" in page.text
    assert "The invoice of May" in page.text


def test_what_is_done_by_its_id_finds_it_whatever_it_is_called(
    client_for: ClientFor, cast: Cast, installation: Installation
) -> None:
    """A process remembers the former address for some seconds."""
    acme = cast.tenants["acme"]
    assert client_for("owner").post("/acme/settings/address", data={"slug": "apex"}).status_code == 303
    with standing.held_for(installation.settings.database_url, acme) as (_connection, tenant_id, status):
        assert (tenant_id, status) == (acme.id, "active")
    gone = replace(acme, id=new_id())
    with pytest.raises(NotFound), standing.held_for(installation.settings.database_url, gone):
        pass


def test_jobs_that_may_change_it_wait(app: Flask, cast: Cast, pause: Pause, installation: Installation) -> None:
    acme = str(cast.tenants["acme"].id)
    pause()
    with pytest.raises(TenantPaused):
        execute(app, registry["recycle_bin.purge"], {"tenant_id": acme})
    letter = {"to": "a@b.example", "subject": "s", "text": "t", "html": "h"}
    execute(app, registry["mail.send"], {"tenant_id": acme, **letter})
    execute(app, registry["idempotency.forget"], {"tenant_id": str(cast.tenants["other"].id)})
    resume(installation)
    execute(app, registry["recycle_bin.purge"], {"tenant_id": acme})


def test_an_invitation_waits(client_for: ClientFor, pause: Pause) -> None:
    pause()
    assert client_for(None).post("/acme/invitations/whatever", data={}).status_code == 403


def test_the_list_of_workspaces_says_so(client_for: ClientFor, pause: Pause) -> None:
    pause()
    assert "Paused" in client_for("rep").get("/workspaces").text


def test_reading_costs_no_statement_more(client_for: ClientFor, pause: Pause) -> None:
    from tests.support.clients import statements

    rep = client_for("rep")
    rep.get("/acme/companies")
    before = statements(rep.get("/acme/companies"))
    pause()
    rep.get("/acme/companies")
    assert statements(rep.get("/acme/companies")) == before


def test_what_is_none(installation: Installation, app: Flask) -> None:
    url = installation.settings.database_url
    with pytest.raises(UnknownTenant):
        suspend(url, "nobody", Suspension("operator", "closed"))
    with installation.place.owner() as connection:
        connection.execute("UPDATE public.tenants SET status = 'closed' WHERE slug = 'acme'")
    with pytest.raises(NotSuspendable):
        lift(url, "acme")


def test_process_and_database_name_it_alike(pause: Pause, installation: Installation, cast: Cast) -> None:
    pause("closed", "operator")
    pause("read_only", "billing")
    tenant = cast.tenants["acme"]
    with installation.place.runtime() as connection, connection.transaction():
        connection.execute(tenant.entry)
        row = connection.execute("SELECT public.standing()").fetchone()
    causes = (Suspension("operator", "closed"), Suspension("billing", "read_only"))
    assert row == (key_of("suspended", causes),)
    assert key_of("active", ()) == "active"
