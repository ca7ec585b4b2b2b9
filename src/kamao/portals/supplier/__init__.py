"""The supplier console. Refuses anything of another supplier (404)."""
