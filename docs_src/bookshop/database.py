"""The way to the database: opening it, filling a new one, and one session per request."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

from sqlalchemy import Connection, Engine, create_engine, event, select
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry

from fastlayer import Depends, HTTPException, Request, status

from .models import Author, Base, Book, User
from .passwords import hash_password
from .settings import Settings

SEED = {
    "Ursula K. Le Guin": [
        ("9780547773742", "A Wizard of Earthsea", 999, 7),
        ("9780441478125", "The Left Hand of Darkness", 1250, 3),
    ],
    "Jane Austen": [("9780141439518", "Pride and Prejudice", 850, 12), ("9780141439587", "Emma", 790, 0)],
    "Italo Calvino": [("9780156453806", "Invisible Cities", 1450, 5)],
}


def open_database(settings: Settings) -> Engine:
    """The engine of the shop's database, whose file is created and filled if it is not there yet."""
    settings.database.parent.mkdir(parents=True, exist_ok=True)
    # No upper bound on connections: worker threads waiting for one could keep the requests that hold
    # them from getting a thread to finish in.
    engine = create_engine(f"sqlite:///{settings.database}", max_overflow=-1)
    event.listen(engine, "connect", configure)
    with engine.begin() as connection:
        # Locks the file, so that of several workers starting at once only the first one fills it.
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        Base.metadata.create_all(connection)
        seed(connection, settings)
    return engine


def configure(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys = ON")  # SQLite checks them only when asked to
    cursor.execute("PRAGMA journal_mode = WAL")  # lets customers read while another one orders
    cursor.close()


def seed(connection: Connection, settings: Settings) -> None:
    """Puts the first administrator and some books into an empty database."""
    with Session(connection) as db:
        if db.scalar(select(User.id).limit(1)):
            return
        password_hash = hash_password(settings.admin_password.get_secret_value())
        db.add(User(username="admin", password_hash=password_hash, is_admin=True))
        for name, books in SEED.items():
            author = Author(name=name)
            for isbn, title, price_cents, stock in books:
                db.add(Book(isbn=isbn, title=title, author=author, price_cents=price_cents, stock=stock))
        db.flush()


def make_sessions(engine: Engine) -> sessionmaker[Session]:
    # What an endpoint returned is still read, for the response, after the commit.
    return sessionmaker(engine, expire_on_commit=False)


def open_session(request: Request) -> Iterator[Session]:
    """The request's own session: committed when the endpoint returns, rolled back when anything raises."""
    sessions: sessionmaker[Session] = request.app.state.sessions
    with sessions.begin() as session:
        yield session


# By default a dependency is closed after the response has been sent. That is too late for a commit: if it
# failed, the customer would already have been told "201 Created". With the scope "function" it happens
# before the response, and its failure becomes a 500.
Db = Annotated[Session, Depends(open_session, scope="function")]


@contextmanager
def refusing_conflicts(detail: str) -> Iterator[None]:
    """A block in which a violated constraint of the database becomes a 409 with this detail."""
    try:
        yield
    except IntegrityError as error:
        raise HTTPException(status.HTTP_409_CONFLICT, detail) from error
