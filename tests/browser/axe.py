"""Asks axe what is wrong with a page, in words that fit a test's failure."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import Page

import web

AXE = Path(web.__file__).parent / "node_modules" / "axe-core" / "axe.min.js"


def findings(page: Page) -> list[str]:
    """Return everything axe finds, of whatever severity; the best-practice rules are included."""
    _bring(page)
    return _run(page, {})


def contrast(page: Page) -> list[str]:
    """Return what axe finds about colours alone: the rest is the same in every theme."""
    _bring(page)
    return _run(page, {"runOnly": ["color-contrast", "link-in-text-block"]})


def drawn(page: Page) -> None:
    """Wait until a theme or a width that has just changed is drawn, which is in the next frame."""
    page.evaluate("new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(drawn)))")


def _bring(page: Page) -> None:
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text(encoding="utf-8"))


def _run(page: Page, options: dict[str, Any]) -> list[str]:
    asked = "options => axe.run(document, options).then(found => found.violations)"
    # preload: style sheets would be fetched again, for a rule about turning the phone that we have no styles for.
    found: list[dict[str, Any]] = page.evaluate(asked, {"resultTypes": ["violations"], "preload": False, **options})
    return [f"{rule['id']} ({rule['impact']}): {_where(rule)}" for rule in found]


def _where(rule: dict[str, Any]) -> str:
    nodes = rule["nodes"]
    first = " ".join(nodes[0]["failureSummary"].split())
    return ", ".join(str(node["target"][0]) for node in nodes[:4]) + f": {first}"


SIDEWAYS = """() => {
  const width = document.documentElement.clientWidth;
  return document.documentElement.scrollWidth <= width ? [] : [...document.body.querySelectorAll('*')]
    .filter((element) => element.checkVisibility() && element.getBoundingClientRect().right > width + 0.5)
    .map((element) => `${element.tagName} ${element.className}`).slice(0, 5);
}"""

SMALL = """() => [...document.querySelectorAll('a, button, input:not([type=hidden]), select, textarea, summary')]
  .filter((element) => element.checkVisibility({ visibilityProperty: true }) && !element.closest('p, .prose, .sr-only'))
  .filter((element) => !element.matches('.skip-link, .entry-title a'))
  .filter((element) => getComputedStyle(element, '::after').position !== 'absolute')
  .map((element) => [element, (element.closest('label') ?? element).getBoundingClientRect()])
  .filter(([, box]) => box.width > 1 && (box.width < 43.5 || box.height < 43.5))
  .map(([element, { width, height }]) => `${element.tagName}.${element.className} ${width | 0}x${height | 0}`)"""


def sideways(page: Page) -> list[str]:
    """Return what makes the page scroll sideways."""
    found: list[str] = page.evaluate(SIDEWAYS)
    return found


def small_targets(page: Page) -> list[str]:
    """Return what a finger would miss: under 44 px, apart from links in running text.

    A link whose `::after` covers its row or card is as large as that.
    """
    found: list[str] = page.evaluate(SMALL)
    return found
