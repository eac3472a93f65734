"""Values on paper: A4, as many pages as it takes, in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable
from io import BytesIO

from flask import Response
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from saas_crm.core.clock import now
from saas_crm.core.i18n import gettext as _
from saas_crm.core.i18n import html_lang, spoken
from saas_crm.edge.current import member_or_none
from web.formatting import day
from web.hand_over.pdf import ACCENT, BOTTOM, INK, MARGIN, MUTED, WIDTH, Sheet
from web.hand_over.typesetting import LONGEST, wrapped

LABEL = 130.0
SIZE, GAP = 9.5, 1.45


class Paper:
    """A document that is written from above, page after page."""

    def __init__(self, title: str, workspace: str) -> None:
        self._body = BytesIO()
        self._canvas = Canvas(self._body, pagesize=A4, pageCompression=1, lang=html_lang(spoken()))
        self._canvas.setTitle(title)
        self._canvas.setAuthor(workspace)
        self._workspace, self._pages = workspace, 1
        reader = member_or_none()
        self._foot = (
            _("Printed for %(name)s on %(date)s", name=reader.name, date=day(now())) if reader else day(now())
        )  # fmt: skip
        self._sheet = Sheet(self._canvas)
        self._sheet.y -= 9
        self._sheet.at(MARGIN, self._sheet.y, workspace[:60], 9, ACCENT, bold=True)
        self._sheet.y -= 8
        self._sheet.block(title, 20, bold=True, most=2)
        self._sheet.rule(10, 2)

    def heading(self, title: str) -> None:
        """Begin a part, not at the foot of a page."""
        self._room(60)
        self._sheet.y -= 10
        self._write(title, MARGIN, 11.5, bold=True, accent=True)
        self._sheet.y -= 2

    def paragraph(self, text: str, hint: str = "") -> None:
        """Write a text, and a fainter one below it."""
        self._write(text, MARGIN, SIZE)
        if hint:
            self._write(hint, MARGIN, 8.5, faint=True)
        self._sheet.y -= 3

    def lines(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Write labels with their values; what has none is left out."""
        for label, value in pairs:
            if value:
                self._room(SIZE * GAP)
                self._sheet.at(MARGIN, self._sheet.y - SIZE * GAP, label[:34], SIZE, MUTED)
                self._write(value, MARGIN + LABEL, SIZE)
                self._sheet.y -= 2

    def rule(self) -> None:
        """Draw a fine line."""
        self._room(30)
        self._sheet.rule(6, 2)

    def finished(self) -> bytes:
        """Return the file."""
        self._end_page()
        self._canvas.save()
        return self._body.getvalue()

    def _write(
        self, text: str, x: float, size: float, *, bold: bool = False, accent: bool = False, faint: bool = False
    ) -> None:
        ink = ACCENT if accent else MUTED if faint else INK
        pieces = [text[start : start + LONGEST] for start in range(0, len(text), LONGEST)]
        for piece in pieces:
            for line in wrapped(piece, size, WIDTH - MARGIN - x, bold=bold, traditional=self._sheet.traditional):
                self._room(size * GAP)
                self._sheet.y -= size * GAP
                self._sheet.at(x, self._sheet.y, line, size, ink, bold=bold)

    def _room(self, height: float) -> None:
        """Turn the page where there is less room than that."""
        if self._sheet.y - height < BOTTOM:
            self._end_page()
            self._pages += 1
            self._sheet = Sheet(self._canvas)

    def _end_page(self) -> None:
        self._sheet.at(MARGIN, BOTTOM / 2, self._foot, 8, MUTED)
        self._sheet.until(WIDTH - MARGIN, BOTTOM / 2, str(self._pages), 8, MUTED)
        self._canvas.showPage()


def pdf_answer(paper: Paper, name: str) -> Response:
    """Answer with a document, to be looked at or printed."""
    headers = {"Content-Disposition": f'inline; filename="{name}.pdf"', "Cache-Control": "no-store"}
    return Response(paper.finished(), content_type="application/pdf", headers=headers)
