"""`saas-crm demo`: the whole product on one machine, from nothing, in one command.

`folder` says what lies where in DATA, `database` starts and prepares the embedded server, `processes` starts
and watches the server and the worker, `report` is what the person reads.
"""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True,
              help="Address to listen on; 0.0.0.0 lets phones on the same network in.")  # fmt: skip
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="0: any free one.")
@click.option("--data", default="var/demo", show_default=True, type=click.Path(path_type=Path, file_okay=False),
              help="Folder for all that the demo writes; starting again keeps it.")  # fmt: skip
@click.option("--billing/--no-billing", default=True, show_default=True,
              help="Sell plans, by a double of Stripe on this machine; only from a checkout.")  # fmt: skip
def demo(host: str, port: int, data: Path, *, billing: bool) -> None:
    """Start everything with lively demo workspaces; Ctrl-C stops all of it."""
    from saas_crm.cli.demo.run import run

    run(host, port, data, billing=billing)
