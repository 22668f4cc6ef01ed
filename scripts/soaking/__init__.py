"""Loads, fuzzes and probes one application behind a real uvicorn, on loopback, within bounds: `scripts/soak`.

The application is written with the names FastAPI and FastLayer share, so either can be put to the same test.
"""
