"""Pages: activities. Importing it registers all of them."""

from __future__ import annotations

from web.activities import changing, done, log
from web.activities.bp import bp

__all__ = ["bp", "changing", "done", "log"]
