"""The list of members that is shown again with an error is the one from which they were chosen."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape

from tests.support.cast import Cast
from tests.support.clients import Browser
from tests.web.pages import chosen

CHANGE = "/acme/settings/members/changes"


def test_the_list_shown_again_is_that_of_before(client_for: Callable[..., Browser], cast: Cast) -> None:
    before = "/acme/settings/members?q=r&status=active&sort=email&after=x"
    data = {"members": str(cast["rep"].member_id), "what": "nonsense", "next": before}
    page = client_for("admin").post(CHANGE, data=data)
    assert page.status_code == 422
    links = [unescape(found) for found in re.findall(r'href="([^"]*sort=[^"]*)"', page.text)]
    assert links
    assert all(found.startswith("/acme/settings/members?q=r&status=active&sort=") for found in links), links
    assert chosen(page, "status") == "active"
