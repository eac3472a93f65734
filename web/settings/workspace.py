"""Pages: settings workspace."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("settings_workspace", __name__)
