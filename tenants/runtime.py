"""The settings of the running application, for code that knows no Flask."""

from __future__ import annotations

from flask import current_app, has_app_context

from tenants.directory import Directory
from tenants.settings import Settings


def runtime_settings() -> Settings:
    """Return the settings the application was built with; needs an application context."""
    found: Settings = current_app.extensions["settings"]
    return found


def settings_if_running() -> Settings | None:
    """Return the same, None outside of any application: for what hears of acts that a command may do without one."""
    return runtime_settings() if has_app_context() else None


def runtime_directory() -> Directory:
    """Return the application's directory of tenants; needs an application context."""
    found: Directory = current_app.extensions["directory"]
    return found
