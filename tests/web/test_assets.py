"""The files of the face: composed once, addressed by content, sent compressed, and small."""

from __future__ import annotations

import gzip
import os
import re
import shutil
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

import web
from web import asset_files, faces
from web.asset_files import AssetsMissingError
from web.assets import Assets
from web.icons import ICONS

ROOT = Path(web.__file__).parent


@pytest.fixture(scope="module")
def assets() -> Assets:
    return Assets(ROOT)


@pytest.fixture
def client(assets: Assets) -> FlaskClient:
    app = Flask(__name__, static_folder=None)
    app.add_url_rule("/", view_func=lambda: "the page")
    assets.init_app(app)
    return app.test_client()


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A `web` folder of our own that a test may change."""
    shutil.copytree(ROOT / "static", tmp_path / "static")
    (tmp_path / "node_modules").symlink_to(ROOT / "node_modules")
    return tmp_path


def test_an_address_holds_the_digest_of_all_files(assets: Assets) -> None:
    assert assets.url("app.css") == f"/_assets/{assets.digest}/app.css"
    assert re.fullmatch(r"[0-9a-f]{12}", assets.digest)


def test_an_unknown_file_has_no_address(assets: Assets) -> None:
    with pytest.raises(KeyError, match="no asset"):
        assets.url("nothing.css")


def test_the_same_files_give_the_same_digest(assets: Assets, copy: Path) -> None:
    assert Assets(copy).digest == assets.digest


def test_one_changed_file_changes_every_address(assets: Assets, copy: Path) -> None:
    script = copy / "static" / "js" / "theme.js"
    script.write_text(script.read_text() + "\nvoid 0;\n")
    assert Assets(copy).digest != assets.digest


def test_layers_come_in_their_order_and_comments_stay_at_home(client: FlaskClient, assets: Assets) -> None:
    css = client.get(assets.url("app.css")).text
    assert css.startswith("@layer reset, tokens, base, components, pages, utilities;")
    order = re.findall(r"^@layer (\w+) \{", css, re.MULTILINE)
    assert order == sorted(order, key=asset_files.LAYERS.index)
    assert "/*" not in css


def test_a_known_digest_may_be_kept_for_ever(client: FlaskClient, assets: Assets) -> None:
    answer = client.get(assets.url("app.js"))
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert "Set-Cookie" not in answer.headers


def test_another_releases_digest_gets_our_file_for_a_minute(client: FlaskClient) -> None:
    answer = client.get("/_assets/0123456789ab/app.css")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "public, max-age=60"


def test_an_unknown_path_is_not_found(client: FlaskClient, assets: Assets) -> None:
    assert client.get(f"/_assets/{assets.digest}/../assets.py").status_code == 404
    assert client.get(f"/_assets/{assets.digest}/none.js").status_code == 404


def test_a_file_is_only_read(client: FlaskClient, assets: Assets) -> None:
    assert client.post(assets.url("app.css")).status_code == 405
    head = client.head(assets.url("app.css"))
    assert head.status_code == 200
    assert head.data == b""


def test_everything_else_goes_to_the_application(client: FlaskClient) -> None:
    assert client.get("/").text == "the page"


def test_gzip_only_for_those_who_take_it(client: FlaskClient, assets: Assets) -> None:
    packed = client.get(assets.url("app.css"), headers={"Accept-Encoding": "gzip, br"})
    plain = client.get(assets.url("app.css"), headers={"Accept-Encoding": "identity"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.headers["Vary"] == "Accept-Encoding"
    assert "Content-Encoding" not in plain.headers
    assert gzip.decompress(packed.data) == plain.data
    assert packed.headers["ETag"] != plain.headers["ETag"]


def test_an_unchanged_file_is_not_sent_again(client: FlaskClient, assets: Assets) -> None:
    tag = client.get(assets.url("app.css")).headers["ETag"]
    again = client.get(assets.url("app.css"), headers={"If-None-Match": tag})
    assert again.status_code == 304
    assert again.data == b""


def test_the_sprite_holds_exactly_the_listed_icons(client: FlaskClient, assets: Assets) -> None:
    sprite = client.get(assets.url("icons.svg")).text
    assert re.findall(r'<symbol id="([^"]+)"', sprite) == list(ICONS)
    assert len(set(ICONS)) == len(ICONS)


def test_an_icon_is_silent_unless_it_has_a_label(assets: Assets) -> None:
    assert 'aria-hidden="true"' in assets.icon("phone")
    assert 'aria-label="Call &lt;b&gt;"' in assets.icon("phone", label="Call <b>")
    with pytest.raises(KeyError, match="list it in"):
        assets.icon("no-such-icon")


def test_missing_npm_packages_are_named_with_their_cure(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "static", tmp_path / "static")
    with pytest.raises(AssetsMissingError, match="make"):
        Assets(tmp_path)


def test_development_sees_a_changed_file(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web.assets._RELOAD_SECONDS", 0.0)
    assets = Assets(copy, reload=True)
    before = assets.digest
    script = copy / "static" / "js" / "theme.js"
    script.write_text(script.read_text() + "\nvoid 0;\n")
    os.utime(script, (script.stat().st_atime, script.stat().st_mtime + 5))
    assert assets.digest != before


def test_the_whole_face_stays_under_its_budget(client: FlaskClient, assets: Assets) -> None:
    """A first page view may cost 100 kB; what every page loads may take 60 of them."""
    paths = ["app.css", "app.js", "icons.svg", "icons/icon.svg", "vendor/htmx.js"]
    total = sum(len(client.get(assets.url(p), headers={"Accept-Encoding": "gzip"}).data) for p in paths)
    assert total < 60_000


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Mara Lindqvist", "ML"), ("Anna Maria van Dyck", "AD"), ("Ólafur", "Ó"), ("王小明", "小明"), ("李娜", "李娜"),
        ("华东精密仪器有限公司", "华东"), ("  ", "?"), ("— ×", "?"), ("(Bo)", "B"), ("😀 Kim", "K"), ("ørsted", "Ø"),
    ],
)  # fmt: skip
def test_initials(name: str, expected: str) -> None:
    assert faces.initials(name) == expected


def test_a_name_always_has_the_same_colour() -> None:
    assert faces.avatar_tone("Mara Lindqvist") == faces.avatar_tone(" mara lindqvist ")
    assert {faces.avatar_tone(f"name {n}") for n in range(200)} == set(range(faces.TONES))


def test_older_browsers_get_the_light_colours() -> None:
    tokens = ROOT / "static" / "css" / "tokens"
    light = re.sub(r"light-dark\((#\w+), #\w+\)", r"\1", (tokens / "color.css").read_text())
    pairs = re.compile(r"(--[\w-]+): ([^;]+);")
    assert dict(pairs.findall((tokens / "older.css").read_text())) == dict(pairs.findall(light))
