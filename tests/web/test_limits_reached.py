"""The free plan as it is sold, filled up: told at 80 %, and refused at 100 % with what to do, in every way."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from PIL import Image

from billing.plans import catalogue
from saas_crm.core.limits import used_of
from tenants.db import tenant_scope
from tests.support.api import problem
from tests.support.billing import selling
from tests.support.cast import Cast
from tests.support.clients import Browser, Phone
from tests.support.installation import Installation
from tests.support.paying import put
from tests.web.pages import heading

pytestmark = pytest.mark.newest
ClientFor = Callable[..., Browser]
Api = Callable[..., Phone]
Fill = Callable[[int], None]
PEOPLE = ("owner", "admin", "rep")
FULL = "Your plan has no room for more companies and contacts."
_FIRMS = """
    INSERT INTO companies (id, name, sort_name, name_key, owner_id)
    SELECT gen_random_uuid(), 'Firm', 'firm', 'firm', (SELECT id FROM members ORDER BY id LIMIT 1)
    FROM generate_series(1, %s) n
"""


@pytest.fixture
def free(app: Flask, cast: Cast, installation: Installation) -> Iterator[Flask]:
    """Acme on Free, with the three people it has seats for: an owner, an admin and a representative."""
    kept = [cast[key].member_id for key in PEOPLE]
    with installation.place.owner() as connection:
        connection.execute(f"SET search_path = {cast.tenants['acme'].schema_name}")
        connection.execute("UPDATE members SET status = 'frozen' WHERE NOT id = ANY(%s)", [kept])
    with selling(app):
        put(app, installation.place, cast.tenants["acme"].id, plan="free", state="free")
        yield app


@pytest.fixture
def fill(free: Flask, cast: Cast, installation: Installation) -> Fill:
    """Let acme have so many customers more."""

    def more(count: int) -> None:
        with installation.place.owner() as connection:
            connection.execute(f"SET search_path = {cast.tenants['acme'].schema_name}")
            connection.execute(_FIRMS, [count])

    return more


def customers(app: Flask, cast: Cast) -> int:
    with app.app_context(), tenant_scope(cast.tenants["acme"]):
        app.extensions["directory"].forget()
        return used_of("customers")


def test_at_eighty_percent_who_can_act_is_told_and_nobody_else(client_for: ClientFor, fill: Fill) -> None:
    owner = client_for("owner")
    fill(799)
    assert "Companies and contacts: " not in owner.get("/acme/").text
    fill(1)
    for path in ("/acme/", "/acme/settings"):
        assert owner.get(path).text.count("Companies and contacts: 800 of 1,000.") == 1, path
    assert "800 of 1,000" not in owner.get("/acme/companies").text, "once, and not on every page"
    for who in ("admin", "rep"):
        assert "800 of 1,000" not in client_for(who).get("/acme/").text
    fill(200)
    assert "1,000 of 1,000. No more can be added." in owner.get("/acme/").text


def test_the_last_is_made_and_the_next_is_refused_by_page_and_program(
    client_for: ClientFor, api_for: Api, fill: Fill
) -> None:
    fill(999)
    owner, rep = client_for("owner"), client_for("rep")
    assert rep.post("/acme/companies", data={"name": "The last"}).status_code == 303
    refused = rep.post("/acme/companies", data={"name": "One more", "description": "Typed at length"})
    assert (refused.status_code, heading(refused)) == (403, FULL)
    assert "Free has room for 1,000, and there are 1,000." in refused.text
    assert "Olivia Owner" in refused.text
    assert "Typed at length" in refused.text
    assert "billing/plans" not in refused.text
    pays = owner.post("/acme/contacts", data={"name": "One more"})
    assert (pays.status_code, heading(pays)) == (403, FULL)
    assert "/acme/settings/billing/plans" in pays.text
    told = problem(api_for("rep").post("/contacts", json={"name": "One more"}), 403, "plan-limit")
    assert (told["limit"], told["most"], told["used"]) == ("customers", 1000, 1000)
    part = rep.post("/acme/companies", data={"name": "x"}, headers={"HX-Request": "true"})
    assert (part.status_code, "no room" in part.headers["HX-Trigger"]) == (403, True)


def test_a_deal_with_a_new_customer_is_refused_whole_and_an_old_one_is_not(
    client_for: ClientFor, api_for: Api, fill: Fill
) -> None:
    old: Any = api_for("rep").post("/companies", json={"name": "Old"})
    fill(999)
    rep = api_for("rep")
    deal = {"name": "Deal", "company_id": old.json["id"], "amount": {"amount": "1", "currency": "USD"}}
    assert rep.post("/opportunities", json=deal).status_code == 201
    assert rep.patch(f"/companies/{old.json['id']}", json={"name": "Renamed"}).status_code == 200


def test_what_is_in_the_bin_waits_there_and_room_lets_it_back(client_for: ClientFor, api_for: Api, fill: Fill) -> None:
    made: Any = api_for("rep").post("/companies", json={"name": "Deleted"})
    other: Any = api_for("rep").post("/companies", json={"name": "Other"})
    assert api_for("rep").delete(f"/companies/{made.json['id']}").status_code == 204
    fill(999)
    rep, path = client_for("rep"), f"/acme/recycle-bin/company/{made.json['id']}/restore"
    path = path if rep.get("/acme/recycle-bin").status_code == 200 else path.replace("recycle-bin", "bin")
    refused = rep.post(path)
    assert (refused.status_code, heading(refused)) == (403, FULL)
    assert api_for("rep").delete(f"/companies/{other.json['id']}").status_code == 204
    assert rep.post(path).status_code == 303


def test_two_at_once_are_over_by_no_more_than_those_who_came_at_once(
    free: Flask, api_for: Api, fill: Fill, cast: Cast
) -> None:
    fill(999)
    together = threading.Barrier(4, timeout=30)

    def make(number: int) -> int:
        phone = api_for("rep")
        together.wait()
        return phone.post("/companies", json={"name": f"At once {number}"}).status_code

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(make, range(4)))
    made = answers.count(201)
    assert 1 <= made <= 4
    assert customers(free, cast) == 999 + made
    assert api_for("rep").post("/companies", json={"name": "After"}).status_code == 403


def test_members_are_as_many_as_the_plan_has_seats(
    client_for: ClientFor, free: Flask, role_ids: dict[str, str]
) -> None:
    owner = client_for("owner")
    form = {"email": ["new@x.example"], "role_id": [role_ids["rep"]], "team_id": [""]}
    refused = owner.post("/acme/settings/members/invitations", data=form)
    assert (refused.status_code, heading(refused)) == (403, "All members of your plan are here.")
    assert "/acme/settings/billing/plans" in refused.text
    admin = client_for("admin").post("/acme/settings/members/invitations", data=form)
    assert "Olivia Owner" in admin.text
    assert "new@x.example" in admin.text, "what was filled in is kept"


def test_mails_of_a_day_come_to_an_end_and_begin_anew(
    client_for: ClientFor, free: Flask, cast: Cast, installation: Installation, role_ids: dict[str, str]
) -> None:
    put(free, installation.place, cast.tenants["acme"].id, plan="free", state="free", limits={"members": 500})
    most = catalogue_mails(free)
    with installation.place.owner() as connection:
        connection.execute(f"SET search_path = {cast.tenants['acme'].schema_name}")
        used = "INSERT INTO usage_sums (kind, day, amount) VALUES ('mails', (now() AT TIME ZONE 'UTC')::date, %s)"
        connection.execute(used, [most - 1])
    owner = client_for("owner")

    def invite(email: str) -> Any:
        form = {"email": [email], "role_id": [role_ids["rep"]], "team_id": [""]}
        return owner.post("/acme/settings/members/invitations", data=form)

    assert invite("last@x.example").status_code == 303
    refused = invite("next@x.example")
    assert (refused.status_code, heading(refused)) == (403, "Your plan’s mails for today are used up.")
    assert "Tomorrow there are new ones." in refused.text


def catalogue_mails(app: Flask) -> int:
    with app.app_context():
        return catalogue().plan("free").limits["mails_per_day"]


def picture(size: int) -> io.BytesIO:
    made = io.BytesIO()
    Image.effect_noise((size, size), 90).convert("RGB").save(made, "PNG")
    made.seek(0)
    return made


def test_a_logo_needs_room_and_a_smaller_one_never_does(
    client_for: ClientFor, free: Flask, cast: Cast, installation: Installation
) -> None:
    owner, tenant_id = client_for("owner"), cast.tenants["acme"].id
    put(free, installation.place, tenant_id, plan="free", state="free", limits={"storage_bytes": 1_000_000})

    def send(size: int) -> Any:
        return owner.post("/acme/settings/appearance/logo", data={"logo": (picture(size), "logo.png")})

    assert send(100).status_code == 303
    put(free, installation.place, tenant_id, plan="free", state="free", limits={"storage_bytes": 10})
    refused = send(180)
    assert (refused.status_code, heading(refused)) == (403, "Your plan has no room for more files.")
    assert send(40).status_code == 303, "one in the place of a larger one makes less"


def test_programs_are_told_how_fast_they_may_be(free: Flask, api_for: Api) -> None:
    phone = api_for("rep")
    answers: list[Any] = [phone.get("/companies") for _ in range(70)]
    refused = [one for one in answers if one.status_code == 429]
    assert len(refused) >= 9
    assert refused[0].headers["Retry-After"]
    assert problem(refused[0], 429, "too-many-requests")


@pytest.mark.parametrize(
    ("who", "path", "data", "name"),
    [
        ("owner", "/acme/settings/audit/export", None, "Export of the audit log"),
        ("owner", "/acme/settings/domain", {"domain": "crm.example.com"}, "Own domain"),
    ],
)
def test_what_the_plan_does_not_have_is_named_with_the_way_on(
    client_for: ClientFor, free: Flask, who: str, path: str, data: dict[str, str] | None, name: str
) -> None:
    browser = client_for(who)
    answer = browser.post(path, data=data) if data is not None else browser.get(path)
    assert (answer.status_code, heading(answer)) == (403, f"{name}: not in Free")
    assert "/acme/settings/billing/plans" in answer.text
