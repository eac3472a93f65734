"""How texts mention a person: asked of PostgreSQL, which does the replacing."""

from __future__ import annotations

import pytest

from saas_crm.privacy.mentions import mention_of
from tests.support.installation import Installation

EVA = mention_of("Eva Tulpe", ["eva.t+x@tulpe.example"], ["+493012345678"])
WANG = mention_of("王小明", [], ["+8613812345678"], elsewhere=True)
WILL = mention_of("Will", [], ["+493012345678"])
WILL_ELSEWHERE = mention_of("Will", ["will@x.example"], [], elsewhere=True)
SMALL = mention_of("eva tulpe", [], [])
BOB = mention_of("Bob", [], ["+12025550111"])


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        (EVA, "Spoke to Eva Tulpe about it", "Spoke to # about it"),
        (EVA, "EVA  TULPE, Tulpe Eva, and Tulpe, Eva.", "#, #, and #."),
        (EVA, "Evaluation of Eva Tulpenfeld", "Evaluation of Eva Tulpenfeld"),
        (EVA, "write to EVA.T+X@tulpe.example today", "write to # today"),
        (EVA, "not evaXt+x@tulpe.example", "not evaXt+x@tulpe.example"),
        (EVA, "nor ida.eva.t+x@tulpe.example, eva.t+x@tulpe.example.org",
         "nor ida.eva.t+x@tulpe.example, eva.t+x@tulpe.example.org"),
        (EVA, "Call (030) 1234-5678 or +49 30 12345678!", "Call # or #!"),
        (EVA, "(12345678), 0049 30 12345678, +49 (0)30 123 456 78, +493012345678", "(#), #, #, #"),
        (EVA, "Order 4711, 20 pieces", "Order 4711, 20 pieces"),
        (EVA, "Invoice 4711 2026, ticket 9912345678001 and 0812345678",
         "Invoice 4711 2026, ticket 9912345678001 and 0812345678"),
        (WILL, "They will pay, said Will; 4711 2026 030 12345678", "They will pay, said #; 4711 2026 #"),
        (WILL_ELSEWHERE, "Will call back: Will@x.example", "Will call back: #"),
        (SMALL, "Eva Tulpe came, eva tulpe paid, TULPE, EVA", "# came, # paid, #"),
        (BOB, "ring (202) 555-0111 or +1 202-555-0111", "ring # or #"),
        (BOB, "ring 1 (302) 555-0111", "ring 1 (302) 555-0111"),
        (WANG, "今天王小明来电，138 1234 5678", "今天#来电，#"),
        (WANG, "王小花", "王小花"),
    ],
)  # fmt: skip
def test_mentions_are_found(installation: Installation, pattern: str, text: str, expected: str) -> None:
    with installation.place.owner() as connection:
        row = connection.execute("SELECT regexp_replace(%s, %s, '#', 'g')", [text, pattern]).fetchone()
    assert row == (expected,)


@pytest.mark.parametrize("name", ["", "X", " "])
def test_what_is_too_short_is_not_looked_for(name: str) -> None:
    assert mention_of(name, [""], ["", "112"]) == ""


@pytest.mark.parametrize("name", ["a(b", "[x", "O'Neil\\", "50% *+?{3}^$|", "٣Ünal-Öz", "😀 Smile"])
def test_whatever_somebody_is_called_is_a_pattern(installation: Installation, name: str) -> None:
    with installation.place.owner() as connection:
        row = connection.execute("SELECT %s ~ %s", [f"say {name} twice", mention_of(name, [], [])]).fetchone()
    assert row == (True,)


@pytest.mark.parametrize("name", ["Will", "王明", "Ünal"])
def test_a_name_that_may_be_a_word_is_not_looked_for_elsewhere(name: str) -> None:
    assert mention_of(name, [], [], elsewhere=True) == ""
    assert name in mention_of(name, [], [])
