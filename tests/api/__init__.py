"""The API. A package, so that its server and database end with it."""
