"""What an empty search advises is what the reader may search by; no two entries of the settings look alike."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable

import pytest

from tests.support.clients import Browser
from tests.support.field_rules import close_fields
from tests.web.pages import words

ClientFor = Callable[..., Browser]
ADDRESSES = ("companies?q=qqqq", "contacts?q=qqqq", "search?q=qqqq", "search")


@pytest.mark.parametrize("address", ADDRESSES)
def test_nobody_is_advised_to_search_by_what_their_role_hides(client_for: ClientFor, acting, address: str) -> None:
    assert "phone number" in words(client_for("rep").get(f"/acme/{address}"))
    close_fields(acting)
    text = words(client_for("rep").get(f"/acme/{address}"))
    assert "phone number" not in text
    assert "e-mail address" not in text


def test_each_entry_of_the_settings_has_an_icon_of_its_own(client_for: ClientFor) -> None:
    page = client_for("owner").get("/acme/settings").text
    icons = re.findall(r'class="choice" href="[^"]*"><svg[^>]*>\s*<use href="[^"#]*#([\w-]+)"', page)
    assert len(icons) > 15
    assert [icon for icon, times in Counter(icons).items() if times > 1] == []
