"""Sentences are joined in one place (`core.i18n.sentences`): behind a full-width stop stands no space."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from markupsafe import Markup

from saas_crm.core.i18n import gap, sentences
from tests.guard.source import CHECKOUT

TEXT = r"\{\{-?\s*(?:_|gettext|ngettext|pgettext)\("
JOINED = re.compile(
    # A sentence of ours as a whole expression, what may stand between two, and another one; with a space somewhere.
    TEXT + r"(?:(?!\}\}).)*?[.!?]['\"](?:(?!\}\}).)*?\}\}(?P<between>(?:\s|\{%(?:(?!%\}).)*%\})*)" + TEXT, re.DOTALL
)  # fmt: skip
BY_HAND = re.compile(
    r'" "\.join\([^\n]*errors|f"\{(?:told|words|said)[\w.]*\} \{(?!ngettext)|\+=? " " \+ (?:_|n?gettext)\('
)
CHOICE = re.compile(r"\{%-?\s*(?:else|elif)\b")
ROOMS = ("web", "billing", "mobile_api", "saas_crm")


def joined_in(page: str) -> Iterator[str]:
    """Yield where a template writes two sentences with a space between."""
    at = 0
    while found := JOINED.search(page, at):
        between = found["between"]
        bare = re.sub(r"\{%-.*?-%\}|\s*\{%-.*?%\}|\{%.*?-%\}\s*|\{%.*?%\}", "", between, flags=re.DOTALL)
        if not CHOICE.search(between) and bare:
            yield found[0]
        at = found.start("between")


def test_a_space_stands_where_the_language_has_one() -> None:
    assert sentences("One.", "", "Two.", "Three.") == "One. Two. Three."
    assert sentences("一句。", "两句！", "Three.", "四。") == "一句。两句！Three. 四。"
    assert (sentences(), sentences("", "One."), gap(""), gap("One."), gap("一句。")) == ("", "One.", "", " ", "")


def test_what_is_markup_stays_it_and_what_is_not_is_escaped() -> None:
    assert sentences(Markup("<b>One.</b>"), "<Two>") == Markup("<b>One.</b> &lt;Two&gt;")
    assert sentences("<One>", Markup("<b>Two.</b>")) == Markup("&lt;One&gt; <b>Two.</b>")
    assert sentences("一。", Markup("<b>二。</b>")) == Markup("一。<b>二。</b>")


@pytest.mark.parametrize(("page", "told"), [
    ("{{ _('One.') }} {{ _('Two.') }}", 1), ("{{ _('One.') }}\n {% if x %}{{ _('Two.') }}{% endif %}", 1),
    ("{{ ngettext('One.', 'Ones.', n) }} {{ _('Two.') }} {{ _('Three.') }}", 2),
    ("{{ _('One.') }}{% if x %} {{ _('Two.') }}{% endif %}", 1),
    ("{{ sentences(_('One.'), _('Two.')) }}", 0),
    ("{% if x %}{{ _('One.') }}\n{% else %}{{ _('Two.') }}{% endif %}", 0),
    ("{{ _('One.') }}</p> <p>{{ _('Two.') }}", 0), ("{{ field('x', hint=_('One.')) }} {{ _('Two') }}", 0),
])  # fmt: skip
def test_the_eye_sees_it(page: str, told: int) -> None:
    assert len(list(joined_in(page))) == told


def test_no_template_joins_sentences_by_itself() -> None:
    pages = [path for path in (CHECKOUT / "web").rglob("*.html") if "node_modules" not in path.parts]
    assert len(pages) > 100
    found = {str(path.relative_to(CHECKOUT)): list(joined_in(path.read_text(encoding="utf-8"))) for path in pages}
    assert {name: told for name, told in found.items() if told} == {}


def test_no_module_joins_messages_by_itself() -> None:
    modules = [path for room in ROOMS for path in (CHECKOUT / room).rglob("*.py") if "node_modules" not in path.parts]
    assert len(modules) > 500
    found = {str(path.relative_to(CHECKOUT)): BY_HAND.findall(path.read_text(encoding="utf-8")) for path in modules}
    assert {name: told for name, told in found.items() if told} == {}
