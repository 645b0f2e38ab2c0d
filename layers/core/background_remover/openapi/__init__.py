"""The OpenAPI document: a table of routes, and what makes JSON of it. No function imports this.

`make openapi` writes what it makes to functions/docs/openapi.json.
"""
