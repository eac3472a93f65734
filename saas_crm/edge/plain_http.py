"""A program that speaks plain HTTP has sent its token in the clear: it is told, and not led on in silence.

People's browsers are led to https by the proxy, and know from then on. A program would go on as it began, with its
token on the wire each time.
"""

from __future__ import annotations

from flask import request

from saas_crm.edge.current import settings


class PlainHttp(Exception):
    """The API was asked by http, in front of a proxy that we trust to say so."""


def refuse_plain_http() -> None:
    """Raise PlainHttp for a request that reached the proxy unencrypted, where the site is served over https.

    Only a proxy knows: what asks this process directly, such as a health check on the same machine, says nothing of it.
    """
    if request.scheme == "http" and "X-Forwarded-Proto" in request.headers:
        known = settings()
        if known.secure and known.trusted_proxies:
            raise PlainHttp
