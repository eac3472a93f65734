"""The sheets of an archive: what a person without this product reads of it."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from zipfile import ZipFile

from tenants.archive.reading import reading
from tests.support.cast import Cast

TABLE_OF = {"deals": "opportunities"}


def sheets(archive: Path) -> dict[str, list[dict[str, str]]]:
    """Return the rows of each sheet by its name."""
    found = {}
    with ZipFile(archive) as file:
        for name in file.namelist():
            if name.startswith("sheets/"):
                with io.TextIOWrapper(file.open(name), "utf-8-sig", newline="") as text:
                    found[name.removeprefix("sheets/").removesuffix(".csv")] = list(csv.DictReader(text))
    return found


def test_each_has_all_records_of_its_kind(archive: Path) -> None:
    found = sheets(archive)
    assert found.keys() == {"companies", "contacts", "deals", "activities", "members"}
    with reading(archive) as reader:
        for name, rows in found.items():
            assert len(rows) == reader.manifest.files[f"tables/{TABLE_OF.get(name, name)}.jsonl"].lines > 0, name


def test_records_are_told_by_names_and_not_by_keys(archive: Path, filled: Cast) -> None:
    found = sheets(archive)
    company, rep = "'=Ähre & Söhne", filled["rep"].name
    [contact] = found["contacts"]
    assert (contact["name"], contact["company"], contact["owner"]) == ("Kim 李", company, rep)
    assert contact["phone"].replace(" ", "").endswith("+49301234567")
    deal = next(row for row in found["deals"] if row["name"] == "Deal <b>")
    assert (deal["company"], deal["contact"], deal["owner"]) == (company, "Kim 李", rep)
    assert sorted(row["amount"] for row in found["deals"]) == ["1234.5", "7"], "where 7.000 is 7,000 it is not read so"
    assert deal["pipeline"]
    assert deal["stage"]
    assert {row["status"] for row in found["deals"]} == {"open", "won"}
    said = next(row for row in found["activities"] if row["subject"] == "Said")
    assert (said["company"], said["deal"], said["owner"]) == (company, "Deal <b>", rep)
    assert {row["email"]: row["role"] for row in found["members"]}["rep@acme.example"]
