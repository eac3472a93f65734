"""The pages of changing one's address, on the phone and on the desktop."""

from __future__ import annotations

from collections.abc import Callable

from tests.browser.eyes import Eyes
from tests.support.clients import Browser
from tests.support.mailbox import Mailbox
from tests.web.email_change import CONFIRM, FORMER, PAGE, UNDO, ask

LONG = f"{'rita.' * 11}rep@{'long-' * 11}name.example"


def test_pages_of_another_address(
    eyes_of: Callable[..., Eyes], client_for: Callable[..., Browser], mailbox: Mailbox
) -> None:
    """Asked for, to be confirmed, to be stopped; refused ones; and links that are no good."""
    ask(client_for("rep"), LONG)
    link, stop = mailbox.link(LONG, CONFIRM), mailbox.link(FORMER, UNDO)
    eyes = eyes_of("rep")
    eyes.look(PAGE)
    eyes.send(PAGE, {"email": "nobody"}, status=422)
    eyes.look(link)
    eyes.look(f"{CONFIRM}unknown", there=False)
    nobody = eyes_of(None)
    nobody.look(stop)
    nobody.send(stop, {"password": "short"}, status=422)
    nobody.look(f"{UNDO}unknown", there=False)
    assert eyes.found + nobody.found == []
