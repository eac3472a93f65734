"""The tags of a page, read several times as quickly as by `html.parser`: crawls read thousands of pages.

Good for what our templates write (attributes in quotes, text escaped); tests/web/test_styleguide.py compares both.
"""

from __future__ import annotations

import re
from html import unescape

_TAG = re.compile(r"""<(/?)([a-zA-Z][^\s/>]*)((?:[^>"']++|"[^"]*+"|'[^']*+')*+)>|<!--.*?-->""", re.S)
_ATTRIBUTE = re.compile(r"""([^\s=/>"']+)(?:\s*(=)\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?""")
_RAW = {name: re.compile(rf"</{name}\s*>", re.I) for name in ("script", "style")}
Attributes = list[tuple[str, str | None]]


class Tags:
    """Calls `handle_starttag` and `handle_endtag` for each tag of what it is fed with, in order."""

    def feed(self, text: str) -> None:
        """Read a whole page."""
        found = _TAG.search(text)
        while found:
            closing, name, written = found.groups()
            place = found.end()
            if name is not None:
                tag = name.lower()
                if closing:
                    self.handle_endtag(tag)
                else:
                    self.handle_starttag(tag, _attributes(written))
                    if written.endswith("/"):
                        self.handle_endtag(tag)
                    elif tag in _RAW:  # what stands in it is no markup
                        end = _RAW[tag].search(text, place)
                        place = end.start() if end else len(text)
            found = _TAG.search(text, place)

    def handle_starttag(self, tag: str, attrs: Attributes) -> None:
        """Do nothing: for who wants to know."""

    def handle_endtag(self, tag: str) -> None:
        """Do nothing: for who wants to know."""


def _attributes(written: str) -> Attributes:
    found: Attributes = []
    for name, sign, double, single, bare in _ATTRIBUTE.findall(written):
        value = double or single or bare
        found.append((name.lower(), (unescape(value) if "&" in value else value) if sign else None))
    return found
