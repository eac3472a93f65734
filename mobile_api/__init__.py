"""JSON for phones and programs, under `/<slug>/api/v1/`."""

from __future__ import annotations

from flask import Flask, Response

from tenants.settings import Settings


def init_app(app: Flask, settings: Settings) -> None:
    """Attach the API to the application."""


def answer(error: Exception) -> Response:
    """Return the problem (RFC 9457) that tells a program what happened."""
    raise error
