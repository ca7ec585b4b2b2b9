"""Migrations of the shops."""
