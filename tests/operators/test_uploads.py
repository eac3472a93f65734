"""Restoring from an archive's file: sent in pieces, checked, restored by the worker, and nothing left behind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from saas_crm.app import create_app
from saas_crm.operators.restoring_files import forget_uploads
from saas_crm.workspaces.saving import save
from tests.support.cast import Cast
from tests.support.clients import statements
from tests.support.installation import Installation, dispose
from tests.support.mailbox import run_jobs
from tests.support.making import Maker
from tests.support.operators import PASSWORD, OperatorPerson, make_operator
from tests.support.uploading import BEGIN, PAGE, begun, put, sent, told

PIECE = 10_000
OperatorFor = Callable[..., OperatorPerson]


@pytest.fixture
def operator(app: Flask, installation: Installation) -> Iterator[OperatorFor]:
    """Make operators of an application with small requests: archives of tests are small, and come in several pieces."""
    settings = installation.settings.model_copy(update={"max_body_bytes": PIECE})
    small = create_app(settings)
    yield partial(make_operator, small, Installation(installation.place, installation.folder, settings, small))
    dispose(small)


@pytest.fixture
def olga(operator: OperatorFor) -> OperatorPerson:
    return operator()


@pytest.fixture
def archive(make: Maker, cast: Cast, installation: Installation, tmp_path: Path) -> bytes:
    """An archive of acme with a company in it."""
    make.company(name="Kept in a file")
    save(installation.settings.database_url, "acme", tmp_path / "acme.zip")
    content = (tmp_path / "acme.zip").read_bytes()
    assert len(content) > PIECE, "of several pieces"
    return content


def rows(installation: Installation, query: Any) -> list[tuple[Any, ...]]:
    with installation.place.owner() as connection:
        return connection.execute(query).fetchall()


def left(installation: Installation) -> tuple[int, int]:
    """Return how many files and pieces are kept."""
    files = "SELECT count(*), (SELECT count(*) FROM public.operator_upload_pieces) FROM public.operator_uploads"
    [(uploaded, pieces)] = rows(installation, files)
    return uploaded, pieces


def work(installation: Installation) -> list[tuple[Any, ...]]:
    return rows(installation, "SELECT kind, state, split_part(error, '|', 1) FROM public.operator_work ORDER BY id")


def test_a_file_becomes_a_workspace(olga: OperatorPerson, installation: Installation, archive: bytes) -> None:
    assert f'href="{PAGE}"' in olga.browser.get("/operator").text
    form = sent(olga, archive)
    assert "acme.zip" in olga.browser.get(PAGE).text, "what is here is told, also on the page loaded anew"
    assert olga.browser.post(PAGE, data=form).status_code == 303
    assert "waits for the worker" in olga.browser.get(PAGE).text
    run_jobs(installation)
    assert work(installation) == [("restore_file", "done", None)]
    assert 'href="/operator/workspaces/acme-two"' in olga.browser.get(PAGE).text
    assert "Acme of the file" in olga.browser.get("/operator/workspaces/acme-two").text
    assert left(installation) == (0, 0)
    acts = "SELECT actor, act, slug, details ->> 'file' FROM public.operator_acts WHERE act LIKE 'restore%' ORDER BY id"
    assert rows(installation, acts) == [
        ("Olga Operator", "restore_file", None, "acme.zip"), ("Olga Operator", "restore", "acme-two", "acme.zip")
    ]  # fmt: skip
    log = olga.browser.get("/operator/log").text
    assert "Restore from a file asked for" in log
    assert "acme.zip" in log
    [(schema,)] = rows(installation, "SELECT schema_name FROM public.tenants WHERE slug = 'acme-two'")
    with installation.place.owner() as connection:
        connection.execute("SELECT set_config('search_path', %s, false)", [schema])
        assert connection.execute("SELECT name FROM companies").fetchall() == [("Kept in a file",)]


def test_it_goes_on_where_it_stopped(olga: OperatorPerson, installation: Installation, archive: bytes) -> None:
    first = begun(olga, archive)
    assert put(olga, first, archive, 1).status_code == 204
    assert "Choose the same file again" in olga.browser.get(PAGE).text
    early = olga.browser.post(PAGE, data={"upload": first["upload"], "slug": "acme-two"})
    assert early.status_code == 422
    assert "did not come in as a whole" in early.text
    again = begun(olga, archive, slug="acme-three")
    assert (again["upload"], again["here"]) == (first["upload"], [1])
    form = sent(olga, archive)
    assert form["upload"] == first["upload"]
    assert olga.browser.post(PAGE, data=form).status_code == 303
    run_jobs(installation)
    assert work(installation) == [("restore_file", "done", None)]


def test_a_piece_that_comes_twice_changes_nothing(
    olga: OperatorPerson, installation: Installation, archive: bytes
) -> None:
    begin = begun(olga, archive)
    other = bytes(reversed(archive))
    assert [put(olga, begin, content, 0).status_code for content in (archive, archive, other)] == [204, 204, 204]
    assert rows(installation, "SELECT content FROM public.operator_upload_pieces") == [(archive[:PIECE],)]


def test_the_form_sent_twice_restores_once(olga: OperatorPerson, installation: Installation, archive: bytes) -> None:
    form = sent(olga, archive)
    assert [olga.browser.post(PAGE, data=form).status_code for _click in range(2)] == [303, 303]
    assert "under way already" in olga.browser.get(PAGE).text
    begun(olga, b"another file meanwhile")
    run_jobs(installation)
    assert work(installation) == [("restore_file", "done", None)]
    late = olga.browser.post(PAGE, data=form | {"slug": "acme-three"})
    assert late.status_code == 422
    assert "Choose the file of an archive." in late.text


def test_pieces_that_do_not_fit_are_refused(olga: OperatorPerson, installation: Installation, archive: bytes) -> None:
    begin = begun(olga, archive)
    for number, content in ((0, archive[: PIECE - 1]), (begin["pieces"], archive[:PIECE]), (99, b""), (0, b"")):
        answer = olga.browser.post(f"{begin['to']}{number}", data=content, content_type="application/octet-stream")
        assert answer.status_code == 422, number
    assert left(installation) == (1, 0)


def test_nobody_touches_the_file_of_another(
    olga: OperatorPerson, operator: OperatorFor, installation: Installation, archive: bytes
) -> None:
    otto = operator("otto@operators.example", "Otto")
    begin = begun(olga, archive)
    assert put(otto, begin, archive, 0).status_code == 404
    form = sent(olga, archive)
    assert "acme.zip" not in otto.browser.get(PAGE).text
    answer = otto.browser.post(PAGE, data=form)
    assert answer.status_code == 422
    assert "Choose the file of an archive." in answer.text
    assert begun(otto, archive)["upload"] != begin["upload"]
    assert left(installation)[0] == 2, "and who begins one takes none of another's away"
    assert work(installation) == []


def test_who_is_no_operator_sends_nothing(
    olga: OperatorPerson, installation: Installation, archive: bytes, client_for: Callable[..., Any]
) -> None:
    begin = begun(olga, archive)
    for browser in (client_for("owner"), client_for(None)):
        for address in (PAGE, BEGIN, f"{begin['to']}0"):
            assert browser.post(address, data=told(archive)).headers["Location"] == "/operator/signin"
    assert left(installation) == (1, 0)


def test_without_fresh_proof_nothing_begins(olga: OperatorPerson, installation: Installation, archive: bytes) -> None:
    form = sent(olga, archive)
    with installation.place.owner() as connection:
        connection.execute("UPDATE public.operator_sessions SET proven_at = now() - interval '11 minutes'")
    page = olga.browser.get(f"{PAGE}?slug=acme-two&name=Two").text
    assert 'type="file"' not in page
    assert olga.browser.post(BEGIN, data=told(b"another")).status_code == 403
    asked = olga.browser.post(PAGE, data=form)
    assert asked.status_code == 403
    assert form["upload"] in asked.text, "what was sent before is not lost"
    assert work(installation) == []
    assert olga.browser.post(f"{PAGE}/proof", data={"slug": "acme-two"}).status_code == 403
    proof = {"proof_password": PASSWORD, "proof_code": olga.code()}
    led = olga.browser.post(f"{PAGE}/proof", data={"slug": "acme-two", "name": "Two"} | proof)
    assert led.headers["Location"] == f"{PAGE}?slug=acme-two&name=Two"
    shown = olga.browser.get(led.headers["Location"]).text
    assert 'value="acme-two"' in shown
    assert 'value="Two"' in shown


@pytest.mark.parametrize(("asked", "field", "said"), [
    ({"size": 1_000_000_001}, "file", "too large: at most 1000 MB"),
    ({"size": 0}, "size", "At least 1."),
    ({"sha256": "abc"}, "sha256", "cannot be used"),
    ({"slug": "other"}, "slug", "has this address"),
    ({"slug": ""}, "slug", "This is needed."),
])  # fmt: skip
def test_what_cannot_be_is_told_before_anything_is_sent(
    olga: OperatorPerson, installation: Installation, cast: Cast, asked: dict[str, Any], field: str, said: str
) -> None:
    answer = olga.browser.post(BEGIN, data=told(b"x") | asked)
    assert answer.status_code == 422
    assert said in answer.get_json()["errors"][field]
    assert left(installation) == (0, 0)


def test_pieces_ask_the_database_little(olga: OperatorPerson, installation: Installation, archive: bytes) -> None:
    begin = begun(olga, archive)
    put(olga, begin, archive, 0)
    assert statements(put(olga, begin, archive, 1)) <= 3


def test_after_a_day_it_is_gone(olga: OperatorPerson, installation: Installation, archive: bytes) -> None:
    sent(olga, archive)
    assert forget_uploads(installation.settings.owner_url) == 0
    with installation.place.owner() as connection:
        connection.execute("UPDATE public.operator_uploads SET begun_at = now() - interval '25 hours'")
    assert forget_uploads(installation.settings.owner_url) == 1
    assert left(installation) == (0, 0)
