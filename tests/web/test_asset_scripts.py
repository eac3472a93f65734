"""Small script modules become one, each in a scope of its own, in the order of their imports."""

from __future__ import annotations

from pathlib import Path

import pytest

import web
from web.asset_scripts import ScriptError, bundle


def write(folder: Path, **modules: str) -> Path:
    for name, text in modules.items():
        (folder / f"{name.replace('_', '-')}.js").write_text(text)
    return folder


def test_what_is_imported_comes_first_and_once(tmp_path: Path) -> None:
    write(
        tmp_path,
        app="import './a.js';\nimport './b.js';\n",
        a="import { one, two as deux } from './b.js';\none(deux);\n",
        b="// a comment\nexport function one() {}\nexport const two = 2;\n",
    )
    text = bundle(tmp_path)
    assert text.count("const $b =") == 1
    assert text.index("const $b =") < text.index("const $a =") < text.index("const $app =")
    assert "const { one, two: deux } = $b;" in text
    assert "return { one, two };" in text
    assert "comment" not in text
    assert "import" not in text
    assert "export" not in text


def test_names_with_dashes(tmp_path: Path) -> None:
    write(tmp_path, app="import { go } from './tel-return.js';\n", tel_return="export async function go() {}\n")
    assert "const { go } = $tel_return;" in bundle(tmp_path)


@pytest.mark.parametrize(
    ("modules", "says"),
    [
        ({"app": "import * as all from './a.js';\n", "a": ""}, "cannot join"),
        ({"app": "export default 1;\n"}, "cannot join"),
        ({"app": "import './missing.js';\n"}, "does not exist"),
        ({"app": "import './a.js';\n", "a": "import './app.js';\n"}, "imports itself"),
    ],
)
def test_what_cannot_be_joined_is_named(tmp_path: Path, modules: dict[str, str], says: str) -> None:
    with pytest.raises(ScriptError, match=says):
        bundle(write(tmp_path, **modules))


def test_no_script_of_ours_is_left_out() -> None:
    folder = Path(web.__file__).parent / "static" / "js"
    text = bundle(folder)
    left_out = [path.stem for path in folder.glob("*.js") if f"const ${path.stem.replace('-', '_')} =" not in text]
    assert left_out == []
