"""Supply: suppliers' offers and codes as they arrive, sheet import, matching, and what came from old
shops.
"""
