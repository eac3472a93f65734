"""Nothing is left in English: the catalogues are whole, and no page shows a sentence that missed them."""

from __future__ import annotations

import io
import re
import runpy
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.frontend import CommandLineInterface
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from flask import Flask

from saas_crm.core.clock import now
from saas_crm.core.i18n import html_lang
from tests.conftest import Stage
from tests.guard.endpoints import SAFE, Endpoint, Samples, endpoints, make_samples
from tests.support.cast import NAMES, Cast
from tests.support.clients import Browser, browser_of, phone_of
from tests.support.installation import Installation
from tests.support.making import Maker
from tests.web.visible_text import english

TOOL = runpy.run_path(str(Path(__file__).resolve().parents[2] / "infra" / "tools" / "translations.py"))
CHINESE = ("zh_Hans", "zh_Hant")
PLACE = re.compile(r"%\(\w+\)[a-z]|%%|\{\w+\}")
KNOWN = re.compile(
    "|".join([
        r"English[:：] ?\w+",  # what a stage is called in English, where its names in all languages stand
        r"SaaS CRM|\b(?:CRM|API|Esc|Alt|UTC|JPEG|PNG|WebP|MB|English|Excel|CSV|PDF|JSON|WhatsApp|GDPR|App)\b",
        r"\b(?:JavaScript|ID|issuer|OpenID Connect|PKCE|Web)\b|2001:db8::/48|\b(?:crm\.)?acme\.example",
        r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}",  # the id of a record that is gone
        r"CFA–B[A-Z]+|\b[A-Z]{3}\b|CN¥|US\$|^[A-Z]{2}$",
        r"Mara Lindqvist|Lindqvist|Ribeiro|Porto",
        r"\S+@\S+|https?://\S+|www\.\S+|(?<!\w)/\w\S*",
        r"\b(?:North|South|en|zh_Hans|zh_Hant)\b",
        r"Acme Instruments|Canary \w+ of \w+|Phone of \w+|localhost",
        *(re.escape(name) for name in NAMES.values()),
    ])
)  # fmt: skip
"""What may stand in Latin letters: the product's name, units and codes, addresses, and the names the tests gave."""


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """All sentences of the source."""
    file = tmp_path_factory.mktemp("sentences") / "messages.pot"
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(TOOL["CHECKOUT"])
        CommandLineInterface().run(["pybabel", "--quiet", *TOOL["extraction"](str(file))])
    return catalogue_in(file)


@pytest.fixture(autouse=True)
def no_mails(installation: Installation) -> None:
    """Nobody else's mails are on the page that shows them."""
    for mail in Path(urlsplit(installation.settings.mail_url or "").path).glob("*.eml"):
        mail.unlink()


