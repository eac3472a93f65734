"""Would what looks at every page notice? A page that is wrong on the phone, on the desktop, or in the dark alone."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from tests.browser.eyes import Eyes

PAGE = """<!doctype html><html lang="en"><head><title>A page</title>
<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark"><style>
body {{ background: light-dark(#fff, #000); color: light-dark(#000, #fff); margin: 0 }}
a {{ display: block; padding: 20px; color: inherit }} {style}
</style></head><body><main><h1>A page</h1><p>Some words</p><a href="/">Away</a></main></body></html>"""


@pytest.mark.parametrize(
    ("style", "wrong"),
    [
        ("", []),
        ("h1 { width: 600px }", ["phone: sideways", "phone: sideways at 320", "phone: dark, sideways"]),
        ("h1 { width: 350px }", ["phone: sideways at 320"]),
        ("h1 { width: 1400px }", ["desktop: sideways", "desktop: dark, sideways", "phone: sideways"]),
        ("a { padding: 0 }", ["phone: small"]),
        ("@media (pointer: fine) { p { color: #777a } }", ["desktop: color-contrast", "desktop: dark: color-contrast"]),
        ("@media (pointer: coarse) { p { color: light-dark(#000, #333) } }", ["phone: dark: color-contrast"]),
        ("@media (width > 700px) { p { color: light-dark(#ccc, #fff) } }", ["desktop: color-contrast"]),
    ],
)
def test_what_is_wrong_is_noticed_where_it_is(eyes_of: Callable[..., Eyes], style: str, wrong: list[str]) -> None:
    eyes = eyes_of(None)
    for _ in range(2):  # the second page finds the tab as the first one did
        eyes.page.goto("about:blank")
        eyes.page.set_content(PAGE.format(style=style))
        eyes.found.clear()
        eyes.see("here")
        found = [one.removeprefix("here, ") for one in eyes.found]
        assert [start for start in wrong if not any(one.startswith(start) for one in found)] == [], found
        assert wrong or not found
        assert not wrong or {one.partition(":")[0] for one in found} == {one.partition(":")[0] for one in wrong}, found


def test_what_comes_late_for_the_page_before_is_not_weighed_with_the_next(eyes_of: Callable[..., Eyes]) -> None:
    eyes = eyes_of(None)
    eyes.look("/signin")
    told = eyes.weight
    eyes.page.goto("/signup", wait_until="commit")
    time.sleep(1)  # all of it comes in, and nobody here hears of it
    eyes.look("/signin")
    assert eyes.weight == pytest.approx(told, rel=0.1)
    assert eyes.found == []
