"""Placeholder."""
TRAINING = ()
