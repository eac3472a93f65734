"""The description that lets a phone install a workspace as an app."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def manifest(*, name: str, start_url: str, lang: str, asset: Callable[[str], str]) -> dict[str, Any]:
    """Return the web app manifest of one workspace; `start_url` is its Today page and the app's scope."""
    return {
        "id": start_url,
        "name": name,
        "short_name": name[:24],
        "lang": lang,
        "start_url": start_url,
        "scope": start_url,
        "display": "standalone",
        "background_color": "#f5f7f8",
        "theme_color": "#f5f7f8",
        "icons": [_icon(asset, kind, purpose, size) for kind, purpose in _KINDS for size in (192, 512)],
    }


_KINDS = (("icon", "any"), ("maskable", "maskable"))


def _icon(asset: Callable[[str], str], kind: str, purpose: str, size: int) -> dict[str, str]:
    return {
        "src": asset(f"icons/{kind}-{size}.png"),
        "sizes": f"{size}x{size}",
        "type": "image/png",
        "purpose": purpose,
    }