@pytest.fixture(params=CHINESE)
def locale(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def catalogue(locale: str) -> Catalog:
    return catalogue_in(TOOL["_catalogue"](locale))


def catalogue_in(file: Path) -> Catalog:
    with file.open("rb") as stream:
        return read_po(stream)


def sentences(catalogue: Catalog) -> dict[tuple[str | None, str], Message]:
    """Return the messages by context and (first) English form."""
    found = [message for message in catalogue if message.id]
    return {(message.context, forms(message.id)[0]): message for message in found}


def forms(text: str | tuple[str, ...] | list[str]) -> list[str]:
    return [text] if isinstance(text, str) else list(text)


def test_every_sentence_is_in_the_catalogue_and_none_that_is_gone(template: Catalog, catalogue: Catalog) -> None:
    source, known = set(sentences(template)), set(sentences(catalogue))
    assert (source - known, known - source, list(catalogue.obsolete)) == (set(), set(), [])


def test_every_sentence_is_translated(catalogue: Catalog) -> None:
    empty = [key for key, message in sentences(catalogue).items() if not all(forms(message.string or ""))]
    fuzzy = [key for key, message in sentences(catalogue).items() if message.fuzzy]
    assert (empty, fuzzy) == ([], [])


def test_every_translation_keeps_the_places_for_values(catalogue: Catalog) -> None:
    """Chinese has one form for all numbers; it is filled as the English plural is."""
    wrong = [
        (forms(message.id)[-1], text)
        for message in sentences(catalogue).values()
        for text in forms(message.string)
        if sorted(PLACE.findall(forms(message.id)[-1])) != sorted(PLACE.findall(text))
    ]
    assert wrong == []


def test_the_punctuation_is_that_of_the_script(locale: str, catalogue: Catalog) -> None:
    foreign = re.compile("[“”‘’]" if locale == "zh_Hant" else "[「」『』]")
    narrow = re.compile(r"[\u4e00-\u9fff][,;:?!]|[\u4e00-\u9fff]\.(?!\w)")
    texts = [text for message in sentences(catalogue).values() for text in forms(message.string)]
    assert [text for text in texts if foreign.search(text) or narrow.search(text)] == []


@pytest.fixture(scope="module")
def app(stage: Stage) -> Flask:
    """The application; the pages share one set of records, put back at their end."""
    return stage.installation.app


@pytest.fixture(scope="module")
def samples(stage: Stage, app: Flask) -> Iterator[Samples]:
    """One of everything, and what makes the pages lively: late tasks, closed deals, a full recycle bin."""
    for language in CHINESE:
        compiled(language)
    made = make_samples(app, stage.cast, "rep", "owner")
    make = Maker(app, stage.cast)
    company = str(make.company("owner", name="华东精密仪器", lifecycle="lost", city="苏州", country="CN").id)
    late = (now() - timedelta(days=3)).strftime("%Y-%m-%dT%H:%M")
    make.activity("owner", kind="visit", subject="现场勘察", company_id=company, due_at=late)
    make.activity("owner", kind="call", subject="报价", company_id=company, done_at=late, outcome="no_answer")
    for outcome in ("won", "lost"):
        make.deal("owner", name="包装线", amount="1,200", company_id=company, outcome=outcome)
    make.deal("owner", name="输送带", amount="800", company_id=company)
    gone = make.company("owner", name="已删除的公司")
    browser_of(app, stage.cast["owner"]).post(f"/acme/companies/{gone.id}/recycle")
    yield made
    stage.pristine.restore()


def compiled(language: str) -> None:
    """Fail with the remedy where the product would read other sentences than the catalogue has."""
    file: Path = TOOL["_catalogue"](language)
    expected = io.BytesIO()
    write_mo(expected, catalogue_in(file))
    binary = file.with_suffix(".mo")
    if not binary.exists() or binary.read_bytes() != expected.getvalue():
        pytest.fail(f"{binary.name} of {language} is not what {file.name} says. Run 'make translations'.")


@pytest.fixture
def owner(app: Flask, cast: Cast, samples: Samples, locale: str) -> Browser:
    """The owner's browser, who reads this language."""
    browser = browser_of(app, cast["owner"])
    answer = browser.post("/profile", data={"name": NAMES["owner"], "locale": locale, "timezone": "UTC"})
    assert answer.status_code == 303
    return browser


@pytest.fixture
def nobody(app: Flask, samples: Samples, locale: str) -> Browser:
    """A browser that is not signed in."""
    browser = browser_of(app, None)
    browser.set_cookie("lang", locale)
    return browser


def pages(app: Flask) -> list[Endpoint]:
    """Return all addresses that can be opened, but for the developers' page of components."""
    return [
        one for one in endpoints(app)
        if one.method in SAFE and not one.is_api and not one.rule.rule.startswith("/styleguide")
    ]  # fmt: skip


def left_in_english(app: Flask, browser: Browser, samples: Samples, locale: str) -> dict[str, list[str]]:
    """Open every page and return what is not translated, by address."""
    session, found = browser.read_session(), {}
    samples = replace(samples, values={**samples.values, "code": locale})
    for page in pages(app):
        browser.write_session(session)
        answer = browser.get(samples.address(app, page))
        if answer.mimetype == "text/html" and not 300 <= answer.status_code < 400:
            found[page.rule.rule] = english(answer.text, KNOWN)
            assert "<html" not in answer.text or f'<html lang="{html_lang(locale)}"' in answer.text
    assert len(found) > 10
    return {address: texts for address, texts in found.items() if texts}


def test_no_page_of_a_member_is_left_in_english(app: Flask, owner: Browser, samples: Samples, locale: str) -> None:
    assert left_in_english(app, owner, samples, locale) == {}


def test_no_page_outside_is_left_in_english(app: Flask, nobody: Browser, samples: Samples, locale: str) -> None:
    assert left_in_english(app, nobody, samples, locale) == {}


FORMS = (
    ("/acme/companies", {"phone": "12", "email": "a@", "website": "?", "country": "CN"}),
    ("/acme/contacts", {"name": "", "birthday": "x"}),
    ("/acme/deals", {"name": "", "amount": "x"}),
    ("/acme/log", {"kind": "call", "next_step": "pick"}),
    ("/acme/settings/workspace", {"name": "", "country": "XX"}),
    ("/profile/password", {"present": "x", "password": "y"}),
)


@pytest.mark.parametrize(("address", "typed"), FORMS)
def test_no_message_beside_a_field_is_left_in_english(owner: Browser, address: str, typed: dict[str, str]) -> None:
    answer = owner.post(address, data=typed)
    assert (answer.status_code, english(answer.text, KNOWN)) == (422, [])


def test_the_form_of_somebody_new_answers_in_their_language(nobody: Browser) -> None:
    answer = nobody.post("/signup", data={"company": "", "slug": "A b", "email": "x", "password": "short"})
    assert (answer.status_code, english(answer.text, KNOWN)) == (422, [])


def test_the_api_answers_in_the_language_of_the_member(app: Flask, cast: Cast, owner: Browser) -> None:
    phone = phone_of(app, cast["owner"])
    for answer in (phone.post("/companies", json={"name": ""}), phone.get(f"/companies/{cast['owner'].user_id}")):
        problem = answer.get_json()
        told = [problem["title"], *(error["detail"] for error in problem.get("errors", ()))]
        assert [text for text in told if re.search("[A-Za-z]{3}", text)] == []
