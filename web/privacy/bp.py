"""The blueprint of the pages about privacy."""

from flask import Blueprint

bp = Blueprint("privacy", __name__)
