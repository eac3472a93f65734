"""A small object store on loopback that speaks as much S3 as a backup needs: put, get, list, delete; in memory."""

from __future__ import annotations

import threading
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import md5
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

PLACE = "http://s3.amazonaws.com/doc/2006-03-01/"


@dataclass
class ObjectStore:
    """What it holds by bucket and key; with `refuses` it answers every request with that status."""

    url: str = ""
    held: dict[str, bytes] = field(default_factory=dict)
    signed: list[bool] = field(default_factory=list)
    refuses: int = 0


class _Handler(BaseHTTPRequestHandler):
    store: ObjectStore
    protocol_version = "HTTP/1.1"

    def do_PUT(self) -> None:
        content = self._body()
        if not self._refused():
            self.store.held[self._path()] = content
            self._answer(200, headers={"ETag": f'"{md5(content).hexdigest()}"'})

    def do_GET(self) -> None:
        if self._refused():
            return None
        parts = urlsplit(self.path)
        if "list-type" in parts.query:
            return self._list(parse_qs(parts.query).get("prefix", [""])[0])
        content = self.store.held.get(self._path())
        if content is None:
            return self._answer(404, f'<Error xmlns="{PLACE}"><Code>NoSuchKey</Code></Error>'.encode())
        return self._answer(
            200, content,
            {"ETag": f'"{md5(content).hexdigest()}"', "Last-Modified": "Sun, 22 Nov 2026 02:23:00 GMT"},
        )  # fmt: skip

    def do_POST(self) -> None:
        """Delete several at once."""
        keys = [key.text or "" for key in ET.fromstring(self._body()).iter() if key.tag.endswith("Key")]
        if self._refused():
            return
        bucket = self._path().strip("/")
        for key in keys:
            self.store.held.pop(f"/{bucket}/{key}", None)
        gone = "".join(f"<Deleted><Key>{escape(key)}</Key></Deleted>" for key in keys)
        self._answer(200, f'<DeleteResult xmlns="{PLACE}">{gone}</DeleteResult>'.encode())

    def log_message(self, *_: object) -> None:
        pass

    def _list(self, prefix: str) -> None:
        bucket = self._path().rstrip("/")
        found = "".join(
            f"<Contents><Key>{escape(path.removeprefix(f'{bucket}/'))}</Key><Size>{len(content)}</Size>"
            "<LastModified>2026-11-22T02:23:00.000Z</LastModified><ETag>x</ETag></Contents>"
            for path, content in sorted(self.store.held.items())
            if path.startswith(f"{bucket}/{prefix}")
        )
        answer = f'<ListBucketResult xmlns="{PLACE}"><IsTruncated>false</IsTruncated>{found}</ListBucketResult>'
        self._answer(200, answer.encode())

    def _refused(self) -> bool:
        self.store.signed.append(self.headers.get("Authorization", "").startswith("AWS4-HMAC-SHA256"))
        if self.store.refuses:
            self._answer(self.store.refuses, b"<Error><Code>AccessDenied</Code></Error>")
        return bool(self.store.refuses)

    def _path(self) -> str:
        return unquote(urlsplit(self.path).path)

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def _answer(self, status: int, content: bytes = b"", headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {**(headers or {}), "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)


@contextmanager
def object_store() -> Iterator[ObjectStore]:
    """Run one on a free port until the block ends."""
    store = ObjectStore()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"store": store}))
    store.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield store
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()
