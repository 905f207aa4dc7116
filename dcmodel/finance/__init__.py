"""Annuities, discounting, bills and metrics."""
