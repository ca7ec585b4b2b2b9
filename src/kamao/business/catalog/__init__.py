"""The standard library: categories, brands, products, SKUs, top-up forms, and the search over them.

Refuses prices for anyone (the engine's) and what a shop shows (``kamao.business.shops``).
"""
