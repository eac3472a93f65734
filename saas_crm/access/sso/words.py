"""What is told of a provider that did not answer as it should, to who sets it up."""

from __future__ import annotations

from saas_crm.access.sso.asking import SECONDS, ProviderFailed
from saas_crm.core.i18n import gettext as _


def failure_told(failed: ProviderFailed) -> str:
    """Return a sentence for each way in which a provider fails, in the reader's language."""
    told = {
        "address": _("One of its addresses cannot be read."),
        "https": _("Only addresses with https:// are asked."),
        "inside": _("It is at an address of an inner network, where we do not ask."),
        "name": _("Its name is not known. Is it written as it should be?"),
        "time": _("It did not answer within %(seconds)s seconds.", seconds=round(SECONDS)),
        "certificate": _("Its certificate is not good."),
        "connection": _("It cannot be reached."),
        "large": _("Its answer is larger than it should be."),
        "status": _("It has nothing there (%(detail)s).", detail=failed.detail),
        "json": _("What it answers is not what OpenID Connect asks for (%(detail)s).", detail=failed.detail),
        "issuer": _("It calls itself %(name)s. Write it the same way.", name=failed.detail),
    }
    return told.get(failed.code) or told["connection"]
