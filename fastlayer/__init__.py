"""FastLayer: typed Python functions as a validated, documented HTTP API."""

__version__ = "0.1.0"
