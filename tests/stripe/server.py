"""The double on a port of the loopback address: Stripe's API, the hosted pages, and what tests steer it by."""

from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from flask import Flask, Response, abort, request
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from tests.stripe import control, pages
from tests.stripe.core import Broken
from tests.stripe.transport import answered

if TYPE_CHECKING:
    from tests.stripe.double import Double

HOST = "127.0.0.1"
_OURS = {HOST, "localhost"}


class _Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Tests ask a hundred thousand times."""


class Server:
    """The double behind HTTP, until it is stopped."""

    def __init__(self, double: Double, port: int = 0) -> None:
        self._ending = threading.Event()
        self._server: BaseWSGIServer = make_server(
            HOST, port, application(double, self._ending), threaded=True, request_handler=_Quiet
        )
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), name="stripe", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop; what hangs is let go."""
        self._ending.set()
        self._server.shutdown()
        self._thread.join(10)
        self._server.server_close()


def application(double: Double, ending: threading.Event) -> Flask:
    """Return the web application. What hangs, hangs until `ending`."""
    app = Flask("tests.stripe")
    app.register_blueprint(pages.blueprint(double))
    app.register_blueprint(control.blueprint(double))

    @app.before_request
    def from_here() -> None:
        """Answer to names of this machine only, so that no page of another site can rebind a name to us."""
        named = urlsplit(f"//{request.host}").hostname
        if named not in _OURS and named != urlsplit(double.world.base_url).hostname:
            abort(421)

    @app.route("/v1/<path:path>", methods=["GET", "POST", "DELETE"])
    def api(path: str) -> Response:
        headers = dict(request.headers.items())
        try:
            body = request.get_data(as_text=True)
            content, status, more = answered(double.core, request.method, request.full_path.rstrip("?"), headers, body)
        except Broken as broken:
            if broken.args == ("hang",):
                ending.wait(120)
            return _broken()
        return Response(content, status, more)

    return app


def _broken() -> Any:
    """End the connection without an answer."""
    connection: socket.socket = request.environ["werkzeug.socket"]
    connection.shutdown(socket.SHUT_RDWR)
    return Response("", 500)
