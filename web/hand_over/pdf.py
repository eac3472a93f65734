"""Briefs on paper: A4, one page each, in the reader's language."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO

from reportlab.lib.colors import Color, HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from saas_crm.access.looks.rules import USUAL
from saas_crm.core.clock import now
from saas_crm.core.i18n import gettext as _
from saas_crm.core.i18n import html_lang, spoken
from saas_crm.hand_over.briefs import Brief
from tenants.db import AnyRow
from web.formatting import day
from web.hand_over.typesetting import runs, width, wrapped
from web.hand_over.values import sections

WIDTH, HEIGHT = A4
MARGIN, BOTTOM = 18 * mm, 20 * mm
LABEL = 34 * mm
INK, MUTED, ACCENT, RULE = (HexColor(code) for code in ("#13212a", "#586771", USUAL, "#dde4e7"))
LONGEST_TEXT, LONGEST_LINE = 6, 3
"""Lines of a note, and of anything else, that a page repeats."""


class Sheet:
    """One page that is filled from above; what does not fit is left out, and says so."""

    def __init__(self, canvas: Canvas) -> None:
        self.canvas = canvas
        self.y = HEIGHT - MARGIN
        self.full = False
        self.traditional = spoken() == "zh_Hant"

    def at(self, x: float, y: float, text: str, size: float, ink: Color = INK, *, bold: bool = False) -> None:
        """Write one line from `x` on, its foot at `y`."""
        self.canvas.setFillColor(ink)
        for font, piece in runs(text, bold=bold, traditional=self.traditional):
            self.canvas.setFont(font, size)
            self.canvas.drawString(x, y, piece)
            x += self.canvas.stringWidth(piece, font, size)

    def until(self, x: float, y: float, text: str, size: float, ink: Color) -> None:
        """Write one line that ends at `x`."""
        self.at(x - width(text, size, bold=False, traditional=self.traditional), y, text, size, ink)

    def block(
        self, text: str, size: float, *, x: float = MARGIN, ink: Color = INK, bold: bool = False,
        most: int = LONGEST_LINE,
    ) -> None:  # fmt: skip
        """Write a text over several lines below what is there, at most so many."""
        lines = wrapped(text, size, WIDTH - MARGIN - x, bold=bold, traditional=self.traditional)
        for number, line in enumerate(lines[:most]):
            if self.y - size * 1.45 < BOTTOM:
                self.full = True
                return
            self.y -= size * 1.45
            cut = number == most - 1 and len(lines) > most
            self.at(x, self.y, line + (" …" if cut else ""), size, ink, bold=bold)

    def rule(self, above: float, below: float) -> None:
        """Draw a fine line across the page."""
        self.y -= above
        self.canvas.setStrokeColor(RULE)
        self.canvas.setLineWidth(0.6)
        self.canvas.line(MARGIN, self.y, WIDTH - MARGIN, self.y)
        self.y -= below


def printed(briefs: Sequence[Brief], found: AnyRow, *, workspace: str, reader: str, more: str) -> bytes:
    """Return the file of some briefs; `more` is the address of the rest, if any is left."""
    body = BytesIO()
    canvas = Canvas(body, pagesize=A4, pageCompression=1, lang=html_lang(spoken()))
    canvas.setTitle(_("Hand-over from %(name)s", name=found.from_name))
    canvas.setAuthor(workspace)
    foot = _("Printed for %(name)s on %(date)s", name=reader, date=day(now()))
    for number, brief in enumerate(briefs, 1):
        sheet = Sheet(canvas)
        _head(sheet, brief, found, workspace)
        _body(sheet, brief)
        last = number == len(briefs) and more
        _foot(sheet, foot, f"{number} / {len(briefs)}", _("The rest: %(address)s", address=more) if last else "")
        canvas.showPage()
    if not briefs:
        Sheet(canvas).at(MARGIN, HEIGHT - 2 * MARGIN, _("There is nothing to print."), 12)
        canvas.showPage()
    canvas.save()
    return body.getvalue()


def _head(sheet: Sheet, brief: Brief, found: AnyRow, workspace: str) -> None:
    sheet.canvas.setFillColor(ACCENT)
    sheet.canvas.rect(0, HEIGHT - 4 * mm, WIDTH, 4 * mm, stroke=0, fill=1)
    from_whom = _("Handed over from %(name)s on %(date)s", name=found.from_name, date=day(found.created_at))
    sheet.y -= 9
    sheet.at(MARGIN, sheet.y, workspace[:60], 9, ACCENT, bold=True)
    sheet.until(WIDTH - MARGIN, sheet.y, from_whom, 9, MUTED)
    sheet.y -= 8
    sheet.block(brief.name, 20, bold=True, most=2)
    sheet.rule(10, 2)


def _body(sheet: Sheet, brief: Brief) -> None:
    for place, title, lines, more in sections(brief):
        sheet.y -= 9
        sheet.block(title, 10.5, ink=ACCENT, bold=True, most=1)
        sheet.y -= 2
        for label, text, note in lines:
            _line(sheet, label, text, note)
        if more:
            sheet.block(more, 9.5, ink=MUTED, most=1)
        if not lines:
            sheet.block(_("Nothing is planned.") if place == "next" else _("Nothing yet."), 9.5, ink=MUTED)
    if sheet.full:
        sheet.at(MARGIN, BOTTOM - 10, _("More of it is in the workspace."), 8.5, MUTED)


def _line(sheet: Sheet, label: str, text: str, note: str) -> None:
    x, top = MARGIN + (LABEL if label else 0), sheet.y
    if text:
        sheet.block(text, 9.5, x=x)
    if note:
        sheet.block(note, 9.5 if not text else 9, x=x, ink=MUTED if text else INK, most=LONGEST_TEXT)
    if label and sheet.y < top:
        sheet.at(MARGIN, top - 9.5 * 1.45, label, 9.5, MUTED)
    sheet.y -= 2.5


def _foot(sheet: Sheet, printed_for: str, number: str, more: str) -> None:
    sheet.at(MARGIN, 10 * mm, more or printed_for, 8, MUTED)
    sheet.until(WIDTH - MARGIN, 10 * mm, number, 8, MUTED)
