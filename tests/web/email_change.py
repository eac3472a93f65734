"""Asking for another address, and following what is mailed."""

from __future__ import annotations

from werkzeug.test import TestResponse

from tests.support.clients import Browser
from tests.support.mailbox import Mailbox

PAGE = "/profile/email"
CONFIRM, UNDO = f"{PAGE}/confirmation/", f"{PAGE}/undo/"
FORMER, NEW = "rep@acme.example", "rita.new@elsewhere.example"


def ask(browser: Browser, email: str = NEW) -> TestResponse:
    """Ask for another address."""
    return browser.post(PAGE, data={"email": email})


def changed(browser: Browser, mailbox: Mailbox, email: str = NEW) -> str:
    """Change the address; return the link that did it."""
    ask(browser, email)
    link = mailbox.link(email, CONFIRM)
    assert browser.post(link).status_code == 303
    return link
