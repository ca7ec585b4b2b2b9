"""The guides, run as they are written. A package, so that server and worker end with it."""
