"""The benchmark: how fast the product is beside what its own server could do at best.

`python -m infra.bench` (`make bench`) loads a large workspace and hundreds of small ones into an embedded
PostgreSQL of its own, serves them with gunicorn as in production, drives signed-in clients, and compares with
two ceilings that the same load tool drives under the same gunicorn settings in the same minutes.
"""
