"""Why work with the owner's rights failed, by a code that the page has words for, and what the machine says to it."""

from __future__ import annotations

import errno

import psycopg

SEPARATOR = "|"
CODES = frozenset(
    {"bad_archive", "newer", "slug_taken", "gone", "former", "under_way", "store", "no_store", "disk", "done"}
)


class Fault(Exception):
    """Something that who asked can be told of in plain words; `detail` is English, of the machine."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}{SEPARATOR}{detail}" if detail else code)
        self.code, self.detail = code, detail


def parts(error: str) -> tuple[str, str]:
    """Return code and detail of what is written in a row; no code where it is of another kind."""
    code, _, detail = error.partition(SEPARATOR)
    return (code, detail) if code in CODES else ("", error)


def is_disk_full(failed: BaseException | None) -> bool:
    """Whether a disk was full, here or the database's, be it told by what was raised in its stead."""
    while failed is not None:
        if isinstance(failed, psycopg.errors.DiskFull) or getattr(failed, "errno", None) == errno.ENOSPC:
            return True
        failed = failed.__cause__
    return False
