"""Attributes that components write from a mapping: whatever is in them, it stays in them."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from flask import Flask

TEMPLATE = (
    "{% from 'components/button.html' import link_button, button, icon_button, post_button %}{{ CALL }}"
)  # fmt: skip
AWKWARD = {"a": 'x" onclick="alert(1)', "b": "<b>&amp;'é\u2028"}


class First(HTMLParser):
    """The attributes of the first tag."""

    found: dict[str, str | None] | None = None

    def handle_starttag(self, _tag: str, attributes: list[tuple[str, str | None]]) -> None:
        """Take note of it."""
        self.found = dict(attributes) if self.found is None else self.found


@pytest.mark.parametrize("call", [
    "link_button('Label', '/there', attrs={'data-x': X})", "button('Label', attrs={'data-x': X})",
    "icon_button('Label', 'plus', '/there', attrs={'data-x': X})",
    "post_button('Label', '/there', attrs={'data-x': X})",
])  # fmt: skip
@pytest.mark.parametrize("value", ["kept|tojson", "kept|tojson|forceescape", "text"])
def test_what_is_in_an_attribute_stays_there(app: Flask, call: str, value: str) -> None:
    with app.test_request_context("/"):
        written = app.jinja_env.from_string(TEMPLATE.replace("CALL", call.replace("X", value))).render(
            kept=AWKWARD, text=AWKWARD["a"]
        )
        reader = First()
        reader.feed(written)
    assert reader.found is not None
    assert "onclick" not in reader.found
    said = app.json.loads(reader.found["data-x"] or "") if value != "text" else reader.found["data-x"]
    assert said == (AWKWARD if value != "text" else AWKWARD["a"])
