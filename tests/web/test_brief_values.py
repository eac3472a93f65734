"""Values of a brief as a page writes them: numbers dial, addresses write, and nothing else is markup."""

from __future__ import annotations

from uuid import UUID

from flask import Flask

from saas_crm.hand_over.briefs import Brief, Line, Mail, Phone
from web.hand_over.values import linked, sections

EVA = Line(("<b>Eva</b>", "", Phone("+14155550123"), Mail('e"<i>@ada.example')))


def test_a_number_dials_and_the_rest_is_escaped(app: Flask) -> None:
    brief = Brief("company", UUID(int=1), "Ada", {"people": [EVA, Line(("<b>Tom</b>", Phone(""), Mail("")))]})
    with app.test_request_context("/"):
        [people] = [part for part in sections(brief, linked) if part.place == "people"]
        [plain] = [part for part in sections(brief) if part.place == "people"]
    (_, eva, _), (_, tom, _) = people.lines
    assert "&lt;b&gt;Eva&lt;/b&gt;" in eva
    assert 'href="tel:+14155550123"' in eva
    assert 'href="mailto:e&#34;&lt;i&gt;@ada.example"' in eva
    assert not hasattr(tom, "__html__"), "what is no markup is escaped by the template"
    assert "href" not in plain.lines[0][1], "paper has no links"
