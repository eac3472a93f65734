"""The blueprint of the pages about hand-overs."""

from flask import Blueprint

bp = Blueprint("hand_overs", __name__)
