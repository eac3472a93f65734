"""All pages of billing in a workspace."""

from web.billing import account, cancelling, choosing, confirming, putting_away
from web.billing.bp import bp

__all__ = ["account", "bp", "cancelling", "choosing", "confirming", "putting_away"]
