"""Pure rules of signing in, of inviting, of members and of the team tree."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Patience:
    """How many failures are free, how the wait grows after them, in seconds, and how they are forgiven.

    One is forgiven each `forgive_one`, so that an address many people share is not kept waiting by the sum of their
    slips; all of them after `forget` without any.
    """

    free: int
    first: int
    longest: int
    forgive_one: timedelta = timedelta(hours=1)
    forget: timedelta = timedelta(hours=24)


PER_ACCOUNT = Patience(free=5, first=2, longest=900)
PER_ADDRESS = Patience(free=30, first=2, longest=900, forgive_one=timedelta(minutes=10))
SIGN_UPS_PER_ADDRESS = Patience(free=20, first=30, longest=3600)
LINKS_PER_ACCOUNT = Patience(free=3, first=60, longest=3600, forgive_one=timedelta(hours=4))
LINKS_PER_ADDRESS = Patience(free=20, first=30, longest=3600)
INVITATIONS_PER_WORKSPACE = Patience(free=100, first=60, longest=3600, forgive_one=timedelta(minutes=15))


def wait_after(failures: int, patience: Patience) -> timedelta:
    """Return how long the next attempt must wait: nothing at first, then doubling up to the longest."""
    over = failures - patience.free
    if over < 0:
        return timedelta(0)
    return timedelta(seconds=min(patience.first * 2 ** min(over, 20), patience.longest))


def counted(failures: int, since: datetime, now: datetime, patience: Patience) -> tuple[int, datetime]:
    """Return the failures that still count, and the moment up to which forgiving has been reckoned.

    `since` is that moment when they were counted last. What is left of an interval counts towards the next
    forgiveness, or somebody who fails a little more often than that would never be forgiven.
    """
    forgiven = max((now - since) // patience.forgive_one, 0)
    if failures <= forgiven or now - since > patience.forget:
        return 0, now
    return failures - forgiven, since + forgiven * patience.forgive_one


MOST_AT_ONCE = 100
"""How many people one form may invite or change."""
LONGEST_NAME = 200
_ADDRESSED = re.compile(r"<([^<>]*)>")
_PIECE = re.compile(r'(?:"[^"\n]*"|<[^<>\n]*>|[^,;，；、\n])+')


def split_addresses(text: str) -> list[str]:
    """Return the entries of a pasted list of people, as they were typed.

    They are parted by commas, semicolons (also full-width ones) and line breaks; bare addresses also by blanks. The
    comma in `Doe, Jane <jane@x.example>`, with quotes or without, parts nobody.
    """
    entries: list[str] = []
    for line in text.splitlines():
        waiting = ""
        for piece in (found.strip() for found in _PIECE.findall(line)):
            if not piece:
                continue
            if waiting and "@" not in waiting and _ADDRESSED.search(piece):
                entries[-1] = waiting = f"{waiting}, {piece}"
                continue
            entries += _parted(piece)
            waiting = piece
    return entries


def _parted(piece: str) -> list[str]:
    words = piece.split()
    return words if len(words) > 1 and "<" not in piece and all("@" in word for word in words) else [piece]


def address_in(entry: str) -> str:
    """Return the address of an entry such as `Ann Lee <ann@x.example>` or `mailto:ann@x.example`, unchecked."""
    found = _ADDRESSED.search(entry)
    address = (found[1] if found else entry).strip()
    return address[7:] if address[:7].casefold() == "mailto:" else address


def name_in(entry: str) -> str:
    """Return the name of an entry such as `Ann Lee <ann@x.example>` or `"Lee, Ann" <ann@x.example>`, "" for none."""
    found = _ADDRESSED.search(entry)
    name = entry[: found.start()].strip().strip("\"'“”„‚‘’").strip() if found else ""
    last, comma, first = name.partition(",")
    written = f"{first.strip()} {last.strip()}" if comma and "," not in first else name
    return written[:LONGEST_NAME].strip() if "@" not in written else ""


@dataclass(frozen=True, slots=True)
class Colleague:
    """A member as far as the rules about owners ask."""

    id: UUID
    is_owner: bool
    is_active: bool


Refusal = Literal["owner", "self", "last_owner"]


def refusals(
    chosen: Sequence[Colleague], active_owners: Collection[UUID], *, actor_id: UUID, actor_is_owner: bool,
    takes_ownership: bool = False, gives_ownership: bool = False, locks_out: bool = False,
) -> dict[UUID, Refusal]:  # fmt: skip
    """Return who of the chosen may not be changed so, and why.

    Only owners touch owners and make owners; nobody locks themselves out; an active owner is always left, the actor
    before others.
    """
    found: dict[UUID, Refusal] = {}
    for one in chosen:
        if (one.is_owner or gives_ownership) and not actor_is_owner:
            found[one.id] = "owner"
        elif locks_out and one.id == actor_id:
            found[one.id] = "self"
    if takes_ownership or locks_out:
        leaving = [one.id for one in chosen if one.is_owner and one.is_active and one.id not in found]
        if leaving and not set(active_owners) - set(leaving):
            found[actor_id if actor_id in leaving else leaving[0]] = "last_owner"
    return found


def leads_back(member_id: UUID, substitute_id: UUID, substitutes: Mapping[UUID, UUID]) -> bool:
    """Whether a member's substitute, or theirs in turn, would be the member; `substitutes` are those of now."""
    asked: set[UUID] = set()
    at: UUID | None = substitute_id
    while at is not None and at not in asked:
        if at == member_id:
            return True
        asked.add(at)
        at = substitutes.get(at)
    return False


@dataclass(frozen=True, slots=True)
class Node:
    """A team as far as its place in the tree is concerned; `order` sorts it among its sisters."""

    id: UUID
    parent_id: UUID | None
    order: str


def in_tree_order(nodes: Iterable[Node]) -> Iterator[tuple[UUID, int]]:
    """Yield id and depth (0 for a root) of the teams, each before those below it; without its parent it is a root."""
    below: dict[UUID | None, list[Node]] = {}
    found = list(nodes)
    known = {node.id for node in found}
    for node in sorted(found, key=lambda node: (node.order, node.id)):
        below.setdefault(node.parent_id if node.parent_id in known else None, []).append(node)
    waiting = [(node, 0) for node in reversed(below.get(None, []))]
    while waiting:
        node, depth = waiting.pop()
        yield node.id, depth
        waiting += [(child, depth + 1) for child in reversed(below.get(node.id, []))]


def moved_path(path: Sequence[UUID], team_id: UUID, parent_path: Sequence[UUID]) -> list[UUID]:
    """Return the new path of a team in the branch of `team_id`, when that is put below `parent_path` ([]: the top)."""
    return [*parent_path, *path[list(path).index(team_id) :]]
