"""Who is speaking, and the only door to the database.

One schema and one NOLOGIN role per tenant. A transaction on the tenant engine enters exactly one
tenant or fails; shared tables (`public.…`) are reached through a second engine. Nothing else in the
product opens a connection for a request.
"""
