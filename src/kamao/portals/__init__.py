"""Pages over one core: the kit (look), the hosted shop and three consoles. Portals never import one
another.
"""
