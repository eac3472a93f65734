"""Pages: dev mail."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("dev_mail", __name__)
