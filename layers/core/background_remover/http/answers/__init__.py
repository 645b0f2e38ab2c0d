"""The JSON of the API's answers, exactly: mypy holds `representation` to it, and the OpenAPI document is made from it.

Typed dicts, because these cost a cold start nothing. A field that is not required is left out, never null.
"""
