"""Inference demand: shapes, classes, deferral windows, growth."""
