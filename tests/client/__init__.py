"""The client against a served API. A package, so that server and worker end with it."""
