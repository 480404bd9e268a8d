"""Placeholder."""
ATTENTION = ()
