"""The forms of a page, with all that a browser would know of their fields."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.support.tags import Tags

UNTOLD = ("csrf_token", "version", "_method")


@dataclass
class Field:
    """One field: its kind, what it holds, and what may be chosen."""

    name: str
    kind: str
    value: str = ""
    options: list[str] = field(default_factory=list)
    is_chosen: bool = False


@dataclass
class Form:
    """One form: where it goes (also by its buttons), how, and its fields in order."""

    targets: set[tuple[str, str]]
    fields: list[Field] = field(default_factory=list)


class Forms(Tags):
    """A parsed page: `forms`, and what its links and lists offer for the names of queries: `offered`."""

    def __init__(self, text: str) -> None:
        self.forms: list[Form] = []
        self.links: set[str] = set()
        self._of: dict[str, Form] = {}
        self._open: Form | None = None
        self._select: Field | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note forms, fields and links."""
        given = {name: value or "" for name, value in attrs}
        for name in ("href", "hx-get", "data-url", "data-source", "src"):
            if given.get(name, "").startswith("/"):
                self.links.add(given[name])
        if tag == "form":
            self._open = Form({(given.get("method", "get").upper(), given.get("action", ""))})
            self.forms.append(self._open)
            self._of[given.get("id", "")] = self._open
        form = self._of.get(given["form"]) if "form" in given else self._open
        for method in ("post", "put", "patch", "delete"):
            if form is not None and f"hx-{method}" in given:
                form.targets.add((method.upper(), given[f"hx-{method}"]))
        if form is not None and "formaction" in given:
            form.targets.add(("POST", given["formaction"]))
        if form is not None and tag in ("input", "textarea", "select", "button") and given.get("name"):
            self._take(form, tag, given)
        elif tag == "option" and self._select is not None and "disabled" not in given:
            self._select.options.append(given.get("value", ""))
            if "selected" in given:
                self._select.value, self._select.is_chosen = given.get("value", ""), True

    def _take(self, form: Form, tag: str, given: dict[str, str]) -> None:
        kind = given.get("type", "text") if tag == "input" else tag
        found = Field(given["name"], kind, given.get("value", ""))
        self._select = found if tag == "select" else None
        known = next((one for one in form.fields if one.name == found.name), None)
        if kind == "hidden" and known is not None:
            known.options.append(found.value)
            return
        if kind in ("radio", "checkbox", "button") and known is not None:
            known.options.append(found.value)
            if "checked" in given:
                known.value, known.is_chosen = found.value, True
            return
        if kind in ("radio", "checkbox", "button"):
            found.options.append(found.value)
            found.is_chosen = "checked" in given
            found.value = found.value if found.is_chosen else ""
        form.fields.append(found)

    def handle_endtag(self, tag: str) -> None:
        """Note where a form and a list end."""
        if tag == "form":
            self._open = None
        if tag == "select":
            self._select = None
