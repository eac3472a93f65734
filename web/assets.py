"""Serves the styles, scripts and icons of the face from memory, under an address that changes with them.

`/_assets/<digest>/<path>` may be cached for ever because another content has another digest. While a new
release rolls out, a page of the new release can ask a process of the old one (and the other way round): a
digest that is not ours gets our own file with a short cache, so the page works, and heals a minute later.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Blueprint, Response, abort, request
from markupsafe import Markup, escape

from saas_crm.edge.declared import public
from web import asset_files
from web.icons import ICONS

if TYPE_CHECKING:
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
        """Address of `path`, such as `app.css` or `js/app.js`. Raises `KeyError` for an unknown file."""
        self._refresh()
        if path not in self._files:
            raise KeyError(f"no asset {path!r}")
        return f"{PREFIX}/{self._digest}/{path}"

    def icon(self, name: str, cls: str = "", *, label: str = "") -> Markup:
        """An icon of the sprite; hidden from screen readers unless it has a `label` of its own.

        Raises `KeyError` when `name` is not listed in `web.icons`.
        """
        if name not in ICONS:
            raise KeyError(f"no icon {name!r}; list it in web/icons.py")
        says = Markup('role="img" aria-label="{}"').format(label) if label else Markup('aria-hidden="true"')
        return Markup('<svg class="icon{}" {} width="20" height="20"><use href="{}#{}"></use></svg>').format(
            f" {cls}" if cls else "", says, self.url("icons.svg"), name
        )

    def preloads(self, nonce: str = "") -> Markup:
        """`modulepreload` links for all script modules, so that imports do not wait for one another."""
        self._refresh()
        says = f' nonce="{escape(nonce)}"' if nonce else ""
        links = (
            f'<link rel="modulepreload" href="{escape(self.url(path))}"{says}>'
            for path in self._files
            if path.startswith("js/")
        )
        return Markup("\n".join(links))  # noqa: S704 - every part is escaped above

    def blueprint(self) -> Blueprint:
        """The routes that serve the files; public, and outside every tenant."""
        blueprint = Blueprint("assets", __name__)

        @blueprint.get(f"{PREFIX}/<digest>/<path:path>")
        @public("outside")
        def file(digest: str, path: str) -> Response:
            return self.serve(digest, path)

        return blueprint

    def init_app(self, app: Flask) -> None:
        """Register the routes, and `asset`, `icon` and `module_preloads` for templates."""
        app.register_blueprint(self.blueprint())
        app.jinja_env.globals.update(asset=self.url, icon=self.icon, module_preloads=self.preloads)

    def serve(self, digest: str, path: str) -> Response:
        """Answer one file, compressed where the browser takes it; 404 for a path we do not have."""
        self._refresh()
        file = self._files.get(path)
        if file is None:
            abort(404)
        packed = file.gzipped if "gzip" in request.headers.get("Accept-Encoding", "") else None
        response = Response(packed or file.body, content_type=file.content_type)
        if packed:
            response.headers["Content-Encoding"] = "gzip"
        if file.gzipped:
            response.headers["Vary"] = "Accept-Encoding"
        response.headers["Cache-Control"] = _FOREVER if digest == self._digest else _BRIEFLY
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.set_etag(f"{file.etag}-gz" if packed else file.etag)
        response.make_conditional(request)
        return response

    def _load(self) -> None:
        self._files = asset_files.compose(self.root)
        self._digest = asset_files.digest(self._files)

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
