"""What is no archive, or not the one that was written, is refused with a reason, and leaves nothing behind."""

from __future__ import annotations

import json
import shutil
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zipfile import ZIP_BZIP2, ZIP_DEFLATED, ZIP_LZMA, ZipFile, ZipInfo

import pytest

from saas_crm.workspaces.restoring import restore_as
from tenants.archive.reading import BadArchive, manifest_of, reading
from tests.support.cast import Cast
from tests.support.installation import Installation, Place

Files = dict[str, bytes]


def left_behind(place: Place) -> list[Any]:
    """Return what a restore could leave: schemas, roles, workspaces, people and memberships."""
    queries = (
        "SELECT nspname FROM pg_namespace ORDER BY 1",
        "SELECT rolname FROM pg_roles ORDER BY 1",
        "SELECT slug, status, schema_name FROM public.tenants ORDER BY 3",
        "SELECT email, name, password_hash FROM public.users ORDER BY 1",
        "SELECT user_id, tenant_id FROM public.memberships ORDER BY 1, 2",
    )
    with place.owner() as connection:
        return [connection.execute(query).fetchall() for query in queries]


def rewritten(archive: Path, change: Callable[[Files], None]) -> Path:
    """Return an archive whose files were changed by somebody who knows how to make a ZIP."""
    with ZipFile(archive) as file:
        files = {name: file.read(name) for name in file.namelist()}
    change(files)
    path = archive.with_name("changed.zip")
    with ZipFile(path, "w", ZIP_DEFLATED) as file:
        for name, content in files.items():
            file.writestr(name, content)
    return path


def in_manifest(change: Callable[[dict[str, Any]], None]) -> Callable[[Files], None]:
    """Change the manifest."""

    def run(files: Files) -> None:
        manifest = json.loads(files["manifest.json"])
        change(manifest)
        files["manifest.json"] = json.dumps(manifest).encode()

    return run


def consistently(path: str, old: bytes, new: bytes) -> Callable[[Files], None]:
    """Change a file and its checksum."""
    import hashlib

    def run(files: Files) -> None:
        assert old in files[path]
        files[path] = files[path].replace(old, new)
        entry = {"size": len(files[path]), "sha256": hashlib.sha256(files[path]).hexdigest()}
        in_manifest(lambda manifest: manifest["files"][path].update(entry))(files)

    return run


COMPANIES = "tables/companies.jsonl"
CHANGES: dict[str, tuple[Callable[[Files], Any], str]] = {
    "a row was changed": (lambda files: files.update({COMPANIES: files[COMPANIES].replace(b"hre", b"hrE")}),
                          "its checksum differs"),
    "a row was added": (lambda files: files.update({COMPANIES: files[COMPANIES] * 2}), "its checksum differs"),
    "a file is missing": (lambda files: files.pop(COMPANIES), "is missing"),
    "no manifest": (lambda files: files.pop("manifest.json"), "no manifest"),
    "a manifest of nonsense": (lambda files: files.update({"manifest.json": b"[]"}), "no manifest"),
    "another format": (in_manifest(lambda manifest: manifest.update(format=2)), "no manifest"),
    "a newer release": (in_manifest(lambda manifest: manifest.update(revision="9999")), "by a newer release"),
    "an unknown table": (in_manifest(lambda manifest: manifest["files"].update(
        {"tables/x; DROP SCHEMA public.jsonl": manifest["files"][COMPANIES]})), "is missing"),
    "a table too few": (in_manifest(lambda manifest: manifest["files"].pop(COMPANIES)), "its tables are not those"),
    "a person who is none": (consistently("people/people.jsonl", b"rep@acme.example", b"nobody"), "no person"),
    "no JSON": (consistently(COMPANIES, b'{"id"', b'{"id'), "do not fit"),
    "a value that does not fit": (consistently(COMPANIES, b'"version":', b'"version":"x'), "do not fit"),
    "a field nobody knows": (consistently(COMPANIES, b'"name":', b'"nmae":'), "do not fit"),
    "a field too many": (consistently(COMPANIES, b'{"id"', b'{"more":1,"id"'), "came back otherwise"),
    "a row names one that is missing": (consistently("tables/teams.jsonl", b'"parent_id":"', b'"parent_id":"f'),
                                        "do not fit"),
    "a value that is nested too deeply": (consistently(COMPANIES, b'{"id"', b'{"x":' + b"[" * 20_000 + b',"id"'),
                                          "do not fit"),
    "a workspace's name that nobody can store": (in_manifest(
        lambda manifest: manifest["tenant"].update(name="Acme\0")), "no manifest"),
    "rules of a search that nobody can count": (in_manifest(
        lambda manifest: manifest["tenant"].update(search_rules=1 << 40)), "no manifest"),
    "a person's name that nobody can store": (consistently("people/people.jsonl", b"Rita", b"Ri\\u0000a"),
                                              "no person"),
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGES)
def test_a_changed_archive_is_refused(name: str, archive: Path, installation: Installation) -> None:
    change, said = CHANGES[name]
    before = left_behind(installation.place)
    with pytest.raises(BadArchive, match=said):
        restore_as(installation.place.owner_url, installation.place.runtime_url, rewritten(archive, change), "copy")
    assert left_behind(installation.place) == before


