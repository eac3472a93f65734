"""What can go wrong with the embedded server, each with the line that mends it."""

from __future__ import annotations


class EmbeddedServerError(Exception):
    """The embedded server cannot be had; `remedy` is one line that says what to do about it."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(f"{message}\n{remedy}")
        self.message = message
        self.remedy = remedy


class AlreadyRunningError(EmbeddedServerError):
    """Another living process already supervises a server on the same data folder."""
