"""JSON for phones and programs, under `/<slug>/api/v1/`.

Operations are declared in one file per resource (`companies.py`, `tokens.py` …), next to what they do; the
OpenAPI description is made from those declarations (`openapi/`), and what is described is what is read
(`reading.py`, `serving.py`). Everything that goes wrong becomes one shape (`problems.py`, `failures.py`).

For others: `init_app` attaches the API, `answer` tells what went wrong, `description` gives the OpenAPI 3.1
document as a dictionary, without settings or database (`saas-crm openapi` prints it).
"""

from __future__ import annotations

from typing import Any

from flask import Flask, Response

from tenants.settings import Settings


def init_app(app: Flask, settings: Settings) -> None:
    """Attach the API to the application."""
    from mobile_api import documents, limiting, serving
    from mobile_api.registry import load

    limiting.init_app(app, settings)
    for bp in (serving.routes(load()), documents.bp):
        app.register_blueprint(bp)
        app.extensions["csrf"].exempt(bp)


def answer(error: Exception) -> Response:
    """Return the problem (RFC 9457) that tells a program what happened."""
    from mobile_api import failures

    return failures.answer(error)


def description() -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of the API, of no workspace in particular."""
    from mobile_api.registry import document

    return document()
