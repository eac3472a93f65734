"""Pages: settings members."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("settings_members", __name__)
