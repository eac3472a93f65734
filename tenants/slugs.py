"""What a workspace's address may be, and a good one for a company's name."""

from __future__ import annotations

import re
import secrets
import unicodedata
from enum import Enum
from itertools import groupby
from typing import TYPE_CHECKING

from tenants.legal_forms import name_words, without_legal_forms
from tenants.marks import N_
from tenants.pinyin import syllables

if TYPE_CHECKING:
    from collections.abc import Callable

MIN_LENGTH, MAX_LENGTH = 3, 40
SUGGESTED_LENGTH = 30  # a longer address is never suggested: people read it aloud

RESERVED = frozenset(
    """
    signup signin signout forgot reset verify invitations workspaces profile dev styleguide healthz readyz
    metrics assets
    about account accounts admin api app apps auth billing blog careers cdn contact css docs download
    downloads error errors favicon files fonts guide health help home images img imprint index internal invite
    js language languages legal login logout mail manifest media mobile new news null oauth openapi operator oauth2
    partner partners password pay payment photo photos ping press pricing privacy public register robots root
    security server settings sitemap sso static status store support system team terms undefined upload
    uploads users webhook webhooks welcome well-known workspace www
    """.split()  # noqa: SIM905
)
"""First path segments that are ours, or that a visitor would take for ours. `_assets` is no slug anyway."""

_SHAPE = re.compile(r"[a-z](?:[a-z0-9]|-(?=[a-z0-9])){2,39}")
_FOREIGN = re.compile(r"[^a-z0-9-]")
_LETTERS = str.maketrans(
    {
        "ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d",
        "ł": "l", "þ": "th", "ı": "i", "ŋ": "n", "ħ": "h",
    }
)  # fmt: skip


class SlugProblem(Enum):
    """Why an address cannot be had; `message` is English source text, translated where it is shown."""

    TOO_SHORT = N_("Use at least 3 characters.")
    TOO_LONG = N_("Use at most 40 characters.")
    CHARACTERS = N_("Use only small letters a to z, digits and hyphens.")
    START = N_("Start with a letter.")
    HYPHENS = N_("Use single hyphens, and only between letters or digits.")
    RESERVED = N_("This address is reserved. Choose another one.")

    @property
    def code(self) -> str:
        """Return the stable name for programs, such as `too_short`."""
        return self.name.lower()

    @property
    def message(self) -> str:
        """Return the English sentence to show beside the field."""
        return self.value


def check_slug(slug: str) -> SlugProblem | None:
    """Return the first thing that is wrong with `slug`, or None. Whether it is taken is asked elsewhere."""
    if len(slug) < MIN_LENGTH:
        return SlugProblem.TOO_SHORT
    if len(slug) > MAX_LENGTH:
        return SlugProblem.TOO_LONG
    if _FOREIGN.search(slug):
        return SlugProblem.CHARACTERS
    if not "a" <= slug[0] <= "z":
        return SlugProblem.START
    if slug.endswith("-") or "--" in slug:
        return SlugProblem.HYPHENS
    return SlugProblem.RESERVED if slug in RESERVED else None


def is_slug(segment: str) -> bool:
    """Say whether a path segment can be a workspace's address: well formed and not reserved."""
    return _SHAPE.fullmatch(segment) is not None and segment not in RESERVED


def suggest_slug(name: str, taken: Callable[[str], bool]) -> str:
    """Return a free address for a company's name: 华夏科技有限公司 → huaxia-keji, Müller GmbH → mueller.

    `taken` is asked for each candidate; after 20 numbers a random ending is tried, so it ends.
    """
    base = _base(name)
    for ending in ("", *(f"-{number}" for number in range(2, 21))):
        candidate = base + ending
        if check_slug(candidate) is None and not taken(candidate):
            return candidate
    while taken(candidate := f"{base}-{secrets.token_hex(3)}"):
        continue
    return candidate


def _base(name: str) -> str:
    folded = unicodedata.normalize("NFKC", name).casefold()[:200]
    words = [part for word in without_legal_forms(name_words(folded)) for part in _latin(word)]
    slug = _cut("-".join(words))
    letters = slug.lstrip("0123456789-")
    if len(letters) >= MIN_LENGTH:
        return letters
    return f"team-{slug}" if slug else "my-company"


def _latin(word: str) -> list[str]:
    """Return the Latin words that stand for one word, which may mix scripts."""
    parts: list[str] = []
    for chinese, run in groupby(word, key=_is_han):
        text = "".join(run)
        parts += _in_pairs(syllables(text)) if chinese else [_ascii(text)]
    return [part for part in parts if part]


def _in_pairs(parts: list[str]) -> list[str]:
    """Join syllables two by two, the way most Chinese words are; three together at an odd end."""
    starts = list(range(0, len(parts) - 1, 2)) or [0]
    ends = [*starts[1:], len(parts)]
    return ["".join(parts[start:end]) for start, end in zip(starts, ends, strict=True)]


def _ascii(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.translate(_LETTERS))
    return "".join(char for char in decomposed if char.isascii() and char.isalnum())


def _is_han(char: str) -> bool:
    return "\u3400" <= char <= "\u9fff" or "\U00020000" <= char <= "\U000323af" or char in "〇々"


def _cut(slug: str) -> str:
    """Shorten to the last whole word that fits, or hard when the first word is too long."""
    if len(slug) <= SUGGESTED_LENGTH:
        return slug
    head = slug[: SUGGESTED_LENGTH + 1].rpartition("-")[0]
    return head or slug[:SUGGESTED_LENGTH]
