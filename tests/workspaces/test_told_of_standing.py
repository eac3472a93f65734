"""What the pages of a workspace that is closed or read-only tell, and to whom."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from html import unescape
from pathlib import Path

import pytest

from tests.leaks.forms import Forms
from tests.support.clients import Browser, Phone
from tests.workspaces.test_standing import Pause
from web.paused import _is_written

ClientFor = Callable[..., Browser]
ApiFor = Callable[..., Phone]


@pytest.mark.parametrize("kind", ["closed", "read_only"])
def test_who_is_no_member_is_not_told_why(client_for: ClientFor, api_for: ApiFor, pause: Pause, kind: str) -> None:
    """Pages that are everybody's are answered before anybody is asked who it is."""
    pause(
        kind, reason="The invoice of May is open.", ask="billing@host.example", until=datetime(2031, 2, 3, tzinfo=UTC)
    )
    nobody = client_for(None)
    answers = [nobody.post("/acme/invitations/any", data={}), client_for("stranger").post("/acme/invitations/any")]
    if kind == "closed":
        paths = ("manifest.webmanifest", "invitations/any", "privacy-register/any")
        answers += [nobody.get(f"/acme/{path}") for path in paths]
        answers.append(api_for(None, slug="acme").post("/tokens", json={}))
        assert {answer.status_code for answer in answers} == {403}
    for answer in answers:
        for secret in ("invoice", "billing@host", "meant to be open"):
            assert secret not in answer.text, answer.request.path
    assert "The invoice of May is open." in client_for("rep").get("/acme/").text


@pytest.mark.parametrize(
    ("path", "form", "typed", "again"),
    [
        ("companies", {"name": "Ada", "city": "berlin", "tags": "urgent"}, "Ada\nberlin\nurgent", True),
        ("companies?next=/x&a=%C3%A4", {"name": "ada"}, "ada", True),
        ("log", {"kind": "call", "outcome": "reached", "body": "ok", "company_id_text": "adler"}, "ok\nadler", True),
        ("settings/roles", {"name": "sales", "company__read": "all", "rule__contact__phone": "hidden"}, "sales", True),
        ("settings/security/sso", {"issuer": "https://a.example", "client_secret": "hush"}, "https://a.example", False),
        ("settings/tokens", {"name": "till", "proof_password": "hush", "proof_passkey": '{"hush": 1}'}, "till", True),
    ],
)  # fmt: skip
def test_what_was_typed_is_shown_whole_and_no_secret_is(
    client_for: ClientFor, pause: Pause, path: str, form: dict[str, str], typed: str, again: bool
) -> None:
    pause()
    page = client_for("owner").post(f"/acme/{path}", data=form)
    assert page.status_code == 403
    shown = re.search(r'id="typed-words"[^>]*>(.*?)</textarea>', page.text, re.S)
    assert shown is not None
    assert unescape(shown[1]).replace("\r\n", "\n") == typed
    assert "hush" not in page.text
    offered = [target for one in Forms(page.text).forms for target in one.targets]
    assert (("POST", f"/acme/{path}") in offered) == again


def test_every_field_that_people_write_in_counts_as_words() -> None:
    source = "\n".join(path.read_text() for path in Path("web/templates").rglob("*.html"))
    written = set(re.findall(r"\b(?:field|textarea|money_field)\('([a-z_]+)'", source))
    missing = {name for name in written if not _is_written(name)}
    assert len(written) > 40
    assert missing == set()
