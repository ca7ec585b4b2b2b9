"""The open API: version 1 of the JSON contract, the batcher behind its orders, and the public shop JSON.

Refuses: rules of its own. What an order costs or a key may do is asked of the engine and the business apps.
"""
