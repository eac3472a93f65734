"""All pages about who gets in; importing a module hangs its pages on the blueprint."""

from web.settings import entry, security, sso
from web.settings.security import bp

__all__ = ["bp", "entry", "security", "sso"]
