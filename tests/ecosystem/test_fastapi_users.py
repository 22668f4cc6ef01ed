"""fastapi-users: registration, login and the current user, with SQLAlchemy and SQLite."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import pytest
from fastapi import Depends, FastAPI
from fastapi.testclient import TestClient
from fastapi_users import BaseUserManager, FastAPIUsers, UUIDIDMixin, schemas
from fastapi_users.authentication import AuthenticationBackend, BearerTransport, JWTStrategy
from fastapi_users.db import SQLAlchemyBaseUserTableUUID, SQLAlchemyUserDatabase
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase

SECRET = "a secret that is long enough for its algorithm"


class Base(DeclarativeBase):
    pass


class User(SQLAlchemyBaseUserTableUUID, Base):
    pass


class UserRead(schemas.BaseUser[UUID]):
    pass


class UserCreate(schemas.BaseUserCreate):
    pass


class UserUpdate(schemas.BaseUserUpdate):
    pass


class UserManager(UUIDIDMixin, BaseUserManager[User, UUID]):
    reset_password_token_secret = SECRET
    verification_token_secret = SECRET


def make_app(url: str) -> FastAPI:
    engine = create_async_engine(url)
    sessions = async_sessionmaker(engine, expire_on_commit=False)

    async def session() -> AsyncIterator[AsyncSession]:
        async with sessions() as opened:
            yield opened

    async def database(opened: AsyncSession = Depends(session)):
        yield SQLAlchemyUserDatabase(opened, User)

    async def manager(users=Depends(database)):
        yield UserManager(users)

    @asynccontextmanager
    async def lifespan(app: FastAPI):
        async with engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
        yield
        await engine.dispose()

    backend = AuthenticationBackend(
        name="jwt",
        transport=BearerTransport(tokenUrl="auth/jwt/login"),
        get_strategy=lambda: JWTStrategy(secret=SECRET, lifetime_seconds=60),
    )
    users = FastAPIUsers[User, UUID](manager, [backend])
    app = FastAPI(lifespan=lifespan)
    app.include_router(users.get_auth_router(backend), prefix="/auth/jwt", tags=["auth"])
    app.include_router(users.get_register_router(UserRead, UserCreate), prefix="/auth", tags=["auth"])
    app.include_router(users.get_users_router(UserRead, UserUpdate), prefix="/users", tags=["users"])

    @app.get("/greeting")
    async def greeting(user: User = Depends(users.current_user(active=True))) -> str:
        return f"Hello {user.email}"

    return app


@pytest.fixture
def client(tmp_path):
    with TestClient(make_app(f"sqlite+aiosqlite:///{tmp_path}/users.db")) as client:
        yield client


def test_a_user_registers_logs_in_and_is_known(client):
    account = {"email": "king@example.com", "password": "open sesame"}
    created = client.post("/auth/register", json=account)
    assert created.status_code == 201
    assert created.json()["email"] == account["email"]
    login = client.post("/auth/jwt/login", data={"username": account["email"], "password": account["password"]})
    headers = {"authorization": f"Bearer {login.json()['access_token']}"}
    assert client.get("/greeting", headers=headers).json() == "Hello king@example.com"
    changed = client.patch("/users/me", headers=headers, json={"email": "queen@example.com"})
    assert changed.json()["email"] == "queen@example.com"


def test_nobody_else_is(client):
    assert client.get("/greeting").status_code == 401
    assert client.post("/auth/jwt/login", data={"username": "a", "password": "b"}).json() == {
        "detail": "LOGIN_BAD_CREDENTIALS"
    }
    assert client.post("/auth/register", json={"email": "none", "password": "x"}).status_code == 422


def test_the_document_has_its_schemas_and_security(client):
    document = client.get("/openapi.json").json()
    assert document["components"]["securitySchemes"] == {
        "OAuth2PasswordBearer": {
            "type": "oauth2",
            "flows": {"password": {"scopes": {}, "tokenUrl": "auth/jwt/login"}},
        }
    }
    assert {"UserRead", "UserCreate", "UserUpdate", "ErrorModel"} <= set(document["components"]["schemas"])
