"""The business: Django apps over the engine. An app imports only apps to its right in ARCHITECTURE.md."""
