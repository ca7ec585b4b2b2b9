"""Template tags of the hosted shop."""
