"""Schema history of the app `identity`."""
