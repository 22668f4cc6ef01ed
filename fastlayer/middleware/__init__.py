"""Middleware under the import paths users expect; Starlette underneath."""