def test_rows_that_name_others_which_are_missing(archive: Path, installation: Installation) -> None:
    def forget_contacts(files: Files) -> None:
        files["tables/contacts.jsonl"] = b""
        nothing = {"lines": 0, "size": 0, "sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}
        in_manifest(lambda manifest: manifest["files"].update({"tables/contacts.jsonl": nothing}))(files)

    before = left_behind(installation.place)
    with pytest.raises(BadArchive, match="name others that are missing"):
        restore_as(
            installation.place.owner_url, installation.place.runtime_url, rewritten(archive, forget_contacts), "copy"
        )
    assert left_behind(installation.place) == before


def test_damaged_on_the_way(archive: Path, installation: Installation) -> None:
    """Cut off, or with one byte changed anywhere in its rows: never half a workspace."""
    before = left_behind(installation.place)
    whole = archive.read_bytes()
    place, path = installation.place, archive.with_name("damaged.zip")
    for at in (0, len(whole) // 2, len(whole) - 10):
        path.write_bytes(whole[:at])
        with pytest.raises(BadArchive):
            restore_as(place.owner_url, place.runtime_url, path, "copy")
    with ZipFile(archive) as file:
        data = file.getinfo(COMPANIES).header_offset + 120
    path.write_bytes(whole[:data] + bytes([whole[data] ^ 0x10]) + whole[data + 1 :])
    with pytest.raises(BadArchive):
        restore_as(place.owner_url, place.runtime_url, path, "copy")
    assert left_behind(place) == before


def test_what_would_fill_the_disk_or_the_memory(archive: Path, installation: Installation) -> None:
    """Consistent in itself: sizes and checksums are right, there is only far too much of it."""
    spaces = b" " * 120_000_000
    before = left_behind(installation.place)
    place = installation.place
    for path, said in ((COMPANIES, "would unpack to 12. MB"), ("people/photos/x", "would unpack to 12. MB")):
        bomb = rewritten(archive, lambda files, path=path: files.update({path: files.get(path, b"") + spaces}))
        assert bomb.stat().st_size < 1_000_000
        with pytest.raises(BadArchive, match=said):
            restore_as(place.owner_url, place.runtime_url, bomb, "copy")
    assert left_behind(place) == before


@pytest.mark.parametrize("way", [ZIP_BZIP2, ZIP_LZMA], ids=["bzip2", "LZMA"])
def test_what_is_unpacked_without_a_bound_is_not_unpacked(
    archive: Path, way: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By these Python unpacks all that it has read, also where the file says of itself that it is small."""
    bomb = archive.with_name("bomb.zip")
    shutil.copy(archive, bomb)
    with ZipFile(bomb, "a") as file:
        file.writestr("people/photos/x", b" " * 1_000_000, way)
    monkeypatch.setattr(ZipFile, "open", _not_to_be_opened)
    with pytest.raises(BadArchive, match="packed in a way"), reading(bomb):
        pass
    with pytest.raises(BadArchive, match="packed in a way"), bomb.open("rb") as opened:
        manifest_of(opened, bomb.stat().st_size)


def _not_to_be_opened(*_: object) -> None:
    raise AssertionError("nothing of it is unpacked")


def test_a_member_that_is_locked_by_a_password(archive: Path, installation: Installation) -> None:
    """As the directory and the file's own head say."""
    content = bytearray(archive.read_bytes())
    with ZipFile(archive) as file:
        head = file.getinfo(COMPANIES).header_offset
    for at in (head + 6, content.index(COMPANIES.encode(), head + 60) - 46 + 8):
        content[at] |= 1
    locked = archive.with_name("locked.zip")
    locked.write_bytes(content)
    before = left_behind(installation.place)
    with pytest.raises(BadArchive, match="damaged"):
        restore_as(installation.place.owner_url, installation.place.runtime_url, locked, "copy")
    assert left_behind(installation.place) == before


def test_a_file_that_is_read_at_once_has_a_bound(archive: Path) -> None:
    def swell(manifest: dict[str, Any]) -> None:
        manifest["files"]["people/people.jsonl"]["size"] = 5_000_000_000

    with reading(rewritten(archive, in_manifest(swell))) as reader, pytest.raises(BadArchive, match="too large"):
        reader.content("people/people.jsonl")


def test_names_that_lead_out_of_a_folder_and_links_are_never_written(
    archive: Path, installation: Installation, tmp_path: Path
) -> None:
    """Nothing of an archive becomes a file: members that nobody asked for are not even opened."""
    link = ZipInfo("tables/link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with ZipFile(archive, "a") as file:
        file.writestr("../../out.txt", b"x")
        file.writestr("/tmp/out-of-an-archive.txt", b"x")
        file.writestr(link, b"/etc/passwd")
    before = sorted(tmp_path.parent.rglob("*"))
    restore_as(installation.place.owner_url, installation.place.runtime_url, archive, "copy")
    assert sorted(tmp_path.parent.rglob("*")) == before
    assert not Path("/tmp/out-of-an-archive.txt").exists()


def test_a_time_zone_that_nobody_knows_here_breaks_nobodys_pages(archive: Path, empty_place: Place, cast: Cast) -> None:
    def elsewhere(files: Files) -> None:
        in_manifest(lambda manifest: manifest["tenant"].update(timezone="Mars/Olympus"))(files)
        consistently("people/people.jsonl", b'"timezone":"UTC"', b'"timezone":"../../etc/passwd"')(files)

    restore_as(empty_place.owner_url, empty_place.runtime_url, rewritten(archive, elsewhere), "acme")
    with empty_place.owner() as connection:
        zones = connection.execute("SELECT timezone FROM public.users UNION ALL SELECT timezone FROM public.tenants"
                                   " WHERE slug = 'acme'").fetchall()  # fmt: skip
    assert zones == [("UTC",)] * (len(cast.members) + 1)


def test_a_file_that_is_not_there_says_so(tmp_path: Path, installation: Installation) -> None:
    with pytest.raises(FileNotFoundError):
        restore_as(installation.place.owner_url, installation.place.runtime_url, tmp_path / "none.zip", "copy")


def test_a_full_disk_leaves_the_former_archive(
    archive: Path, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The new one is written beside it."""
    from saas_crm.workspaces.saving import save

    before = archive.read_bytes()
    shutil.copy(archive, archive.with_name("kept.zip"))
    monkeypatch.setattr("saas_crm.workspaces.saving.add_sheets", _no_room)
    with pytest.raises(OSError, match="No space"):
        save(installation.settings.database_url, "acme", archive)
    assert archive.read_bytes() == before
    assert not list(archive.parent.glob(".*partial"))


def _no_room(*_: object) -> None:
    raise OSError(28, "No space left on device")
