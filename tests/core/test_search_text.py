"""The n-gram index: what is indexed, what is asked, and that nothing is missed."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from saas_crm.core.grams import RUNS
from saas_crm.core.search_text import document, fold, grams, like_pattern, prepare, query_grams, rank, terms


@pytest.mark.parametrize(
    ("text", "indexed"),
    [
        ("", []),
        ("&%$ —", []),
        ("a", [" a"]),
        ("Ab", [" a", " ab"]),
        ("Smith", [" s", " sm", "ith", "mit", "smi"]),
        ("华", ["华"]),
        ("华为技术", ["为", "为技", "华", "华为", "技", "技术", "术"]),
        ("abc华为", [" a", " ab", "abc", "为", "华", "华为"]),
        ("华东A1", [" a", " a1", "东", "华", "华东"]),
        ("4915112", [" 4", " 49", "112", "151", "491", "511", "915"]),
        ("o'brien", [" b", " br", " o", "bri", "ien", "rie"]),
        ("🎉 party", [" p", " pa", "art", "par", "rty", "🎉"]),
    ],
)
def test_grams(text: str, indexed: list[str]) -> None:
    assert grams(text) == sorted(indexed)


@pytest.mark.parametrize(
    ("text", "left_out", "kept"),
    [
        ("华为技术有限公司", {"有限", "限公", "公司", "公"}, {"术有", "技术", "华"}),
        ("Acme GmbH", {"gmb", "mbh"}, {" g", " gm", "acm"}),
        ("Acme Corporation", {"rat"}, {" co"}),
        ("Vincent", set(), {"inc"}),
        ("集团采购中心", set(), {"集团", "采购"}),
        ("公司", set(), {"公司"}),
        ("GmbH", set(), {"gmb", "mbh"}),
        ("公牛集团", {"集团", "集"}, {"公", "公牛", "牛集"}),
        ("Acme\nLimited Brands", set(), {"lim", "ted"}),
    ],
)
def test_legal_forms_are_left_out(text: str, left_out: set[str], kept: set[str]) -> None:
    found = set(grams(text))
    assert not left_out & found
    assert kept <= found


@pytest.mark.parametrize(
    ("query", "asked"),
    [
        ("", []),
        ("   ", []),
        ("%_", []),
        ("mith", ["ith", "mit"]),
        ("sm", [" sm"]),
        ("s", [" s"]),
        ("anna-sm", [" sm", "ann", "nna"]),
        ("o'br", [" br"]),
        ("jo sm", [" jo", " sm"]),
        ("华东", ["华东"]),
        ("华", ["华"]),
        ("东a", [" a", "东"]),
        ("@ex", [" ex"]),
        ("Acme GmbH", ["acm", "cme"]),
        ("Acme gmb", ["acm", "cme"]),
        ("Siemens AG", [" ag", "ens", "iem", "men", "sie", "eme"]),
        ("AG Weser", ["ese", "ser", "wes"]),
        ("华为技术有限公司", ["为技", "华为", "技术"]),
        ("华为技术有限", ["为技", "华为", "技术", "术有"]),
        ("公司", ["公司"]),
        ("gmbh", ["gmb", "mbh"]),
        ("Ｓｍｉｔｈ", ["ith", "mit", "smi"]),
    ],
)
def test_query_grams(query: str, asked: list[str]) -> None:
    assert query_grams(query) == sorted(asked)


@pytest.mark.parametrize(
    ("query", "parts"),
    [
        ("", []),
        ("!!!", []),
        ('"Acme" (Berlin),', ["acme", "berlin"]),
        ("Müller & Söhne", ["muller", "sohne"]),
        ("Acme Acme acme", ["acme"]),
        ("Acme S.p.A. Milano", ["acme", "milano"]),
        ("Acme Co. KG", ["acme", "kg"]),
        ("anna sa", ["anna", "sa"]),
        ("GmbH", ["gmbh"]),
        ("有限公司", ["有限公司"]),
        ("株式会社トヨタ", ["トヨタ"]),
        ("a b c d e f g h i j", list("abcdefgh")),
        ("+49 (0)30 123 45-67", ["49301234567"]),
        ("0049 30 1234567", ["49301234567"]),
        ("(030) 123-4567", ["0301234567"]),
        ("138 0013 8000", ["13800138000"]),
        ("+49 30", ["4930"]),
        ("030 12", ["030", "12"]),
        ("2024-01", ["2024", "01"]),
        ("+", []),
    ],
)
def test_terms(query: str, parts: list[str]) -> None:
    assert terms(query) == parts


def test_a_query_of_legal_forms_alone_asks_for_a_word() -> None:
    assert [query for query in ("公司", "有限公司", "GmbH", "Ltd.", "inc") if not prepare(query).too_common] == []
    assert [query for query in ("", "Acme GmbH", "公牛", "华为公司", "ag", "!") if prepare(query).too_common] == []


def test_like_pattern_escapes() -> None:
    assert like_pattern(r"50%_\x") == r"%50\%\_\\x%"


def test_prepare_survives_anything() -> None:
    ready = prepare("华" * 10_000 + "\x00\ud800%' OR 1=1 --")
    assert ready.terms == ("华" * 100,)
    assert ready.grams == ("华华",)
    assert prepare("\x00").grams == ()


@pytest.mark.parametrize(
    ("query", "label", "expected"),
    [
        ("Acme", "ACME", 0),
        ("acme", "Acme Berlin", 1),
        ("berlin", "Acme Berlin", 2),
        ("brien", "O'Brien", 2),
        ("erli", "Acme Berlin", 3),
        ("为技", "华为技术", 3),
        ("xyz", "Acme", 4),
        ("berlin acme", "Acme Berlin", 2),
        ("erlin acme", "Acme Berlin", 3),
        ("acme xyz", "Acme Berlin", 4),
        ("Acme GmbH", "Acme Ltd", 2),
        ("ab", "cab ab", 2),
        ("", "Acme", 4),
        ("abc", "华abc", 2),
    ],
)
def test_rank(query: str, label: str, expected: int) -> None:
    assert rank(fold(query), fold(label)) == expected


def test_a_document_has_every_spelling() -> None:
    text = document(
        "Jürgen Müller",
        None,
        "Vertrag 2024-00017/3",
        emails=["J.Mueller@Example.com", ""],
        phones=["+493012345678", None],
    )
    assert text.split("\n") == [
        "jurgen muller",
        "juergen mueller",
        "vertrag 2024-00017/3",
        "2024000173",
        "j.mueller@example.com",
        "+493012345678",
        "03012345678",
        "030 12345678",
        "+49 30 12345678",
    ]


@pytest.mark.parametrize(
    "query",
    [
        "jürgen", "juergen", "mueller", "muell", "müller jürgen", "example.com", "@example", "j.mueller@ex",
        "+49 30 123", "030 12", "030-1234567", "(030) 12345678", "2345", "+493012345678", "004930 12345678",
        "0049 30/12345678", "2024-00017/3", "2024 00017", "00017", "j", "mu", "华", "华为 jürgen", "技术有限",
        "技术有限公司", "为技术 有限公司",
    ],
)  # fmt: skip
def test_a_record_is_found_by_what_people_type(query: str) -> None:
    text = document(
        "Jürgen Müller", "华为技术有限公司", "Vertrag 2024-00017/3",
        emails=["j.mueller@example.com"], phones=["+493012345678"],
    )  # fmt: skip
    assert _finds(query, text)


@pytest.mark.parametrize("query", ["meier", "jurgen meier", "4930 99", "iller", "er", "公司"])
def test_and_not_by_other_things(query: str) -> None:
    text = document("Jürgen Müller", "华为技术有限公司", phones=["+493012345678"])
    assert not _finds(query, text)


def _finds(query: str, text: str) -> bool:
    """What the database does: candidates by grams, recheck by LIKE."""
    ready = prepare(query)
    return (
        bool(ready.grams)
        and set(ready.grams) <= set(grams(text))
        and all(any(_like(text, pattern) for pattern in patterns) for patterns in ready.patterns)
    )


def _like(text: str, pattern: str) -> bool:
    """LIKE for what stands between two %, in which \\ takes the meaning from what follows."""
    return re.sub(r"\\(.)", r"\1", pattern[1:-1]) in text


WORDS = (
    "华 为 技术 有限公司 公司 集团 限公 公 株式会社 トヨタ 한국 gmbh GmbH inc ltd limited mbh co ag"
    " - . ' @ a b Ä smith 12 138 é 🎉 _ %"
)
PIECES = st.sampled_from([*WORDS.split(), " "]) | st.just(" ")


@settings(max_examples=400, suppress_health_check=[HealthCheck.filter_too_much])
@given(st.lists(PIECES, min_size=1, max_size=10), st.integers(0, 40), st.integers(1, 12))
@example(["12", "限公", "公", "a"], 2, 4)
def test_no_substring_is_missed(pieces: list[str], start: int, length: int) -> None:
    """Any stretch of a name finds the name, but for the two exceptions that the documentation names."""
    name = fold("".join(pieces))
    query = name[start : start + length]
    assume(query.strip())
    ready = prepare(query)
    assume(ready.terms)
    assume(not ready.too_common)
    assume(all(_at_word_start(term, name) for term in ready.terms if _is_short(term)))
    assert _finds(query, document(name))


def _is_short(term: str) -> bool:
    found = list(RUNS.finditer(term))
    return len(found) == 1 and found[0].lastgroup != "dense" and len(term) < 3


def _at_word_start(term: str, name: str) -> bool:
    return any(match[0].startswith(term) for match in RUNS.finditer(name))


@settings(max_examples=300)
@given(st.text(max_size=150), st.text(max_size=150))
def test_no_text_breaks_it(query: str, label: str) -> None:
    ready = prepare(query)
    assert list(ready.grams) == query_grams(query)
    assert 0 <= rank(ready.folded, fold(label)) <= 4
    assert all("\x00" not in gram for gram in grams(document(label, emails=[query])))
