"""The study language, cases, their storage and their execution."""
