"""Pages: opportunities."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("opportunities", __name__)
