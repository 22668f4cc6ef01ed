"""The application: the parts of the shop put together. Serve it with `uvicorn docs_src.bookshop.main:app`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastlayer import FastLayer
from fastlayer.responses import RedirectResponse
from fastlayer.routing import APIRoute

from .database import make_sessions, open_database
from .routers import admin, auth, authors, books, orders, stock
from .settings import Settings

TAGS = [
    {"name": "books", "description": "The catalogue, open to everybody."},
    {"name": "authors", "description": "The people who wrote the books."},
    {"name": "orders", "description": "Buying books, for customers who logged in."},
    {"name": "auth", "description": "Becoming a customer and logging in."},
    {"name": "admin", "description": "The back office, for administrators."},
]


@asynccontextmanager
async def lifespan(app: FastLayer) -> AsyncIterator[None]:
    """Opens the database before the first request and closes it after the last one."""
    engine = open_database(app.state.settings)
    app.state.sessions = make_sessions(engine)
    yield
    engine.dispose()


def operation_id(route: APIRoute) -> str:
    # Names the functions of generated clients: `list_books` rather than `list_books_books_get`.
    return route.name


def create_app(settings: Settings | None = None) -> FastLayer:
    """A bookshop with these settings, or else with those of the environment."""
    app = FastLayer(
        title="Bookshop",
        summary="The API of a small bookshop.",
        version="1.0.0",
        openapi_tags=TAGS,
        scalar_url="/scalar",
        lifespan=lifespan,
        generate_unique_id_function=operation_id,
        security_first=True,  # whoever is refused is refused before their body is read
    )
    app.state.settings = settings or Settings()
    for part in (books, authors, orders, auth, admin, stock):
        app.include_router(part.router)

    @app.get("/", include_in_schema=False)
    def show_docs() -> RedirectResponse:
        return RedirectResponse("docs")

    return app


app = create_app()
