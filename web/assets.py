"""Serves the styles, scripts and icons of the face from memory, under an address that changes with them.

`/_assets/<digest>/<path>` may be cached for ever because another content has another digest. While a new
release rolls out, a page of the new release can ask a process of the old one (and the other way round): a
digest that is not ours gets our own file with a short cache, so the page works, and heals a minute later.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from markupsafe import Markup
from werkzeug.wrappers import Request, Response

from web import asset_files
from web.icons import ICONS

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment
    from flask import Flask

PREFIX = "/_assets"
_FOREVER = "public, max-age=31536000, immutable"
_BRIEFLY = "public, max-age=60"
_RELOAD_SECONDS = 1.0


class Assets:
    """The composed files of one `web` folder, with their addresses.

    `reload` makes it look for changed files, at most once a second; for development only.
    Raises `asset_files.AssetsMissingError` when the npm packages are not installed.
    """

    def __init__(self, root: Path, *, reload: bool = False) -> None:
        self.root = root
        self._reload = reload
        self._checked = time.monotonic()
        self._stamp = self._newest() if reload else 0.0
        self._load()

    @property
    def digest(self) -> str:
        """The digest over all files that is part of every address."""
        self._refresh()
        return self._digest

    def url(self, path: str) -> str:
        """Address of `path`, such as `app.css`. Raises `KeyError` for an unknown file."""
        self._refresh()
        if path not in self._files:
            raise KeyError(f"no asset {path!r}")
        return f"{PREFIX}/{self._digest}/{path}"

    def icon(self, name: str, cls: str = "", *, label: str = "") -> Markup:
        """An icon of the sprite; hidden from screen readers unless it has a `label` of its own.

        Raises `KeyError` when `name` is not listed in `web.icons`.
        """
        self._refresh()
        drawn = self._drawn.get((name, cls, label))
        if drawn is None:
            # Few of them are different, and a list shows hundreds; labels can hold names and are not kept.
            drawn = self._draw(name, cls, label)
            if not label:
                self._drawn[name, cls, label] = drawn
        return drawn

    def _draw(self, name: str, cls: str, label: str) -> Markup:
        if name not in ICONS:
            raise KeyError(f"no icon {name!r}; list it in web/icons.py")
        says = Markup('role="img" aria-label="{}"').format(label) if label else Markup('aria-hidden="true"')
        return Markup('<svg class="icon{}" {} width="20" height="20"><use href="{}#{}"></use></svg>').format(
            f" {cls}" if cls else "", says, self.url("icons.svg"), name
        )

    def init_app(self, app: Flask) -> None:
        """Serve the files in front of the application, and give templates `asset` and `icon`.

        In front of it, because a style needs no tenant, no session and no log line, and must not vary by cookie.
        """
        app.jinja_env.globals.update(asset=self.url, icon=self.icon)
        inside = app.wsgi_app

        def serving(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            if environ.get("PATH_INFO", "").startswith(PREFIX):
                return self.answer(Request(environ))(environ, start_response)
            return inside(environ, start_response)

        app.wsgi_app = serving  # type: ignore[method-assign]

    def answer(self, request: Request) -> Response:
        """Answer one file, compressed where the browser takes it; 404 for a path we do not have."""
        self._refresh()
        _, _, asked = request.path.removeprefix(PREFIX + "/").partition("/")
        file = self._files.get(asked)
        if file is None:
            return Response("There is no such file.\n", 404, {"Cache-Control": "no-store"})
        if request.method not in ("GET", "HEAD"):
            return Response("Only GET.\n", 405, {"Allow": "GET, HEAD"})
        packed = file.gzipped if request.accept_encodings["gzip"] else None
        response = Response(packed or file.body, content_type=file.content_type)
        if packed:
            response.headers["Content-Encoding"] = "gzip"
        if file.gzipped:
            response.headers["Vary"] = "Accept-Encoding"
        ours = request.path.startswith(f"{PREFIX}/{self._digest}/")
        response.headers["Cache-Control"] = _FOREVER if ours else _BRIEFLY
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
        response.set_etag(f"{file.etag}-gz" if packed else file.etag)
        response.make_conditional(request)
        return response

    def _load(self) -> None:
        self._files = asset_files.compose(self.root)
        self._digest = asset_files.digest(self._files)
        self._drawn: dict[tuple[str, str, str], Markup] = {}

    def _refresh(self) -> None:
        if not self._reload or time.monotonic() - self._checked < _RELOAD_SECONDS:
            return
        self._checked = time.monotonic()
        newest = self._newest()
        if newest != self._stamp:
            self._stamp = newest
            self._load()

    def _newest(self) -> float:
        return sum(path.stat().st_mtime for path in asset_files.sources(self.root))
