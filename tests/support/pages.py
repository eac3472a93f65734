"""What a page offers: its forms with their fields, and the names its links put into addresses."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

from tests.support.tags import Tags

TYPED = {"text", "search", "email", "tel", "url", "password", "number", "date", "datetime-local", "textarea", ""}


@dataclass
class Form:
    """One form: where it goes, and its fields as (name, kind, value)."""

    action: str
    method: str
    fields: list[tuple[str, str, str]] = field(default_factory=list)

    def filled(self, values: dict[str, str], *, everything: bool = False) -> dict[str, str]:
        """Return what would be sent: `values` in the fields one types into, or in every field."""
        sent = {}
        for name, kind, value in self.fields:
            sent[name] = values.get(name, value) if everything or kind in TYPED else value
        return sent


class Page(Tags):
    """A parsed page: `forms` and the `queries` of its links, as (path, names)."""

    def __init__(self, text: str) -> None:
        self.forms: list[Form] = []
        self.queries: set[tuple[str, str]] = set()
        self.links: set[str] = set()
        self._select: str | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note forms, fields and links."""
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(given.get("action", ""), given.get("method", "get").lower()))
        elif tag in ("input", "textarea", "select", "button") and given.get("name") and self.forms:
            kind = given.get("type", "") if tag == "input" else tag
            self.forms[-1].fields.append((given["name"], kind, given.get("value", "")))
            self._select = given["name"] if tag == "select" else None
        elif tag == "option" and self._select and "selected" in given:
            fields = self.forms[-1].fields
            fields[-1] = (self._select, "select", given.get("value", ""))
        for name in ("href", "hx-get", "action"):
            if given.get(name, "").startswith(("/", "?")):
                parts = urlsplit(given[name])
                self.links.add(parts.path)
                self.queries |= {(parts.path, key) for key, _ in parse_qsl(parts.query, keep_blank_values=True)}


def query_names(pages: Iterable[Page]) -> set[str]:
    """Return the names that pages put into the query strings of addresses."""
    linked = {name for page in pages for _, name in page.queries}
    asked = {name for page in pages for form in page.forms if form.method == "get" for name, _, _ in form.fields}
    return linked | asked
