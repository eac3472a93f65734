"""What a reader of a page sees or hears of it, and which of that is English."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

UNSEEN = {"script", "style", "svg", "code"}
SPOKEN = ("alt", "aria-label", "data-sheet-content", "placeholder", "title")
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
WORD = re.compile(r"[A-Za-z]{2,}")
FILLED_BY_SCRIPTS = re.compile(r"\{\w+\}")
SAID_BY_SCRIPTS = re.compile(r'<script[^>]*id="messages">(.*?)</script>', re.S)


class Texts(HTMLParser):
    """Collects the texts of a page and the attributes that are shown or read out."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what an element says by its attributes."""
        if tag not in VOID and (self._unseen or tag in UNSEEN):
            self._unseen += 1
        if not self._unseen:
            self.found += [value for name, value in attrs if name in SPOKEN and value]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Pass over a drawing's parts, which close themselves."""

    def handle_endtag(self, tag: str) -> None:
        """Leave an element."""
        self._unseen = max(self._unseen - 1, 0)

    def handle_data(self, data: str) -> None:
        """Note a text."""
        if not self._unseen and data.strip():
            self.found.append(" ".join(data.split()))


def texts(html: str) -> list[str]:
    """Return the texts of a page in their order, with those that its scripts may show."""
    parser = Texts()
    parser.feed(html)
    said = SAID_BY_SCRIPTS.search(html)
    by_scripts = json.loads(said[1]).values() if said else ()
    return [*parser.found, *by_scripts]


def english(html: str, known: re.Pattern[str]) -> list[str]:
    """Return the texts with a word in Latin letters that is not `known`: a name, an address, a unit."""
    return sorted({text for text in texts(html) if WORD.search(known.sub("", FILLED_BY_SCRIPTS.sub("", text)))})
