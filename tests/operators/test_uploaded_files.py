"""Files that cannot be restored: told beside the field or by the worker, and nothing of them is kept."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zipfile import ZIP_BZIP2, ZIP_LZMA, ZipFile

import pytest
from flask import Flask

from saas_crm.app import create_app
from saas_crm.operators.upload_reading import LONGEST_READ
from saas_crm.workspaces.saving import save
from tests.support.cast import Cast
from tests.support.installation import Installation, dispose
from tests.support.mailbox import run_jobs
from tests.support.operators import OperatorPerson, make_operator
from tests.support.uploading import BEGIN, PAGE, begun, put, sent, told

KEPT = "SELECT count(*) FROM public.operator_uploads"
SLUGS = "SELECT slug FROM public.tenants WHERE slug IS NOT NULL ORDER BY slug"


@pytest.fixture
def olga(app: Flask, installation: Installation) -> OperatorPerson:
    return make_operator(app, installation)


@pytest.fixture
def archive(cast: Cast, installation: Installation, tmp_path: Path) -> bytes:
    save(installation.settings.database_url, "acme", tmp_path / "acme.zip")
    return (tmp_path / "acme.zip").read_bytes()


def found(installation: Installation, query: Any) -> list[tuple[Any, ...]]:
    with installation.place.owner() as connection:
        return connection.execute(query).fetchall()


def changed(archive: bytes, change: Callable[[str, bytes], bytes], compression: int | None = None) -> bytes:
    """Return an archive whose files were changed, packed again."""
    target = io.BytesIO()
    with ZipFile(io.BytesIO(archive)) as old, ZipFile(target, "w") as new:
        for entry in old.infolist():
            new.writestr(entry.filename, change(entry.filename, old.read(entry)), compression or entry.compress_type)
    return target.getvalue()


def newer(name: str, content: bytes) -> bytes:
    return json.dumps(json.loads(content) | {"revision": "9999"}).encode() if name == "manifest.json" else content


def one_letter(name: str, content: bytes) -> bytes:
    return content.replace(b"a", b"b", 1) if name == "tables/members.jsonl" else content


def nothing(_name: str, content: bytes) -> bytes:
    return content


def spoilt(archive: bytes) -> bytes:
    """Damage what the manifest is packed to, of which LZMA has an error of its own."""
    with ZipFile(io.BytesIO(archive)) as file:
        begins = file.getinfo("manifest.json").header_offset + 30 + len("manifest.json")
    return archive[: begins + 4] + b"\xff" * 40 + archive[begins + 44 :]


def no_manifest(archive: bytes) -> bytes:
    target = io.BytesIO()
    with ZipFile(target, "w") as file:
        file.writestr("letter.txt", archive[:100])
    return target.getvalue()


def endless_directory(archive: bytes) -> bytes:
    """Say that the directory has more bytes than anybody should read at once, and have them."""
    filled = bytes(LONGEST_READ + 1000)
    end = bytearray(archive[-22:])
    end[12:16] = (LONGEST_READ + 500).to_bytes(4, "little")
    return archive[:-22] + filled + bytes(end)


REFUSED: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "no archive at all": (lambda _archive: b"Dear Sir or Madam, " * 200, "not the archive of a workspace"),
    "cut": (lambda archive: archive[: len(archive) // 2], "not the archive of a workspace"),
    "the end alone": (lambda archive: archive[-22:], "not the archive of a workspace"),
    "another zip": (no_manifest, "not the archive of a workspace"),
    "a newer release": (lambda archive: changed(archive, newer), "written by a newer release"),
    "a directory without end": (endless_directory, "not the archive of a workspace"),
    "packed by bzip2": (lambda archive: changed(archive, nothing, ZIP_BZIP2), "not the archive of a workspace"),
    "packed by LZMA, and damaged": (lambda archive: spoilt(changed(archive, nothing, ZIP_LZMA)),
                                    "not the archive of a workspace"),
}  # fmt: skip


@pytest.mark.parametrize("name", list(REFUSED))
def test_what_is_no_archive_is_told_beside_the_field(
    olga: OperatorPerson, installation: Installation, archive: bytes, name: str
) -> None:
    make, said = REFUSED[name]
    refused = olga.browser.post(PAGE, data=sent(olga, make(archive)))
    assert refused.status_code == 422
    assert said in refused.text.partition('id="field-file-error"')[2].partition("</p>")[0]
    assert 'value="Acme of the file"' in refused.text
    assert found(installation, KEPT) == [(0,)]
    assert found(installation, "SELECT 1 FROM public.operator_work") == []


def test_a_file_that_came_in_otherwise_is_refused(
    olga: OperatorPerson, installation: Installation, archive: bytes
) -> None:
    begin = begun(olga, archive)
    damaged = archive[:200] + b"?" + archive[201:]
    for number in range(begin["pieces"]):
        assert put(olga, begin, damaged, number).status_code == 204
    refused = olga.browser.post(PAGE, data={"upload": begin["upload"], "slug": "acme-two"})
    assert refused.status_code == 422
    assert "damaged on its way" in refused.text
    assert found(installation, KEPT) == [(0,)]


def test_damage_that_only_the_checksums_tell_is_found_by_the_worker(
    olga: OperatorPerson, installation: Installation, archive: bytes
) -> None:
    olga.browser.post(PAGE, data=sent(olga, changed(archive, one_letter)))
    before = found(installation, SLUGS)
    run_jobs(installation)
    page = olga.browser.get(PAGE).text
    assert "The file cannot be restored: it is damaged" in page
    assert "Nothing was changed." in page
    assert found(installation, SLUGS) == before
    assert found(installation, KEPT) == [(0,)]


def test_an_address_that_was_taken_meanwhile_keeps_the_file(
    olga: OperatorPerson, installation: Installation, archive: bytes
) -> None:
    form = sent(olga, archive)
    taken = olga.browser.post(PAGE, data=form | {"slug": "other"})
    assert taken.status_code == 422
    assert "has this address" in taken.text
    assert 'value="other"' in taken.text
    assert form["upload"] in taken.text
    olga.browser.post(PAGE, data=form)
    with installation.place.owner() as connection:
        connection.execute("UPDATE public.tenants SET slug = 'acme-two' WHERE slug = 'other'")
    run_jobs(installation)
    page = olga.browser.get(PAGE).text
    assert "taken by now" in page
    assert form["upload"] in page
    assert olga.browser.post(PAGE, data=form | {"slug": "acme-three"}).status_code == 303
    run_jobs(installation)
    assert found(installation, SLUGS) == [("acme",), ("acme-three",), ("acme-two",)]
    assert found(installation, KEPT) == [(0,)]


def test_a_file_that_goes_before_the_worker_comes_is_told(
    olga: OperatorPerson, installation: Installation, archive: bytes
) -> None:
    olga.browser.post(PAGE, data=sent(olga, archive))
    with installation.place.owner() as connection:
        connection.execute("DELETE FROM public.operator_upload_pieces")
    run_jobs(installation)
    assert "The file is no longer here." in olga.browser.get(PAGE).text


def test_without_a_script_the_form_brings_it(olga: OperatorPerson, installation: Installation, archive: bytes) -> None:
    page = olga.browser.get(PAGE).text
    assert "Without JavaScript a file may have at most 5 MB" in page
    none = olga.browser.post(PAGE, data={"slug": "acme-two", "file": (io.BytesIO(b""), "")})
    assert none.status_code == 422
    assert "Choose the file of an archive." in none.text
    empty = olga.browser.post(PAGE, data={"slug": "acme-two", "file": (io.BytesIO(b""), "a.zip")})
    assert "The file is empty." in empty.text
    odd = olga.browser.post(PAGE, data={"slug": "A b", "file": (io.BytesIO(archive), "C:/Archives/acme.zip")})
    assert odd.status_code == 422
    assert "acme.zip" in odd.text, "the file need not be chosen again"
    assert "C:" not in odd.text
    large = olga.browser.post(PAGE, data={"slug": "acme-two", "file": (io.BytesIO(bytes(5_000_001)), "a.zip")})
    assert large.status_code == 413
    form = {"slug": "acme-two", "file": (io.BytesIO(archive), "acme.zip")}
    assert olga.browser.post(PAGE, data=form).status_code == 303
    run_jobs(installation)
    assert found(installation, SLUGS) == [("acme",), ("acme-two",), ("other",)]


def test_how_large_a_file_may_be_is_set(app: Flask, installation: Installation) -> None:
    settings = installation.settings.model_copy(update={"restore_file_bytes": 1_000_000})
    small = create_app(settings)
    olga = make_operator(small, Installation(installation.place, installation.folder, settings, small))
    refused = olga.browser.post(BEGIN, data=told(b"x", size=1_000_001))
    assert refused.get_json()["errors"] == {"file": "The file is too large: at most 1 MB."}
    assert "1 MB" in olga.browser.get(PAGE).text
    dispose(small)
