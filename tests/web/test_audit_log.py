"""The log of the workspace: who, as whom, when, from where and through what; filtered, exported, kept as decided."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from sqlalchemy import select

from saas_crm.access.jobs import forget_audit
from saas_crm.access.models import Role
from saas_crm.access.policy import policy
from tenants import versions
from tenants.db import db
from tests.support.acts import HERE, Acting, acts
from tests.support.cast import PASSWORD, Cast
from tests.support.clients import Browser, Phone, statements
from tests.support.installation import Installation
from tests.support.making import Maker
from tests.tenants.test_roles import as_tenant

ForWhom = Callable[..., Browser]
CHROME = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Mobile Safari/537.36"


def test_a_change_says_from_where_and_through_what(
    client_for: ForWhom, api_for: Callable[..., Phone], acting: Acting, cast: Cast
) -> None:
    rep = client_for("rep")
    rep.post("/acme/companies", data={"name": "Adler"}, headers={"User-Agent": CHROME})
    api_for("rep").post("/companies", json={"name": "Biber"})
    by_api, by_web = acts(acting, action="create", resource="company")[:2]
    assert (by_web.through, by_api.through) == ("web", "api")
    assert by_web.origin == ({"address": HERE, "browser": "Chrome on Android"} if HERE else {})
    browser = {"browser": b} if (b := by_api.origin.get("browser")) else {}
    assert by_api.origin == ({"address": HERE} | browser if HERE else {})
    assert by_web.member_id == by_api.member_id == cast["rep"].member_id


def test_a_workspace_a_release_behind_gets_no_origin(
    client_for: ForWhom, acting: Acting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("saas_crm.core.audit.lacks_tables", lambda _tenant: True)
    assert client_for("rep").post("/acme/companies", data={"name": "Adler"}).status_code == 303
    assert acts(acting, action="create", resource="company")[0].origin == {}


def test_signing_in_reaches_the_log_of_the_workspaces(
    client_for: ForWhom, acting: Acting, jobs: Callable[[], list[str]], cast: Cast
) -> None:
    browser = client_for(None)
    data = {"email": cast["rep"].email, "password": "wrong"}
    assert browser.post("/signin", data=data, headers={"User-Agent": CHROME}).status_code == 422
    assert browser.post("/signin", data={**data, "email": "nobody@x.example"}).status_code == 422
    assert browser.post("/signin", data={**data, "password": PASSWORD}).status_code == 303
    assert browser.post("/signout").status_code == 303
    before = datetime.now(UTC)
    assert jobs().count("access.note_sign_in") == 4
    found = acts(acting, resource="session", member_id=cast["rep"].member_id)
    assert [act.action for act in found] == ["sign_out", "sign_in", "sign_in_failed"]
    noted = {"address": HERE, "browser": "Chrome on Android", "how": "password"}
    assert found[-1].origin == (noted if HERE else {})
    assert all(act.at < before for act in found)
    assert [act.action for act in acts(acting, resource="session")] == ["sign_out", "sign_in", "sign_in_failed"]
    page = client_for("owner").get("/acme/settings/audit?action=sign_in_failed").text
    assert "Sign-in failed" in page
    assert "Chrome on Android, 127.0.0.1" in page


def test_the_first_use_of_a_token_is_written_once(
    api_for: Callable[..., Phone], acting: Acting, cast: Cast, app: Any
) -> None:
    answer = api_for(None, slug="acme").post(
        "/tokens", json={"email": cast["rep"].email, "password": PASSWORD, "name": "Phone"}
    )
    token = {"Authorization": f"Bearer {answer.json['token']}"}
    for _ in range(2):
        assert api_for(None, slug="acme").get("/me", headers=token).status_code == 200
    found = acts(acting, resource="token", action="first_use")
    assert [str(act.record_id) for act in found] == [answer.json["id"]]
    assert acts(acting, resource="token", action="create")[0].origin.get("address") == HERE


def test_it_says_as_whom_somebody_looked(client_for: ForWhom, cast: Cast) -> None:
    assert client_for("admin").post(f"/acme/settings/members/{cast['rep'].member_id}/viewing").status_code == 303
    page = client_for("owner").get("/acme/settings/audit?action=view_as").text
    assert "(looking as Rita Rep)" in page
    assert "Looked at the workspace as this member: Member" in page
    assert "127.0.0.1" in page


@pytest.mark.parametrize(("who", "status"), [("rep", 403), ("viewer", 403), ("outsider", 404), ("stranger", 404)])
def test_the_log_is_for_who_may_read_it(client_for: ForWhom, who: str, status: int) -> None:
    for path in ("", "/export", "/keep"):
        assert client_for(who).get(f"/acme/settings/audit{path}").status_code == status
    assert "/settings/audit" not in client_for("rep").get("/acme/settings").text


def test_a_manager_reads_what_their_people_did_and_nothing_of_others(client_for: ForWhom, make: Maker) -> None:
    make.company("rep", name="Adler")
    make.company("colleague", name="Geheim")
    answer = client_for("manager").get("/acme/settings/audit")
    assert statements(answer) <= 8
    assert "Adler" in answer.text
    assert "Geheim" not in answer.text
    assert client_for("manager").get("/acme/settings/audit/export").status_code == 403


def test_what_a_member_did_to_a_record_the_reader_does_not_see_says_nothing_of_it(
    client_for: ForWhom, make: Maker
) -> None:
    company = make.company("rep", name="Adler", city="Hintertupfing")
    owner, path = client_for("owner"), f"/acme/companies/{company.id}"
    version = re.findall(r'name="version" value="(\d+)"', owner.get(f"{path}/edit").text)[0]
    gone = {"version": version, "name": "Adler", "owner_id": str(make.member_id("colleague"))}
    assert owner.post(path, data=gone).status_code == 303
    page = client_for("manager").get("/acme/settings/audit?resource=company").text
    assert "Added" in page
    assert "Hintertupfing" not in page
    assert "Adler" not in page


def test_filters_narrow_and_combine(client_for: ForWhom, make: Maker, cast: Cast) -> None:
    company = make.company("rep", name="Adler")
    make.contact("teammate", name="Kim")
    owner = client_for("owner")

    def shown(query: str) -> tuple[bool, bool]:
        page = owner.get(f"/acme/settings/audit?{query}").text
        return "Adler" in page, "Kim" in page

    assert shown("") == (True, True)
    assert shown(f"member={cast['rep'].member_id}") == (True, False)
    assert shown("resource=contact") == (False, True)
    assert shown(f"record={company.id}") == (True, False)
    assert shown("action=create") == (True, True)
    assert shown("action=purge") == (False, False)
    assert shown("through=api") == (False, False)
    assert shown("from=2100-01-01") == (False, False)
    assert shown("until=2000-01-01") == (False, False)
    assert shown(f"member={cast['rep'].member_id}&resource=contact") == (False, False)
    assert shown("member=x&action=%00&from=9&until=9999-12-31&resource=zz&record=1") == (True, True)


def test_the_log_can_be_taken_out_and_that_is_in_it(client_for: ForWhom, make: Maker, acting: Acting) -> None:
    make.company("rep", name="=1+1")
    answer = client_for("owner").get("/acme/settings/audit/export?format=csv&resource=company")
    assert answer.status_code == 200
    rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert [row[3:6] for row in rows[1:-2]] == [["Added", "Company", "'=1+1"]]
    noted = acts(acting, action="export", resource="audit")[0].changes
    assert noted == {"rows": [None, 1], "format": [None, "csv"], "filter": [None, {"resource": "company"}]}


def test_programs_read_the_same(api_for: Callable[..., Phone], make: Maker, cast: Cast) -> None:
    company = make.company("rep", name="Adler", city="Bonn")
    make.company("colleague", name="Geheim")
    assert api_for("manager").get("/audit").status_code == 200
    answer = api_for("manager").get(f"/audit?resource=company&action=create&member_id={cast['rep'].member_id}")
    assert statements(answer) <= 5
    [act] = answer.json["items"]
    assert act["record_id"] == str(company.id)
    assert act["changes"]["city"] == [None, "Bonn"]
    assert api_for("manager").get(f"/audit?member_id={cast['colleague'].member_id}").json["items"] == []
    assert api_for("rep").get("/audit").status_code == 403
    assert api_for("owner").get("/audit?after=x").status_code == 422
    assert api_for("owner").get("/audit?since=2100-01-01T00:00:00Z").json["items"] == []
    first = api_for("owner").get("/audit?limit=1&fields=at").json
    second = api_for("owner").get(f"/audit?limit=1&after={first['next']}").json
    assert second["items"][0]["id"] != first["items"][0]["id"]


def test_codes_are_told_in_the_readers_words(client_for: ForWhom, make: Maker, acting: Acting) -> None:
    """What a role may do, what it is called, what a list was narrowed to: on the page and in the file."""
    owner = client_for("owner")
    role = make.own_role("owner", "Partner", company__read="own", token__create="own")
    with acting("owner"):
        db.session.scalars(select(Role).where(Role.id == role)).one().permissions = {"company:read": "team"}
        db.session.scalars(select(Role).where(Role.key == "rep")).one().name = "Agents"
    owner.get("/acme/deals/export?format=xlsx&status=open")
    owner.get("/acme/settings/audit/export?format=csv&resource=company&action=create")
    owner.post("/profile", data={"name": "Olivia Owner", "locale": "zh_Hans", "timezone": "UTC"})
    answer = owner.get("/acme/settings/audit/export?format=csv")
    told = answer.data.decode("utf-8-sig")
    for words in ("公司：查看: 本人 → 本团队", "名称: 销售代表 → Agents", "格式: — → Excel", "筛选"):
        assert words in told, told
    page = owner.get("/acme/settings/audit").text
    for text in (told, page):
        assert not re.search(r"\b[a-z_]+:(read|create)|\b(subtree|xlsx|status|resource)\b: ", text), text


def test_how_long_it_is_kept_is_decided_by_an_admin(client_for: ForWhom, acting: Acting) -> None:
    owner, path = client_for("owner"), "/acme/settings/audit/keep"
    assert "For ever" in owner.get(path).text
    assert owner.post(path, data={"audit_days": "365", "version": "0"}).status_code == 303
    assert "Kept 1 year" in owner.get("/acme/settings/audit").text
    assert [owner.post(path, data={"audit_days": days}).status_code for days in ("1", "179", "x", "")] == [422] * 4
    assert client_for("manager").post(path, data={"audit_days": "365"}).status_code == 403
    assert acts(acting, resource="policy")[0].changes == {"audit_days": [None, 365]}
    assert owner.post(path, data={"audit_days": "0"}).status_code == 303
    with acting("owner"):
        assert policy().audit_days is None


def _age(installation: Installation, cast: Cast, days: int, count: int) -> None:
    """Put entries into the log that are so many days old."""
    old = datetime.now(UTC) - timedelta(days=days)
    with installation.place.owner() as connection:
        connection.execute(
            f"INSERT INTO {cast.tenants['acme'].schema_name}.audit_log (id, at, through, action, resource, changes)"
            f" SELECT gen_random_uuid(), %s, 'web', 'aged-{days}', 'company', '{{}}' FROM generate_series(1, %s)",
            [old, count],
        )


def _left(acting: Acting) -> list[str]:
    return sorted(act.action for act in acts(acting) if act.action.startswith("aged"))


def test_what_is_older_than_it_is_kept_goes_at_night(
    client_for: ForWhom, acting: Acting, installation: Installation, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("saas_crm.access.policy.BATCH", 2)
    for days, count in ((10, 1), (179, 1), (181, 5), (400, 1)):
        _age(installation, cast, days, count)
    with acting("owner"):
        forget_audit()
    assert len(_left(acting)) == 8, "nothing was decided, so it is kept for ever"
    client_for("owner").post("/acme/settings/audit/keep", data={"audit_days": "365"})
    with acting("owner"):
        forget_audit()
    assert _left(acting) == ["aged-10", "aged-179", *["aged-181"] * 5]
    client_for("owner").post("/acme/settings/audit/keep", data={"audit_days": "180"})
    with acting("owner"):
        forget_audit()
    assert _left(acting) == ["aged-10", "aged-179"]
    assert acts(acting, action="forget")[0].changes == {"rows": [5, None]}


def test_nothing_younger_than_half_a_year_goes_whatever_is_decided(
    acting: Acting, installation: Installation, cast: Cast
) -> None:
    _age(installation, cast, 170, 1)
    schema = cast.tenants["acme"].schema_name
    with as_tenant(installation, schema) as connection:
        connection.execute("INSERT INTO policies (id, children_follow, audit_days) VALUES (gen_random_uuid(), true, 1)")
        assert connection.execute("SELECT public.forget_audit(100)").fetchone() == (0,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("DELETE FROM audit_log")
        connection.rollback()
    assert _left(acting) == ["aged-170"]


def test_the_function_is_for_its_own_workspace_alone(acting: Acting, installation: Installation, cast: Cast) -> None:
    _age(installation, cast, 400, 1)
    policy_of = "INSERT INTO policies (id, children_follow, audit_days) VALUES (gen_random_uuid(), true, 200)"
    with as_tenant(installation, cast.tenants["other"].schema_name) as connection:
        connection.execute(policy_of)
        assert connection.execute("SELECT public.forget_audit(100)").fetchone() == (0,)
        connection.commit()
    assert _left(acting) == ["aged-400"]
    with installation.place.owner() as connection, pytest.raises(psycopg.errors.RaiseException):
        connection.execute("SELECT public.forget_audit(100)")


def test_a_workspace_a_release_behind_is_passed_over(acting: Acting, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(versions, "stands", lambda _line, _revision: "previous")
    with acting("owner"):
        forget_audit()
        assert policy().children_follow
    assert acts(acting, action="forget") == []


def test_a_draft_of_how_long_it_is_kept_does_not_bring_an_old_version_back(client_for: ForWhom) -> None:
    """It would be refused for ever: any other setting of the workspace counts the version on."""
    page = client_for("owner").get("/acme/settings/audit/keep").text
    version = re.search(r'<input[^>]*name="version"[^>]*>', page)
    assert version is not None
    assert "data-no-draft" in version[0]
