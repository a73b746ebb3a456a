"""The programming interface ``/api/v1``: the same operations as the pages, for people's programs and organisations'.

Nothing is decided here. An address reads what was sent, calls an operation of a room below and writes down its answer, or
why there is none (RFC 9457). ``description`` has the whole in OpenAPI 3.1.
"""
