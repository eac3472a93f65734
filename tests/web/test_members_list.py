"""The list of members: searched, narrowed, sorted, paged; many changed at once."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape

import pytest
from werkzeug.test import TestResponse

from saas_crm.edge import seen
from tests.support.cast import Cast
from tests.support.clients import Browser, Phone, statements
from tests.support.installation import Installation
from tests.web.pages import flashed, heading, summary

ClientFor = Callable[..., Browser]
Roles = dict[str, str]
PAGE, CHANGE = "/acme/settings/members", "/acme/settings/members/changes"


def names(page: TestResponse) -> list[str]:
    return [name.partition(" (")[0] for name in re.findall(r'class="row-link"[^>]*>([^<]+)<', page.text)]


@pytest.fixture
def many(installation: Installation, cast: Cast, app: object) -> None:
    """Sixty more members, the last of them Chinese."""
    schema = cast.tenants["acme"].schema_name
    with installation.place.owner() as connection:
        connection.execute(
            f"INSERT INTO {schema}.members (id, user_id, name, email, locale, timezone, status, role_id, team_id)"
            f" SELECT gen_random_uuid(), gen_random_uuid(), 'P' || to_char(n, '000'), 'p' || n || '@x.example', 'en',"
            f" 'UTC', 'active', r.id, t.id FROM generate_series(1, 60) n, {schema}.roles r, {schema}.teams t"
            f" WHERE r.key = 'rep' AND t.name = 'South'"
        )
        connection.execute(f"UPDATE {schema}.members SET name = '欧阳小明' WHERE email = 'p60@x.example'")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=rita", ["Rita Rep"]), ("q=colleague@ACME", ["Carl Colleague"]), ("q=nobody", []),
        ("status=frozen", []), ("sort=-name", "reversed"), ("sort=email", "by address"),
    ],
)  # fmt: skip
def test_searched_narrowed_sorted(client_for: ClientFor, query: str, found: list[str] | str) -> None:
    everybody = names(client_for("viewer").get(PAGE))
    assert everybody[:2] == ["Adam Admin", "Carl Colleague"]
    if found == "reversed":
        found = everybody[::-1]
    if found == "by address":
        found = [
            "Adam Admin",
            "Carl Colleague",
            "Mona Manager",
            "Olivia Owner",
            "Rita Rep",
            "Tom Teammate",
            "Vera Viewer",
        ]
    assert names(client_for("viewer").get(f"{PAGE}?{query}")) == found


def test_narrowed_by_role_and_by_team_with_those_below(client_for: ClientFor, role_ids: Roles, cast: Cast) -> None:
    admin = client_for("admin")
    assert names(admin.get(f"{PAGE}?role={role_ids['manager']}")) == ["Mona Manager"]
    assert names(admin.get(f"{PAGE}?team={cast.teams['south']}")) == ["Carl Colleague"]
    assert len(names(admin.get(f"{PAGE}?team={cast.teams['root']}"))) == 7
    assert "Sales rep" in admin.get(f"{PAGE}/filters").text


def test_pages_by_key_show_everybody_once(client_for: ClientFor, many: None) -> None:
    viewer, address, found = client_for("viewer"), PAGE, []
    while address:
        page = viewer.get(address)
        found += names(page)
        following = re.search(r'id="pager-more" href="([^"]+)"', page.text)
        address = following[1].replace("&amp;", "&") if following else ""
    assert len(found) == len(set(found)) == 67
    assert "67 people" in viewer.get(PAGE).text
    assert found.index("欧阳小明") == found.index("Olivia Owner") + 1, "Chinese names stand by their pinyin"
    assert names(viewer.get(f"{PAGE}?q=ouyang")) == ["欧阳小明"]


def test_few_statements_with_many_members(client_for: ClientFor, many: None) -> None:
    owner = client_for("owner")
    for query in ("", "?filters=1", "?q=p&status=active&sort=-last_seen_at"):
        assert statements(owner.get(PAGE + query)) <= 8, query


def test_roles_of_many_are_changed(client_for: ClientFor, role_ids: Roles, cast: Cast) -> None:
    admin = client_for("admin")
    ids = [str(cast[who].member_id) for who in ("rep", "colleague", "owner")]
    answer = admin.post(CHANGE, data={"members": ids, "what": "role", "role_id": role_ids["viewer"], "confirmed": "1"})
    assert (answer.status_code, answer.location) == (303, PAGE)
    assert statements(answer) <= 8, "whom it touches is foreseen, too"
    page = admin.get(PAGE)
    assert "Olivia Owner: Only an owner can change owners" in flashed(page)
    assert "2 people changed." in flashed(page)
    for who in ("rep", "colleague"):
        assert client_for(who).get("/acme/companies/new").status_code == 403
    assert client_for("owner").get("/acme/companies/new").status_code == 200


def test_teams_of_many_are_changed(client_for: ClientFor, cast: Cast) -> None:
    admin = client_for("admin")
    ids = [str(cast[who].member_id) for who in ("rep", "teammate")]
    data = {"members": ids, "what": "team", "team_id": str(cast.teams["south"])}
    assert admin.post(CHANGE, data=data).status_code == 303
    assert len(names(admin.get(f"{PAGE}?team={cast.teams['south']}"))) == 3


def test_many_are_locked_out_and_let_in_again(client_for: ClientFor, api_for: Callable[..., Phone], cast: Cast) -> None:
    owner = client_for("owner")
    ids = [str(cast[who].member_id) for who in ("rep", "owner")]
    asked = owner.post(CHANGE, data={"members": ids, "what": "freeze"})
    assert heading(asked) == "Lock out 1 person?"
    assert "Rita Rep" in asked.text
    assert "Olivia Owner: You cannot lock yourself out." in asked.text
    assert client_for("rep").get("/acme/companies").status_code == 200, "nobody is locked out unasked"
    owner.post(CHANGE, data={"members": ids, "what": "freeze", "confirmed": "1"})
    told = flashed(owner.get(PAGE))
    assert "You cannot lock yourself out." in told
    assert "Locked out: Rita Rep" in told
    assert client_for("rep").get("/acme/companies").status_code == 403
    assert api_for("rep").get("/me").status_code == 401
    assert names(owner.get(f"{PAGE}?status=frozen")) == ["Rita Rep"]
    owner.post(CHANGE, data={"members": ids, "what": "thaw"})
    assert client_for("rep").get("/acme/companies").status_code == 200


def test_locking_many_out_is_undone_from_the_message(client_for: ClientFor, cast: Cast) -> None:
    owner = client_for("owner")
    ids = [str(cast[who].member_id) for who in ("rep", "teammate")]
    owner.post(CHANGE, data={"members": ids, "what": "freeze", "confirmed": "1"})
    page = owner.get(PAGE)
    assert "Locked out: Rita Rep, Tom Teammate" in flashed(page)
    undo = unescape(re.search(r'action="([^"]*what=thaw[^"]*)"', page.text)[1])  # type: ignore[index]
    assert owner.post(undo).status_code == 303
    assert "Let in again: Rita Rep, Tom Teammate" in flashed(owner.get(PAGE))
    assert client_for("rep").get("/acme/companies").status_code == 200
    assert client_for("manager").post(undo).status_code == 403
    owner.post(CHANGE, data={"members": ids, "what": "thaw"})
    assert "There was nothing to change." in flashed(owner.get(PAGE))


def test_the_last_owner_stays_in_bulk_too(client_for: ClientFor, role_ids: Roles, cast: Cast) -> None:
    owner = client_for("owner")
    ids = [str(cast[who].member_id) for who in ("owner", "admin")]
    owner.post(CHANGE, data={"members": ids, "what": "role", "role_id": role_ids["owner"], "confirmed": "1"})
    owner.post(CHANGE, data={"members": ids, "what": "role", "role_id": role_ids["rep"], "confirmed": "1"})
    page = owner.get(PAGE)
    assert "Olivia Owner: A workspace needs at least one active owner." in flashed(page)
    assert client_for("admin").get(f"{PAGE}/invite").status_code == 403


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"what": "role", "role_id": "rep"}, "Choose the members first."),
        ({"members": "someone", "what": "role"}, "Choose a role."),
        ({"members": "someone", "what": "team", "team_id": "00000000-0000-0000-0000-000000000000"}, "Choose a team."),
        ({"members": "someone", "what": "nonsense"}, "Choose what to change."),
    ],
)
def test_what_is_missing_is_told_and_the_choice_kept(
    client_for: ClientFor, role_ids: Roles, cast: Cast, data: dict[str, str], said: str
) -> None:
    someone = str(cast["rep"].member_id)
    named = {"rep": role_ids["rep"], "someone": someone}
    page = client_for("admin").post(CHANGE, data={key: named.get(value, value) for key, value in data.items()})
    assert page.status_code == 422
    assert said in summary(page)
    assert page.text.count(" checked>") == ("members" in data)


@pytest.mark.parametrize("who", ["manager", "rep", "viewer"])
def test_others_change_nobody_and_see_no_boxes(client_for: ClientFor, role_ids: Roles, cast: Cast, who: str) -> None:
    browser = client_for(who)
    assert 'name="members"' not in browser.get(PAGE).text
    data = {"members": str(cast["colleague"].member_id), "what": "role", "role_id": role_ids["owner"]}
    assert browser.post(CHANGE, data=data).status_code == 403


def test_when_somebody_was_here_is_noted_after_the_answer_and_seldom(
    client_for: ClientFor, installation: Installation, cast: Cast, app_with: Callable[..., object]
) -> None:
    schema = cast.tenants["acme"].schema_name
    fresh = app_with()

    def last_seen() -> object:
        with installation.place.owner() as connection:
            return connection.execute(
                f"SELECT last_seen_at, version FROM {schema}.members WHERE id = %s", [cast["rep"].member_id]
            ).fetchone()

    assert last_seen()[0] is None  # type: ignore[index]
    client_for("viewer", of=fresh).get("/acme/companies")
    answer = client_for("rep", of=fresh).get("/acme/companies")
    cost = statements(answer)
    answer.close()
    first = last_seen()
    assert first[0] is not None  # type: ignore[index]
    assert first[1] == 1, "being here is no edit"  # type: ignore[index]
    again = client_for("rep", of=fresh).get("/acme/companies")
    again.close()
    assert last_seen() == first
    assert statements(again) == cost, "no request pays for it"
    seen.write(fresh, cast.tenants["acme"], cast["rep"].member_id)  # type: ignore[arg-type]
    assert last_seen() == first, "another process has noted it already"
    assert "just now" in client_for("admin").get(f"{PAGE}?q=rita").text


def test_when_somebody_was_here_is_told_on_the_phone_and_on_their_page(client_for: ClientFor, cast: Cast) -> None:
    row = client_for("admin").get(f"{PAGE}?q=rita").text
    assert '<span class="phone-only">Last seen: Not yet</span>' in row
    page = client_for("admin").get(f"{PAGE}/{cast['rep'].member_id}").text
    assert "<span>Last seen: Not yet</span>" in page


@pytest.mark.newest  # a workspace a release behind does not know who has a second step
def test_whether_somebody_has_a_second_step_is_told_on_their_page(client_for: ClientFor, cast: Cast) -> None:
    page = client_for("admin").get(f"{PAGE}/{cast['rep'].member_id}").text
    assert "<span>Two-factor: Off</span>" in page
