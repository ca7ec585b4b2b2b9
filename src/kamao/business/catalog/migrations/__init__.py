"""Migrations of the standard library."""
