"""Addresses of workspaces."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenants.slugs import RESERVED, SlugProblem, check_slug, is_slug, suggest_slug


@pytest.mark.parametrize("slug", ["demo", "huaxia", "abc", "a-1", "mueller-soehne", "x" * 40, "a1-b2-c3"])
def test_good(slug: str) -> None:
    assert check_slug(slug) is None
    assert is_slug(slug)


@pytest.mark.parametrize(
    ("slug", "problem"),
    [
        ("", SlugProblem.TOO_SHORT),
        ("ab", SlugProblem.TOO_SHORT),
        ("x" * 41, SlugProblem.TOO_LONG),
        ("Demo", SlugProblem.CHARACTERS),
        ("de mo", SlugProblem.CHARACTERS),
        ("dé-mo", SlugProblem.CHARACTERS),
        ("demo\n", SlugProblem.CHARACTERS),
        ("_assets", SlugProblem.CHARACTERS),
        ("１２３abc", SlugProblem.CHARACTERS),
        ("1abc", SlugProblem.START),
        ("-abc", SlugProblem.START),
        ("abc-", SlugProblem.HYPHENS),
        ("a--b", SlugProblem.HYPHENS),
        ("signup", SlugProblem.RESERVED),
        ("api", SlugProblem.RESERVED),
        ("healthz", SlugProblem.RESERVED),
        ("well-known", SlugProblem.RESERVED),
    ],
)
def test_bad(slug: str, problem: SlugProblem) -> None:
    assert check_slug(slug) is problem
    assert not is_slug(slug)
    assert problem.message.endswith(".")
    assert problem.code == problem.name.lower()


def test_the_demo_workspaces_are_free() -> None:
    assert not {"demo", "huaxia"} & RESERVED


@given(st.text(alphabet="abz019-_A\n é", max_size=45))
def test_both_checks_agree(text: str) -> None:
    assert is_slug(text) == (check_slug(text) is None)


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Acme", "acme"),
        ("Acme, Inc.", "acme"),
        ("Müller GmbH & Co. KG", "mueller"),
        ("Müller & Söhne", "mueller-soehne"),
        ("O'Brien's Pub", "obriens-pub"),
        ("Société Générale S.A.", "societe-generale"),
        ("Łódź Foods sp. z o.o.", "lodz-foods"),
        ("Smørrebrød ApS", "smorrebrod"),
        ("Booking.com B.V.", "booking-com"),
        ("华夏科技", "huaxia-keji"),
        ("华夏科技有限公司", "huaxia-keji"),
        ("北京华夏科技股份有限公司", "beijing-huaxia-keji"),
        ("華夏科技股份有限公司", "huaxia-keji"),
        ("华为集团", "huawei"),
        ("重庆银行", "chongqing-yinhang"),
        ("中关村", "zhongguancun"),
        ("TCL科技", "tcl-keji"),
        ("ＡＣＭＥ　１２", "acme-12"),
        ("360", "team-360"),
        ("3M", "team-3m"),
        ("1. FC Köln", "fc-koeln"),
        ("HP", "team-hp"),
        ("公司", "gongsi"),
        ("GmbH", "gmbh"),
        ("", "my-company"),
        ("🎉🎉", "my-company"),
        ("Газпром", "my-company"),
        ("Donaudampfschifffahrtsgesellschaftskapitän", "donaudampfschifffahrtsgesellsc"),
        ("The Very Long Name Of A Bakery That Nobody Can Say", "very-long-name-of-a-bakery"),
        ("Support", "support-2"),
    ],
)
def test_suggestions(name: str, slug: str) -> None:
    assert suggest_slug(name, lambda _: False) == slug


def test_a_taken_address_gets_a_number() -> None:
    taken = {"acme", "acme-2"}
    assert suggest_slug("Acme", taken.__contains__) == "acme-3"


def test_it_ends_when_the_numbers_are_taken() -> None:
    asked: list[str] = []

    def taken(slug: str) -> bool:
        asked.append(slug)
        return len(asked) < 25

    assert is_slug(suggest_slug("Acme", taken))
    assert len(asked) == 25


@settings(max_examples=300)
@given(st.text(max_size=80))
def test_every_suggestion_is_good(name: str) -> None:
    assert check_slug(suggest_slug(name, lambda _: False)) is None


def test_pinyin_is_loaded_only_for_chinese() -> None:
    program = (
        "import sys; from tenants.slugs import suggest_slug as s;"
        "s('Acme', lambda _: False); assert 'pypinyin' not in sys.modules;"
        "s('华夏', lambda _: False); assert 'pypinyin' in sys.modules;"
        "import pypinyin.constants as c; assert len(c.PHRASES_DICT) < 1000, len(c.PHRASES_DICT)"
    )
    environ = {key: value for key, value in os.environ.items() if not key.startswith("PYPINYIN")}
    subprocess.run([sys.executable, "-c", program], check=True, env=environ)
