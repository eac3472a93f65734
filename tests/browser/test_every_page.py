"""Every page, with data in it: accessible, within the width of the phone, and light enough for a phone's line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Response

from tests.browser.axe import findings, sideways, small_targets
from tests.browser.conftest import Theme, Width

PageFor = Callable[..., Page]
HEAVIEST = 100_000  # bytes over the wire at first view, from design/ui.md

OUTSIDE = ("/", "/signup", "/signin", "/forgot", "/reset/unknown", "/verify/unknown", "/nowhere")
ALONE = ("/workspaces", "/profile", "/profile/password", "/profile/browsers")
INSIDE = (
    "/", "/setup", "/companies", "/companies/new", "/contacts", "/contacts/new", "/deals", "/deals?view=list",
    "/deals/new", "/search", "/search?q=maschinen", "/log", "/recycle-bin", "/settings", "/settings/workspace",
    "/settings/members", "/settings/pipelines", "/settings/tokens", "/activities/new", "/missing", "/api/v1/docs",
)  # fmt: skip
GERMAN = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft Maschinenbau GmbH"
CHINESE = "华东精密机械制造股份有限公司上海浦东新区外高桥保税区分公司"


@pytest.fixture
def inside(make: Any) -> tuple[str, ...]:
    """Make a little of everything, with names that do not fit; return all addresses to look at."""
    company = make.company(
        "owner", name=GERMAN, city="Oberammergau", phone="+1 650 253 0000", tags="Bestandskunde, VIP"
    )
    make.company("owner", name=CHINESE)
    contact = make.contact("owner", name="王小明", company_id=str(company.id), mobile="+1 650 253 0001")
    deal = make.deal("owner", name=f"Umbau {GERMAN}", amount="1,250,000.50", company_id=str(company.id))
    make.deal("rep", amount="900", outcome="won")
    made = {"company_id": str(company.id), "contact_id": str(contact.id), "opportunity_id": str(deal.id)}
    call = make.activity("owner", kind="call", body=f"{CHINESE} " * 8, **made)
    make.activity("owner", kind="task", subject="Angebot nachfassen", due_at="2026-01-05T09:00", **made)
    return INSIDE + tuple(
        f"{where}{end}"
        for where, ends in {
            f"/companies/{company.id}": ("", "/edit"),
            f"/contacts/{contact.id}": ("", "/edit"),
            f"/deals/{deal.id}": ("", "/edit", "/closure?outcome=lost"),
            f"/activities/{call.id}": ("", "/edit"),
        }.items()
        for end in ends
    )


def complaints(page: Page, address: str, width: Width) -> list[str]:
    page.goto(address)
    found = findings(page) + [f"sideways: {what}" for what in sideways(page)]
    if width == "phone":
        found += [f"small: {what}" for what in small_targets(page)]
    return [f"{address}: {what}" for what in found]


def test_pages_inside_are_accessible(page_for: PageFor, inside: tuple[str, ...], width: Width, theme: Theme) -> None:
    page = page_for("owner", width, theme, reduced_motion="reduce")
    found = [what for path in inside for what in complaints(page, f"/acme{path}", width)]
    found += [what for path in ALONE for what in complaints(page, path, width)]
    assert found == []


def test_pages_outside_are_accessible(page_for: PageFor, width: Width, theme: Theme) -> None:
    page = page_for(None, width, theme, reduced_motion="reduce")
    assert [what for path in OUTSIDE for what in complaints(page, path, width)] == []


def test_empty_pages_are_accessible(page_for: PageFor, width: Width, theme: Theme) -> None:
    page = page_for("rep", width, theme, reduced_motion="reduce")
    lists = ("/", "/companies", "/contacts", "/deals", "/deals?view=list", "/search?q=nobody", "/recycle-bin")
    assert [what for path in lists for what in complaints(page, f"/acme{path}", width)] == []


def test_nothing_scrolls_sideways_at_320(page_for: PageFor, inside: tuple[str, ...]) -> None:
    page = page_for("owner", "phone")
    page.set_viewport_size({"width": 320, "height": 640})
    wide = []
    for path in inside:
        page.goto(f"/acme{path}")
        wide += [f"{path}: {what}" for what in sideways(page)]
    assert wide == []


def test_first_views_are_light(page_for: PageFor, make: Any) -> None:
    for number in range(55):
        make.company("rep", name=f"Firma {number} {GERMAN}", phone="+1 650 253 0000", city="Oberammergau")
    for path in ("/acme/", "/acme/companies", "/acme/deals", "/acme/log", "/acme/deals/new"):
        page = page_for("rep", "phone")
        answers: list[Response] = []
        page.on("response", answers.append)
        page.goto(path, wait_until="networkidle")
        sizes = [answer.request.sizes() for answer in answers]
        weight = sum(size["responseBodySize"] + size["responseHeadersSize"] for size in sizes)
        assert 1_000 < weight < HEAVIEST, f"{path} takes {weight} bytes"
