"""Pages: recycle bin."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("recycle_bin", __name__)
