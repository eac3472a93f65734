"""The double as a process: `python -m tests.stripe --port 8090 --state FILE --webhook URL`; 127.0.0.1 only.

Its clock runs with the wall's, with what `/_control/clock` added. Webhooks are sent as they come. With a file it goes
on where it was when it starts again.
"""

from __future__ import annotations

import argparse
import os
import secrets
import signal
import threading
from pathlib import Path
from types import FrameType

import orjson

from tests.stripe.double import Double


def main() -> None:
    """Run until SIGTERM or Ctrl-C."""
    asked = _arguments()
    double = Double(now=None, seed=secrets.token_hex(2))
    if asked.state and asked.state.exists():
        double.load(orjson.loads(asked.state.read_bytes()))
    double.start(asked.port, asked.public_url)
    if asked.webhook:
        double.webhooks.only_endpoint(asked.webhook, asked.secret)
    double.webhooks.auto()
    print(f"The double of Stripe listens at {double.url}", flush=True)
    _keep_until_stopped(double, asked.state)
    double.stop()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.stripe", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--state", type=Path, help="the file that it keeps its state in")
    parser.add_argument("--webhook", default="", help="where events are sent")
    parser.add_argument("--secret", default="whsec_double", help="what events are signed with")
    parser.add_argument("--public-url", default="", help="what links to its pages begin with, behind a proxy")
    return parser.parse_args()


def _keep_until_stopped(double: Double, file: Path | None) -> None:
    stopped = threading.Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        stopped.set()

    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, stop)
    kept = b""
    while True:
        ending = stopped.wait(1)
        double.tick()
        if file:
            kept = _kept(double, file, kept)
        if ending:
            return


def _kept(double: Double, file: Path, before: bytes) -> bytes:
    """Write the state where it changed: aside and renamed, readable by this user alone."""
    now = orjson.dumps(double.dump())
    if now != before:
        aside = file.with_suffix(".new")
        with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
            out.write(now)
        aside.replace(file)
    return now


if __name__ == "__main__":
    main()
