"""One request of the hunt, and what came of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from werkzeug.test import TestResponse

from tests.guard.endpoints import SAFE, Endpoint
from tests.leaks.marks import Mark, marks_in, marks_of
from tests.leaks.payments import TABLES
from tests.leaks.watch import Change, Watch
from tests.leaks.world import Estate
from tests.support.clients import Browser, Phone, browser_of, phone_of


@dataclass(frozen=True)
class Case:
    """Who asks what: an address, perhaps a form or a body, and whose ids are in the path and in the rest."""

    who: str
    endpoint: Endpoint
    address: str
    target: str
    sent: Any = None
    named: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    expects: Callable[[str], str] | None = None
    """Says what is wrong with an answer beyond what every answer is judged for, "" for nothing."""

    def __str__(self) -> str:
        said = f" {json.dumps(self.sent, default=str, ensure_ascii=False)[:300]}" if self.sent else ""
        named = f", {self.named}" if self.named else ""
        return f"{self.who} → {self.endpoint} ({self.target}'s{named}) {self.address}{said}"

    @property
    def place(self) -> str:
        """Return where what is tried stands: under a name of the query, the form or the body, or in the path."""
        return self.named.partition(" ")[0] or "path"

    @property
    def whose(self) -> list[str]:
        """Return whose ids these are."""
        return (self.named.partition(" ")[2] or self.target).split(" + ")


@dataclass(frozen=True)
class Outcome:
    """The answer, the marks it shows, and what would have changed."""

    answer: TestResponse
    marks: set[Mark]
    changes: list[Change]


class Asker:
    """Sends requests in everybody's name, each from a browser or a program that knows nothing of the others."""

    def __init__(self, estate: Estate, watch: Watch) -> None:
        self.estate, self.watch, self.tried = estate, watch, 0
        self._readers: dict[str, Browser] = {}
        self._phones: dict[str, Phone] = {}

    def ask(self, case: Case) -> Outcome:
        """Send one request; what it changes is told and taken back."""
        self.tried += 1
        answer = self._send(case)
        asks_stripe = "/billing" in case.endpoint.rule.rule  # and writes, also where somebody only comes back to us
        changes = self.watch.take(committed=asks_stripe or case.endpoint.method not in SAFE)
        if self.estate.payments is not None and any(change.table in TABLES for change in changes):
            self.estate.payments.put_back()
            self.watch.forget()
        said = f"{unquote(case.address)} {json.dumps(case.sent, default=str) if case.sent else ''}"
        return Outcome(answer, marks_of(answer) - marks_in(said), changes)

    def _send(self, case: Case) -> TestResponse:
        person, endpoint = self.estate.people[case.who], case.endpoint
        if endpoint.is_api:
            body: dict[str, Any] = {}
            if endpoint.method in ("POST", "PUT", "PATCH"):
                patch = "application/merge-patch+json" if endpoint.method == "PATCH" else "application/json"
                body = {"data": json.dumps(case.sent or {}, default=str), "content_type": patch}
            phone = self._phones.get(case.who) or phone_of(self.estate.app, person)
            self._phones[case.who] = phone
            return phone.open(case.address, method=endpoint.method, headers=dict(case.headers), **body)
        if endpoint.method in SAFE:
            browser = self._readers.get(case.who) or browser_of(self.estate.app, person)
            self._readers[case.who] = browser
        else:  # what one is told after a change waits in the cookie for the next page
            browser = browser_of(self.estate.app, person)
        form = {"data": case.sent} if endpoint.method != "GET" and case.sent else {}
        return browser.open(case.address, method=endpoint.method, headers=dict(case.headers), **form)
