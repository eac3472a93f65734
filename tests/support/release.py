"""Pretends that the release at hand is another one: with one more revision of the tenant line, or one less."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tenants.migrations import lines
from tenants.migrations.lines import Step
from tenants.versions import FORMER

NEXT = "9001"
ADDS_A_COLUMN = "ALTER TABLE companies ADD COLUMN probe text DEFAULT 'new';"


@dataclass(frozen=True)
class Release:
    """What the release knows, as long as the monkeypatch lasts."""

    monkeypatch: pytest.MonkeyPatch

    def brings(self, sql: str = ADDS_A_COLUMN, revision: str = NEXT) -> None:
        """Be the release after: add a revision after the newest one, which is what the release before had."""
        self.monkeypatch.setitem(FORMER, "tenant", lines.head("tenant"))
        self.has((*lines.steps("tenant"), Step(revision, sql)))

    def is_the_former(self) -> None:
        """Take away what this release brought."""
        self.has(tuple(step for step in lines.steps("tenant") if step.revision <= FORMER["tenant"]))

    def has(self, tenant_steps: tuple[Step, ...]) -> None:
        """Replace the tenant line."""
        self.monkeypatch.setitem(FORMER, "tenant", min(FORMER["tenant"], tenant_steps[-1].revision))
        line = {"tenant": tenant_steps, "shared": lines.steps("shared")}
        numbers = {name: tuple(step.revision for step in steps) for name, steps in line.items()}
        self._replace("steps", line.__getitem__)
        self._replace("known", numbers.__getitem__)

    def _replace(self, name: str, by: Callable[[str], Any]) -> None:
        """Replace a function of `lines` in every module that has imported it."""
        former = getattr(lines, name)
        for module in list(sys.modules.values()):
            if getattr(module, "__dict__", {}).get(name) is former:
                self.monkeypatch.setattr(module, name, by)
