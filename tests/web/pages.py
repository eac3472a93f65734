"""What tests of pages look for in the HTML."""

from __future__ import annotations

import re
from html import unescape

from werkzeug.test import TestResponse


def heading(response: TestResponse) -> str:
    """Return the text of the page's first heading."""
    found = re.search(r"<h1[^>]*>(.*?)</h1>", response.text, re.S)
    assert found is not None, "the page has no heading"
    return " ".join(unescape(re.sub(r"<[^>]+>", "", found[1])).split())


def errors(response: TestResponse) -> dict[str, str]:
    """Return the messages beside the fields, by field."""
    pattern = r'id="field-([a-z_]+)-error"[^>]*>(.*?)</(?:p|div)>'
    found = {name: re.sub(r"<[^>]+>", "", text).strip() for name, text in re.findall(pattern, response.text, re.S)}
    return {name: unescape(text) for name, text in found.items() if text}


def summary(response: TestResponse) -> str:
    """Return the text of the summary of errors above a form, "" when there is none."""
    found = re.search(r'class="form-errors"[^>]*>(.*?)</ul>', response.text, re.S)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", found[1])).split()) if found else ""


def value(response: TestResponse, name: str) -> str:
    """Return what an input shows."""
    tag = re.search(rf'<input[^>]*\bname="{name}"[^>]*>', response.text)
    assert tag is not None, f"the page has no input {name!r}"
    found = re.search(r'\bvalue="([^"]*)"', tag[0])
    return unescape(found[1]) if found else ""


def chosen(response: TestResponse, name: str) -> str:
    """Return the value a select shows."""
    select = re.search(rf'<select[^>]*\bname="{name}".*?</select>', response.text, re.S)
    assert select is not None, f"the page has no select {name!r}"
    found = re.search(r'<option value="([^"]*)" selected', select[0])
    return unescape(found[1]) if found else ""


def flashed(response: TestResponse) -> str:
    """Return the text of the messages at the page's foot."""
    found = re.findall(r'class="toast-text">(.*?)</span>', response.text, re.S)
    return unescape(" ".join(found)).strip()


def words(response: TestResponse) -> str:
    """Return the page without what differs from one answer to the next: the nonce and the CSRF token."""
    return re.sub(r'nonce="[^"]*"|"X-CSRFToken": "[^"]*"|name="csrf_token" value="[^"]*"', "", response.text)
