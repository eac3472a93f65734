"""A real name server on the loopback address: says what it is told to, refuses, lies, or keeps silent."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset


@dataclass
class NameServer:
    """Texts by name; `mode` is "answer", "silent" (asked in vain) or "refuse"; `asked` are the names asked for."""

    port: int = 0
    texts: dict[str, list[str]] = field(default_factory=dict)
    mode: str = "answer"
    asked: list[str] = field(default_factory=list)

    @property
    def address(self) -> str:
        """What the setting DNS_SERVERS says."""
        return f"127.0.0.1:{self.port}"

    def say(self, name: str, *texts: str) -> None:
        """Have these TXT records at a name, and no others; without any the name does not exist."""
        if texts:
            self.texts[name] = list(texts)
        else:
            self.texts.pop(name, None)

    def answer(self, packet: bytes) -> bytes | None:
        """Return the answer to one question, None for none."""
        question = dns.message.from_wire(packet)
        name = question.question[0].name.to_text(omit_final_dot=True).lower()
        self.asked.append(name)
        if self.mode == "silent":
            return None
        response = dns.message.make_response(question, recursion_available=True)
        if self.mode == "refuse":
            response.set_rcode(dns.rcode.REFUSED)
        elif name not in self.texts:
            response.set_rcode(dns.rcode.NXDOMAIN)
        elif question.question[0].rdtype == dns.rdatatype.TXT:
            words = [f'"{text}"' for text in self.texts[name]]
            response.answer.append(dns.rrset.from_text(question.question[0].name, 60, "IN", "TXT", *words))
        return response.to_wire()


@contextmanager
def name_server() -> Iterator[NameServer]:
    """Run one until the block ends."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))
        served = NameServer(int(listener.getsockname()[1]))
        thread = threading.Thread(target=_serve, args=(listener, served), daemon=True)
        thread.start()
        yield served
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", ("127.0.0.1", served.port))
        thread.join(5)


def _serve(listener: socket.socket, served: NameServer) -> None:
    while True:
        packet, sender = listener.recvfrom(4_096)
        if not packet:
            return
        answer = served.answer(packet)
        if answer is not None:
            listener.sendto(answer, sender)
