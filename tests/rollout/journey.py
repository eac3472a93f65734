"""A journey through all that the former release did in a workspace, by its pages and its API.

Each step finds the form on the page it stands on, as a person would, and notes which address answered how.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from werkzeug.test import TestResponse

from tests.rollout.conftest import Rollout
from tests.support.cast import PASSWORD
from tests.support.clients import Browser, Phone, browser_of, phone_of
from tests.support.mailbox import Mailbox
from tests.support.pages import Form, Page


class Traveller:
    """Somebody of acme, with a browser and a phone, who notes what each address answered."""

    def __init__(self, rollout: Rollout, who: str) -> None:
        self.app = rollout.app
        self._adapter = rollout.app.url_map.bind("localhost")
        self.browser: Browser = browser_of(rollout.app, rollout.cast[who])
        self.phone: Phone = phone_of(rollout.app, rollout.cast[who])
        self.noted: dict[str, set[int]] = defaultdict(set)

    def note(self, method: str, path: str, answer: TestResponse) -> TestResponse:
        """Note an answer under the address as the application knows it."""
        inside = path.partition("?")[0].removeprefix("/acme")
        rule, _values = self._adapter.match(inside, method, return_rule=True)
        self.noted[f"{method} {rule.rule}"].add(answer.status_code)
        return answer

    def look(self, path: str) -> TestResponse:
        """Ask for a page or, below `/api/`, for what a program asks for."""
        client = self.phone if path.startswith("/acme/api/") else self.browser
        return self.note("GET", path, client.get(path))

    def send(self, page: str, action: str, **values: str) -> str:
        """Fill the form of a page that goes to `action`, send it, and return where it leads; it must have been done."""
        forms = [form for form in Page(self.look(page).text).forms if form.action.partition("?")[0].endswith(action)]
        assert forms, f"{page} has no form for {action}"
        return self.post(forms[0], **values)

    def post(self, form: Form, **values: str) -> str:
        """Send a form with these values in its fields; it must have been done."""
        sent = form.filled({}) | values
        answer = self.note("POST", form.action, self.browser.post(form.action, data=sent))
        assert answer.status_code in (200, 201, 204, 303), f"{form.action}: {answer.status_code} {answer.text[-1500:]}"
        return answer.headers.get("Location", "").partition("?")[0]

    def do(self, path: str, **values: Any) -> None:
        """Send what a button sends; it must have been done."""
        answer = self.note("POST", path, self.browser.post(path, data=values))
        assert answer.status_code in (200, 204, 303), f"{path}: {answer.status_code} {answer.text[-1500:]}"

    def version_of(self, path: str) -> dict[str, str]:
        """Return the header that says on which version of a record a change is based."""
        return {"If-Match": self.look(f"/acme/api/v1{path}").headers["ETag"]}

    def call(self, method: str, path: str, body: Any = None, **headers: Any) -> Any:
        """Say something by the API and return what it answers; it must have been done."""
        path = f"/acme/api/v1{path}"
        answer = self.note(method, path, self.phone.open(path, method=method, json=body, headers=headers))
        assert answer.status_code in (200, 201, 204), f"{method} {path}: {answer.text}"
        return answer.get_json(silent=True) or {}


def customers_and_work(owner: Traveller, stages: Sequence[str]) -> None:
    """Customers, activities and deals on pages: made, changed, moved, closed, deleted and restored."""
    company = owner.send("/acme/companies/new", "/acme/companies", name="Rollout Ltd")
    owner.send(f"{company}/edit", company, name="Rollout plc")
    contact = owner.send("/acme/contacts/new", "/acme/contacts", name="Ada Behind")
    owner.send(f"{contact}/edit", contact, name="Ada B.")
    about = {"company_id": _id(company)}
    owner.look("/acme/activities/new")
    owner.do("/acme/activities", kind="task", state="planned", subject="Ring them", due_at="2030-12-01T09:00", **about)
    [task] = [each for each in owner.call("GET", "/activities")["items"] if each["subject"] == "Ring them"]
    activity = f"/acme/activities/{task['id']}"
    owner.send(f"{activity}/edit", activity, subject="Ring again")
    owner.do(f"{activity}/done")
    owner.do(f"{activity}/reopen")
    owner.look("/acme/log")
    owner.do("/acme/log", kind="note", body="Noted", recent=f"company:{_id(company)}", next_step="none")
    deal = owner.send("/acme/deals/new", "/acme/deals", name="A deal", amount="10", **about)
    owner.send(f"{deal}/edit", deal, name="A better deal")
    owner.do(f"{deal}/stage", stage_id=stages[1])
    owner.send(f"{deal}/closure?outcome=won", f"{deal}/closure", outcome="won")
    owner.note("DELETE", f"{deal}/closure", owner.browser.delete(f"{deal}/closure"))
    for place in (activity, deal, contact, company):
        owner.do(f"{place}/recycle")
    owner.look("/acme/recycle-bin")
    owner.do(f"/acme/recycle-bin/company/{_id(company)}/restore")


def people(owner: Traveller, member_id: UUID, roles: Mapping[str, str]) -> None:
    """Members, invitations, one's own tokens and the settings of the workspace, on pages."""
    member = f"/acme/settings/members/{member_id}"
    owner.send(member, f"{member}/role", role_id=roles["viewer"])
    owner.do(f"{member}/freezing")
    owner.do(f"{member}/thawing")
    owner.do(f"{member}/removal")
    owner.do("/acme/settings/members/invitations", email="new@acme.example", role_id=roles["rep"])
    for form in Page(owner.look("/acme/settings/members").text).forms:
        if form.action.endswith("/mail"):
            owner.post(form)
            owner.do(form.action.replace("/mail", "/withdrawal"))
            break
    owner.send("/acme/settings/tokens", "/acme/settings/tokens", name="A phone")
    for form in Page(owner.look("/acme/settings/tokens").text).forms:
        if form.action.endswith("/end"):
            owner.post(form)
            break
    owner.send("/acme/settings/workspace", "/acme/settings/workspace", name="Acme Rolled Out")


