"""Pages: settings pipelines."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("settings_pipelines", __name__)
