"""The blueprint of the pages of teams."""

from flask import Blueprint

bp = Blueprint("settings_teams", __name__)