def pipeline(owner: Traveller, pipeline_id: str) -> None:
    """The pipeline and its stages, on pages."""
    place = f"/acme/settings/pipelines/{pipeline_id}"
    owner.send(f"{place}/name", f"{place}/name", name="Selling")
    owner.do(f"{place}/stages", name="One more", probability="40")
    stages = [
        stage["id"] for stage in owner.call("GET", f"/pipelines/{pipeline_id}")["stages"] if stage["kind"] == "open"
    ]
    owner.do(f"{place}/order", order=stages[::-1])
    last = f"/acme/settings/pipelines/stages/{stages[-1]}"
    owner.send(last, last, name="Called otherwise", probability="30")
    owner.do(f"{last}/archiving")
    owner.do(f"{last}/unarchiving")


def by_the_api(owner: Traveller, stages: Sequence[str]) -> None:
    """All that a program changes."""
    company = owner.call("POST", "/companies", {"name": "By a program"})
    contact = owner.call("POST", "/contacts", {"name": "A person", "company_id": company["id"]})
    activity = owner.call("POST", "/activities", {"kind": "note", "body": "Written", "company_id": company["id"]})
    deal = owner.call("POST", "/opportunities", {"name": "A deal", "company_id": company["id"]})
    place = f"/opportunities/{deal['id']}"
    owner.call("PUT", f"{place}/stage", {"stage_id": stages[1]}, **owner.version_of(place))
    owner.call("PUT", f"{place}/closure", {"outcome": "won"}, **owner.version_of(place))
    owner.call("DELETE", f"{place}/closure", **owner.version_of(place))
    for path, record, change in (
        ("activities", activity, {"body": "Written anew"}), ("opportunities", deal, {"name": "Better"}),
        ("contacts", contact, {"name": "Somebody"}), ("companies", company, {"name": "By another"}),
    ):  # fmt: skip
        place = f"/{path}/{record['id']}"
        owner.call("PATCH", place, change, **owner.version_of(place))
        owner.call("DELETE", place, **owner.version_of(place))
    owner.call("PATCH", "/me", {"name": "Olivia Owner-Behind"}, **owner.version_of("/me"))
    owner.call("DELETE", f"/tokens/{owner.call('GET', '/tokens')['items'][-1]['id']}")


def coming_in(owner: Traveller, mailbox: Mailbox, roles: Mapping[str, str]) -> None:
    """The first steps of a workspace, an invitation that is accepted, and a phone that signs in."""
    owner.do("/acme/setup/sample-data")
    owner.do("/acme/setup/sample-data/removal")
    owner.do("/acme/setup/invitations", email="nina@new.example", role_id=roles["rep"])
    link = mailbox.link("nina@new.example", "/invitations/")
    sent = {"name": "Nina New", "password": PASSWORD}
    nina = browser_of(owner.app, None)
    assert owner.note("GET", link, nina.get(link)).status_code == 200
    answer = owner.note("POST", link, nina.post(link, data=sent))
    assert answer.status_code == 303, answer.text[-1500:]
    assert nina.get("/acme/companies").status_code == 200
    asked = {"email": "nina@new.example", "password": PASSWORD, "name": "Nina's phone"}
    token = owner.call("POST", "/tokens", asked)["token"]
    phone = phone_of(owner.app, None, "acme")
    phone.token = token
    assert phone.get("/me").json["name"] == "Nina New"
    again = browser_of(owner.app, None)
    assert again.post("/signin", data={"email": asked["email"], "password": PASSWORD}).status_code == 303
    assert again.get("/acme/").status_code == 200
    again.post("/profile", data={"name": "Nina Newer", "locale": "en", "timezone": "UTC"})
    mailbox.arrived()
    assert phone.get("/me").json["name"] == "Nina Newer", "what a person changes reaches a workspace that is behind"


def _id(place: str) -> str:
    return place.rpartition("/")[2]
