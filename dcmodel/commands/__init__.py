"""Commands of ``dcmodel`` beyond init, validate and study: one module each, mounted by the CLI.

A module imports what computes inside its function, so that ``dcmodel --help`` stays quick.
"""
