"""A WSGI application as ASGI: from `a2wsgi` where it is installed, else Starlette's, which warns of its removal."""

try:
    from a2wsgi import WSGIMiddleware as WSGIMiddleware
except ImportError:
    from starlette.middleware.wsgi import WSGIMiddleware as WSGIMiddleware  # type: ignore[assignment]
