"""Stored replies of requests that may be repeated: the memory behind the header Idempotency-Key.

Refuses secrets: what is stored is the answer without them, so a replay shows everything but what is shown
once.
"""
