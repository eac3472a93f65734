"""The helpers of forms and lists: versions, ways back, toasts, cursors in addresses."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from flask import Flask

from saas_crm.activities.models import Activity
from saas_crm.core.errors import InvalidInput
from saas_crm.core.keyset import Order, Page
from saas_crm.customers.models import Company
from tenants.db import new_id
from web import forms, lists


@pytest.mark.parametrize(("text", "version"), [
    ("3", 3), ("", None), ("-1", None), ("x", None), ("٣", None), ("9" * 5000, None), ("1.5", None),
])  # fmt: skip
def test_a_version_is_a_small_number_or_none(app: Flask, text: str, version: int | None) -> None:
    with app.test_request_context("/", method="POST", data={"version": text}):
        assert forms.form_version() == version


@pytest.mark.parametrize(("address", "path"), [
    ("/acme/x?y=1", "/acme/x?y=1"), ("http://localhost/acme", "/acme"), ("https://evil.example/", ""),
    ("//evil.example", ""),
    ("/\\evil.example", ""), ("\\\\evil.example", ""), ("javascript:alert(1)", ""), ("acme", ""), ("", ""), (None, ""),
    ("/a\nb", ""), ("http://localhost//evil.example", ""), ("http://[", ""), ("http:///evil.example", "/evil.example"),
])  # fmt: skip
def test_only_a_path_of_this_site_is_followed(app: Flask, address: str | None, path: str) -> None:
    with app.test_request_context("/", base_url="http://localhost"):
        assert forms.local_path(address) == path


def test_who_reloads_a_form_is_not_sent_back_to_it(app: Flask) -> None:
    with app.test_request_context("/log", headers={"Referer": "http://localhost/log?kind=call"}):
        assert forms.came_from("/default") == "/default"
    with app.test_request_context("/log", headers={"Referer": "http://localhost/companies"}):
        assert forms.came_from("/default") == "/companies"
    with app.test_request_context("/log?next=/deals", headers={"Referer": "http://localhost/companies"}):
        assert forms.came_from("/default") == "/deals"


def test_a_toast_travels_in_ascii(app: Flask) -> None:
    with app.test_request_context("/"):
        header = forms.with_toast("<p>x</p>", "已完成 ✓ 😀", undo="/u").headers["HX-Trigger"]
    assert header.isascii()
    assert json.loads(header)["toast"] == {"text": "已完成 ✓ 😀", "tone": "good", "undo": "/u"}


def test_an_error_of_an_entry_counts_for_its_field() -> None:
    assert forms.by_field({"tags.3": "long", "tags.5": "late", "": "whole"}) == {"tags": "long", "": "whole"}


def test_a_form_is_shown_again_with_all_that_was_typed(app: Flask) -> None:
    def render(**arguments: object) -> str:
        return json.dumps(arguments)

    @forms.shown_again(render, lists=("ids",))
    def save(**_: object) -> str:
        raise InvalidInput({"name": "needed"})

    data = {"name": "", "note": "kept", "ids": ["1", "2"]}
    with app.test_request_context("/acme/x", method="POST", data=data), app.app_context():
        body, status = save(record="r")  # type: ignore[misc]
    assert status == 422
    assert json.loads(body) == {
        "record": "r", "errors": {"name": "needed"}, "values": {"name": "", "note": "kept", "ids": ["1", "2"]},
    }  # fmt: skip


def after_of(build: Callable[[], str]) -> str:
    return build().partition("after=")[2]


def test_a_cursor_goes_round_and_serves_its_own_list_only(app: Flask) -> None:
    key = (datetime(2025, 1, 2, 3, 4, 5, 678901, tzinfo=UTC), new_id())
    order = Order(Activity.at, descending=True)
    with app.test_request_context("/companies?q=a&empty=&after=old"):
        url = lists.next_url(Page([], key), "story")
        assert url.startswith("/companies?q=a&after=")
        assert lists.next_url(Page([], None), "story") == ""
    with app.test_request_context(url):
        assert lists.after_key("story", order) == key
        assert lists.after_key("other", order) is None
        assert lists.after_key("story", Order(Company.sort_name)) in (None, (key[0].isoformat(), key[1]))


def test_a_column_turns_its_order_round(app: Flask) -> None:
    with app.test_request_context("/companies?sort=name&q=a"):
        assert lists.sorting("Name", "name", "name") == {
            "label": "Name", "sort": "/companies?sort=-name&q=a", "sorted": "ascending",
        }  # fmt: skip
        assert lists.sorting("Name", "name", "-name")["sort"] == "/companies?sort=name&q=a"
        assert lists.sorting("Seen", "-seen", "name") == {
            "label": "Seen", "sort": "/companies?sort=-seen&q=a", "sorted": None,
        }  # fmt: skip
