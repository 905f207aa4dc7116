"""Foundations that know nothing of energy or data centres."""
