"""The blueprint that the modules of this folder hang their pages on."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("operators", __name__, url_prefix="/operator")
