"""Shops: who sells what, at which retail price, by which rule.

Refuses wholesale prices (the engine's), and to store a retail price per SKU: prices are resolved when read.
"""
