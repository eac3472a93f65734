"""Pages travel compressed, also where no proxy does it: a list of fifty rows is 75 kB of words that repeat.

Compressing a page that holds a secret beside what a stranger chose (BREACH) needs requests that carry the
person's cookie from the stranger's site; ours is SameSite=Lax, so those requests come without it.
"""

from __future__ import annotations

from flask import Flask, Response, request
from isal import isal_zlib

SMALLEST = 1_400  # bytes: less fits into one packet anyway
LEVEL = 2  # of 0 to 3: the size of zlib's 3 in a sixth of its time
GZIP = 31  # the window bits that ask for a gzip header
KINDS = frozenset({"text/html", "application/json", "application/problem+json"})


def init_app(app: Flask) -> None:
    """Compress text answers for clients that take gzip.

    An ETag stays as it is: it names a record's version, which If-Match must be able to give back.
    """
    app.after_request(_compress)


def _compress(response: Response) -> Response:
    if response.mimetype not in KINDS or response.direct_passthrough or "Content-Encoding" in response.headers:
        return response
    response.headers.add("Vary", "Accept-Encoding")
    if "gzip" not in request.headers.get("Accept-Encoding", "") or response.status_code in (204, 304):
        return response
    body = response.get_data()
    if len(body) < SMALLEST:
        return response
    response.set_data(isal_zlib.compress(body, LEVEL, GZIP))
    response.headers["Content-Encoding"] = "gzip"
    return response
