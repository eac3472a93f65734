"""Somebody known already is named while the name is typed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Width


@pytest.mark.parametrize("known", ["深圳市蓝鲸科技有限公司", "Müller GmbH"])
def test_a_known_company_is_named_while_typing(
    page_for: Callable[..., Page], width: Width, make: Any, known: str
) -> None:
    make.company("rep", name=known)
    page = page_for("rep", width)
    page.goto("/acme/companies/new")
    page.locator("#field-name").press_sequentially(known)
    expect(page.locator("#twins")).to_contain_text(known)
    page.locator("#field-name").fill("")
    expect(page.locator("#twins")).to_be_empty()
