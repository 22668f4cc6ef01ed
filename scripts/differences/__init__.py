"""Looks for differences from FastAPI with generated programs: `./scripts/differential`."""
