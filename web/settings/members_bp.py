"""The blueprint of the pages of members and invitations."""

from flask import Blueprint

bp = Blueprint("settings_members", __name__)
