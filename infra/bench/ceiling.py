"""The two ceilings, served by the same gunicorn with the same settings as the product.

    python -m infra.bench.ceiling constant|table

`constant` is bare Flask that answers a fixed text: what server and framework cost. `table` is Flask with one query
from a pool and a table of fifty rows by Jinja: what the simplest useful page costs.
"""

from __future__ import annotations

import sys

from flask import Flask, render_template
from jinja2 import DictLoader
from psycopg_pool import ConnectionPool

from saas_crm.cli.server import GunicornServer, options
from tenants.settings import Settings

QUERY = "SELECT id, name, city, phone, amount, updated_at FROM public.bench_rows ORDER BY id LIMIT 50"
MAKE_ROWS = """
    CREATE TABLE IF NOT EXISTS public.bench_rows (
        id int PRIMARY KEY, name text, city text, phone text, amount numeric(18, 3), updated_at timestamptz
    );
    INSERT INTO public.bench_rows
    SELECT n, 'Company number ' || n, 'Berlin', '+49302312' || n, n * 100.5, now() FROM generate_series(1, 1000) n
    ON CONFLICT DO NOTHING;
    GRANT SELECT ON public.bench_rows TO crm_app;
"""
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{{ title }}</title></head>
<body><h1>{{ title }}</h1>
<table><thead><tr><th>Name</th><th>City</th><th>Phone</th><th>Amount</th><th>Changed</th></tr></thead><tbody>
{% for id, name, city, phone, amount, updated_at in rows %}
<tr><td><a href="/rows/{{ id }}">{{ name }}</a></td><td>{{ city }}</td><td>{{ phone }}</td>
<td>{{ amount }}</td><td>{{ updated_at }}</td></tr>
{% endfor %}
</tbody></table></body></html>
"""


def constant() -> Flask:
    """Bare Flask returning a constant."""
    app = Flask(__name__)
    app.add_url_rule("/", view_func=lambda: "Hello, world!")
    return app


def table(url: str) -> Flask:
    """Flask with one pooled psycopg query and a fifty-row Jinja table."""
    app = Flask(__name__)
    app.jinja_loader = DictLoader({"table.html": PAGE})  # compiled once, as any template is
    # Opened at the first request: the application is built before the workers are forked.
    pool = ConnectionPool(url, min_size=1, max_size=8, open=False)

    def view() -> str:
        pool.open()
        with pool.connection() as connection:
            rows = connection.execute(QUERY).fetchall()
        return render_template("table.html", title="Companies", rows=rows)

    app.add_url_rule("/", view_func=view)
    return app


def main(kind: str) -> None:
    """Serve one of them with the settings of the environment."""
    settings = Settings()  # type: ignore[call-arg]
    GunicornServer(constant if kind == "constant" else lambda: table(settings.database_url), options(settings)).run()


if __name__ == "__main__":
    main(sys.argv[1])
