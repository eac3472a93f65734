"""The description of the real API: valid, complete, the same for everybody, and readable."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from click.testing import CliRunner
from flask import Flask
from openapi_spec_validator import OpenAPIV31SpecValidator

import mobile_api
from saas_crm.access.permissions import PERMISSIONS
from tests.support.api import problem
from tests.support.clients import Phone

Api = Callable[..., Phone]
DOCUMENTS = {"/api/v1/openapi.json", "/api/v1/docs", "/api/v1/docs/<section>"}


def operations() -> list[tuple[str, str, dict[str, Any]]]:
    paths = mobile_api.description()["paths"]
    return [(path, method, one) for path, methods in paths.items() for method, one in methods.items()]


def test_it_is_valid_openapi() -> None:
    assert list(OpenAPIV31SpecValidator(mobile_api.description()).iter_errors()) == []  # type: ignore[arg-type]


def test_every_route_is_described_and_every_description_is_a_route(app: Flask) -> None:
    routes = {
        (re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule), method.lower())
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/") and rule.rule not in DOCUMENTS
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert routes == {(f"/api/v1{path}", method) for path, method, _ in operations()}


def test_what_every_operation_says() -> None:
    ids = [one["operationId"] for _, _, one in operations()]
    assert len(set(ids)) == len(ids)
    for path, method, one in operations():
        assert one["summary"], path
        assert one.get("x-permission") in {*PERMISSIONS, None}
        assert {"422", "429", "503"} <= set(one["responses"])
        headers = [part.get("$ref", "").rpartition("/")[2] for part in one.get("parameters", ())]
        if method != "get" and one["operationId"] not in ("sign_in", "prove_token"):  # no answer of theirs is kept
            assert "IdempotencyKey" in headers, one["operationId"]
            assert "409" in one["responses"]
        if method in ("patch", "put"):
            assert {"IfMatch", "IfMatchNeeded"} & set(headers), path
        assert ("IfMatchNeeded" in headers) == ("428" in one["responses"])
        assert not ({"IfMatch", "IfMatchNeeded"} & set(headers)) or "412" in one["responses"]
        if method == "patch":
            assert list(one["requestBody"]["content"]) == ["application/merge-patch+json", "application/json"]


def test_no_input_takes_what_is_not_described() -> None:
    schemas = mobile_api.description()["components"]["schemas"]
    for _, _, one in operations():
        for content in one.get("requestBody", {}).get("content", {}).values():
            name = content["schema"]["$ref"].rpartition("/")[2]
            assert schemas[name]["additionalProperties"] is False, name


def test_patches_say_what_null_does_and_default_to_nothing() -> None:
    schemas = mobile_api.description()["components"]["schemas"]
    for name in ("CompanyPatch", "ContactPatch", "ActivityPatch", "OpportunityPatch", "MePatch"):
        assert "required" not in schemas[name]
        assert not [key for key, value in schemas[name]["properties"].items() if "default" in value]


def test_it_is_served_to_everybody_the_same(api_for: Api) -> None:
    answers = [api_for(who, slug).get("/openapi.json") for who, slug in (("owner", "acme"), (None, "acme"))]
    assert answers[0].data == answers[1].data
    document = answers[0].json
    assert document["servers"] == [{"url": "/acme/api/v1"}]
    assert {**document, "servers": None} == {**json.loads(json.dumps(mobile_api.description())), "servers": None}
    again = api_for(None, "acme").get("/openapi.json", headers={"If-None-Match": answers[0].headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert api_for(None, "other").get("/openapi.json").json["servers"] == [{"url": "/other/api/v1"}]
    problem(api_for(None, "nowhere").get("/openapi.json"), 404)


def test_the_command_prints_it() -> None:
    from saas_crm.cli.commands import command

    printed = CliRunner().invoke(command, ["openapi"])
    assert printed.exit_code == 0, printed.output
    assert json.loads(printed.output) == json.loads(json.dumps(mobile_api.description()))


def test_the_frame_of_the_page_is_in_the_readers_language(api_for: Api) -> None:
    english, chosen = api_for(None, "acme").get("/docs"), api_for(None, "acme").get("/docs?lang=zh_Hans")
    asked = api_for(None, "acme").get("/docs", headers={"Accept-Language": "zh-TW,en;q=0.5"})
    tags = [re.search(r'<html lang="([^"]+)">', page.text) for page in (english, chosen, asked)]
    assert [tag and tag[1] for tag in tags] == ["en", "zh-Hans", "zh-Hant"]
    assert "in English, as it stands" not in english.text
    assert len({page.headers["ETag"] for page in (english, chosen, asked)}) == 3
    assert "Accept-Language" in chosen.headers["Vary"]
    for page in (chosen, asked):
        for name in re.findall(r'<section id="tag-(\w+)">', page.text):
            heading = re.search(
                rf'<section id="tag-{name}">\s*<h2><a [^>]+>([^<]+)</a> <code>{name}</code></h2>', page.text
            )
            assert heading is not None, name
            assert not re.search("[a-z]", heading[1]), heading[1]
        introduction = page.text.partition("<section aria-label=")[2].partition("</section>")[0]
        words = re.sub(r"<code>.*?</code>|<[^>]+>", "", introduction)
        assert not re.search(r"[a-z]{4,} [a-z]{4,} ", words), words
        assert '<span lang="en">' in page.text
    assert api_for(None, "acme").get("/docs?lang=nonsense").text == english.text


HEAVIEST = 100_000
"""Bytes of a page of the description, uncompressed."""


def test_the_pages_for_people_are_complete_and_light(api_for: Api) -> None:
    reader = api_for(None, "acme")
    document = mobile_api.description()
    overview = reader.get("/docs")
    pages = {tag["name"]: reader.get(f"/docs/{tag['name']}") for tag in document["tags"]}
    for page in (overview, *pages.values()):
        assert page.status_code == 200
        assert page.content_type == "text/html; charset=utf-8"
        assert len(page.data) < HEAVIEST
        assert "<script" not in page.text
        assert "style=" not in page.text
        assert page.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'sha256-")
    for path, method, one in operations():
        page = pages[one["tags"][0]]
        for said in (overview.text, page.text):
            assert f'id="{one["operationId"]}"' in said
            assert f"{method.upper()}</span> <code>{path}</code>" in said
    drawn = {name for page in (overview, *pages.values()) for name in re.findall(r'id="schema-(\w+)"', page.text)}
    assert drawn == set(document["components"]["schemas"])


def test_the_pages_for_people_lead_to_each_other(api_for: Api) -> None:
    reader = api_for(None, "acme")
    names = ["", *(f"/{tag['name']}" for tag in mobile_api.description()["tags"])]
    pages = {name: reader.get(f"/docs{name}").text for name in names}
    ids = {name: set(re.findall(r'id="([^"]+)"', text)) for name, text in pages.items()}
    for name, text in pages.items():
        for within, target in re.findall(r'href="(?:/acme/api/v1/docs([^"#?]*))?#([^"]+)"', text):
            assert target in ids[within or (name if f'href="#{target}"' in text else "")], (name, within, target)
    chosen = reader.get("/docs/contacts?lang=zh_Hans").text
    assert 'href="/acme/api/v1/docs/companies?lang=zh_Hans"' in chosen
    assert "数据类型" in chosen
    problem(reader.get("/docs/nonsense"), 404)


def test_what_costs_money_is_not_changed_unseen() -> None:
    changes = {one["operationId"] for path, method, one in operations() if method in ("put", "patch", "delete")
               and path.startswith("/billing")}  # fmt: skip
    changes -= {"take_back_change"}  # what waits for the bank is nobody's yet, and costs nothing
    assert changes == {"change_plan", "cancel", "take_back"}
    for _path, _method, one in operations():
        named = {part.get("$ref", "").rpartition("/")[2] for part in one.get("parameters", ())}
        assert ("IfMatchNeeded" in named) == (one["operationId"] in changes)
    needed = mobile_api.description()["components"]["parameters"]["IfMatchNeeded"]
    assert (needed["name"], needed["required"]) == ("If-Match", True)
