"""Pages: today."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("today", __name__)
