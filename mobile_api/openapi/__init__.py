"""The OpenAPI 3.1 description, made from what the routes declare and the Pydantic models they read and write.

`operations` holds the declarations, `schemas` turns models into JSON Schema, `parameters` paths and query
models into parameters, `answers` tells which answers and headers follow from a declaration, and `document`
puts it together. Nothing here knows Flask.
"""

from mobile_api.openapi.document import Info, describe
from mobile_api.openapi.operations import Operation, Registry
from mobile_api.openapi.schemas import list_of, sparse

__all__ = ["Info", "Operation", "Registry", "describe", "list_of", "sparse"]
