"""The shapes of requests and answers: one msgspec struct per JSON object, the one source of decoding and of
OpenAPI.

Refuses: behaviour. A struct here says what is valid by itself; everything that needs the database is asked
elsewhere.
"""
