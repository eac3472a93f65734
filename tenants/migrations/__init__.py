"""Two lines of history: `shared` for public.*, `tenant` for every workspace.

A revision is an Alembic module with one concern. Its SQL is computed once per process and run many
times, so a revision must not read the database.
"""
