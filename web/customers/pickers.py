"""Pages: pickers."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("pickers", __name__)
