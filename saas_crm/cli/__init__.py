"""The `saas-crm` command: for operators, developers and other programs, which may rely on its names.

Exit codes: 0 all is well; 1 something failed or is not as it should be; 2 the call or the settings are wrong.
What a person can mend is one clear line on standard error, never a traceback.
"""

from __future__ import annotations

import gc
from collections.abc import Sequence

_COLLECT_AFTER = (50_000, 20, 20)
"""Objects made until Python looks for rings among them: by its own 700 it looks 300 times while we only load."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command with the arguments given, or the process's own; always ends by SystemExit."""
    gc.set_threshold(*_COLLECT_AFTER)
    from saas_crm.cli.commands import command

    command(args=None if arguments is None else list(arguments), prog_name="saas-crm")
