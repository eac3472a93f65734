"""All pages of billing in a workspace."""

from web.billing import account, cancelling, choosing, confirming
from web.billing.bp import bp

__all__ = ["account", "bp", "cancelling", "choosing", "confirming"]
