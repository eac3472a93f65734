"""A process of an OpenID provider that others wrote and the OpenID Foundation certified: node-oidc-provider."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx

from infra.tools.install_npm_packages import npm_command

HERE = Path(__file__).resolve().parent
WEB = HERE.parents[1] / "web"
SECRET = "a secret of both, long enough to sign with"
LISTENS = "listens at "
_FORM = re.compile(r'<form[^>]*action="([^"]+)"')
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')


@dataclass(frozen=True)
class RealProvider:
    """Where it is; each of its clients is called as the algorithm its ID tokens are signed by."""

    issuer: str

    def consent(self, address: str, back_to: str, *, login: str) -> str:
        """Be the browser that the product sent to `address`: sign in, agree, and return where it is led back to."""
        form: dict[str, str] | None = None
        with httpx.Client(trust_env=False, timeout=20) as browser:
            for _page in range(20):
                answer = browser.get(address) if form is None else browser.post(address, data=form)
                form = None
                if answer.is_redirect:
                    address = urljoin(address, answer.headers["Location"])
                    if address.startswith(back_to):
                        return address
                else:
                    assert answer.status_code == 200, answer.text
                    form = dict(_HIDDEN.findall(answer.text)) | {"login": login, "password": "any will do there"}
                    [action] = _FORM.findall(answer.text)
                    address = urljoin(address, unescape(action))
        raise AssertionError(f"it never led back: {address}")


@contextmanager
def real_provider(
    redirect_uri: str, people: Mapping[str, Mapping[str, Any]], *, thin: bool, algorithms: Sequence[str] = ("RS256",)
) -> Iterator[RealProvider]:
    """Run it until the block ends; with `thin` the ID token names the subject alone, as the standard has it."""
    clients = [
        {"client_id": algorithm, "client_secret": SECRET, "redirect_uris": [redirect_uri],
         "id_token_signed_response_alg": algorithm}
        for algorithm in algorithms
    ]  # fmt: skip
    told = {"clients": clients, "people": people, "thin": thin, "algorithms": algorithms}
    script = (HERE / "real_provider.mjs").read_text("utf-8")  # run in web/: packages are looked for from there
    with subprocess.Popen(
        [_node(), "--input-type=module", "--eval", script], cwd=WEB, text=True,
        env={**os.environ, "REAL_PROVIDER": json.dumps(told)}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    ) as process:  # fmt: skip
        try:
            yield RealProvider(_issuer(process))
        finally:
            process.kill()


def _issuer(process: subprocess.Popen[str]) -> str:
    """Return where it listens: it says so once it does, after what it has to say about its settings."""
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        if line.startswith(LISTENS):
            return line.removeprefix(LISTENS).strip()
        said.append(line)
    raise RuntimeError(f"it did not start: {''.join(said)[-2000:]}")


def _node() -> str:
    _command, folder = npm_command()
    return str(folder / "node")
