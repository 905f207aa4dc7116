"""Energy and capacity modelling for AI data centres."""

__version__ = "0.1.0"
