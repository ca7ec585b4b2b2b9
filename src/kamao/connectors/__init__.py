"""Clients of foreign systems, each behind a port of the business. They post no money and keep no state of
their own.
"""
