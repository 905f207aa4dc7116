"""Readers: library and user files to validated objects and hourly data sets."""
