"""Two who decide for the first time at once: the second is told, and nothing of the first's is lost unseen."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from tests.support.api import problem
from tests.support.clients import Browser, Phone
from tests.web.pages import summary, value

ClientFor = Callable[..., Browser]
ApiFor = Callable[..., Phone]
TOLD = "Somebody else saved settings meanwhile. What you chose is still here; saving it replaces theirs."
SSO = {"client_id": "crm", "client_secret": "s" * 20, "domains": ""}
FORMS: dict[str, tuple[str, dict[str, str], dict[str, str], str]] = {
    "sharing": ("/acme/settings/sharing", {}, {"children_follow": "1"}, ""),
    "how long the log is kept": (
        "/acme/settings/audit/keep", {"audit_days": "365"}, {"audit_days": "730"}, 'value="730" selected'
    ),
    "sign-ins": (
        "/acme/settings/security/entry", {"session_hours": "12"}, {"idle_minutes": "30"}, 'value="30" selected'
    ),
    "two-factor sign-in": (
        "/acme/settings/security", {"who": "nobody"}, {"who": "nobody"}, ""
    ),
    "numbers": (
        "/acme/settings/numbering/company", {"on": "1", "pattern": "A-{000}"}, {"on": "1", "pattern": "B-{000}"},
        'value="B-{000}"',
    ),
    "accent": (
        "/acme/settings/appearance", {"whose": "own", "accent": "#7a1f5c"}, {"whose": "own", "accent": "#1f5c7a"},
        'value="#1f5c7a"',
    ),
    "privacy": (
        "/acme/settings/privacy", {"keep_years": "5", "responsible": "Ann"}, {"keep_years": "5", "responsible": "Bob"},
        'Bob',
    ),
    "single sign-on": (
        "/acme/settings/security/sso", {"issuer": "https://one.example", **SSO},
        {"issuer": "https://two.example", **SSO}, 'value="https://two.example"',
    ),
}  # fmt: skip
BODIES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "/security": ({"session_hours": 12}, {"session_hours": 24}),
    "/numbering/company": ({"on": True, "pattern": "A-{000}"}, {"on": True, "pattern": "B-{000}"}),
    "/workspace": ({"fiscal_month": 4}, {"fiscal_month": 7}),
    "/sso": (
        {"issuer": "https://one.example", "client_id": "one", "client_secret": "s" * 20},
        {"issuer": "https://two.example", "client_id": "two", "client_secret": "s" * 20},
    ),
}


@pytest.mark.parametrize("which", FORMS)
def test_the_second_first_save_is_told_and_keeps_what_was_chosen(client_for: ClientFor, which: str) -> None:
    path, theirs, mine, kept = FORMS[which]
    first, second = client_for("owner"), client_for("owner")
    shown = value(first.get(path), "version")
    assert shown == value(second.get(path), "version")
    change = theirs if which != "two-factor sign-in" else {"who": "nobody"}
    if which == "two-factor sign-in":  # what is asked of all would be asked of who sends it: another decision moves it
        sharing = "/acme/settings/sharing"
        assert first.post(sharing, data={"version": shown, "confirmed": "1"}).status_code == 303
    else:
        assert first.post(path, data={**change, "version": shown, "confirmed": "1"}).status_code == 303
    told = second.post(path, data={**mine, "version": shown, "confirmed": "1"})
    assert told.status_code == 409, told.text[-1000:]
    assert TOLD in summary(told)
    assert kept in told.text
    assert second.get(path).text.count(kept) < 2 or not kept
    again = second.post(path, data={**mine, "version": value(told, "version"), "confirmed": "1"})
    assert again.status_code == 303, "now they have been told"


@pytest.mark.parametrize("path", BODIES)
def test_of_two_programs_at_the_same_moment_one_is_refused(api_for: ApiFor, path: str) -> None:
    seen = _look(api_for, path).headers["ETag"]
    start = Barrier(2)

    def decide(body: dict[str, Any]) -> Any:
        phone = api_for("owner")
        start.wait(20)
        return phone.patch(path, json=body, headers={"If-Match": seen})

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(decide, BODIES[path]))
    [done] = [answer for answer in answers if answer.status_code == 200]
    [late] = [answer for answer in answers if answer is not done]
    told = problem(late, 412, "precondition-failed")
    now = _look(api_for, path)
    assert now.json == done.json, "what the first one decided stands"
    assert told["current"] == now.json, "and is told to the second"
    assert late.headers["ETag"] == now.headers["ETag"]


def _look(api_for: ApiFor, path: str) -> Any:
    """Return what is decided; of one kind of numbers alone a change of nothing tells it."""
    phone = api_for("owner")
    return phone.patch(path, json={}) if path.startswith("/numbering") else phone.get(path)
