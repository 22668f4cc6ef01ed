from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Annotated

from pydantic import BaseModel, ConfigDict
from sqlalchemy import create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.pool import StaticPool

from fastlayer import Depends, FastLayer, HTTPException

engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})


class Base(DeclarativeBase): ...


class Tea(Base):
    __tablename__ = "teas"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)


class TeaIn(BaseModel):
    name: str


class TeaOut(TeaIn):
    model_config = ConfigDict(from_attributes=True)
    id: int


def get_session() -> Iterator[Session]:
    """One session and one transaction per request: committed before the answer is sent, rolled back on an error."""
    with Session(engine) as session, session.begin():
        yield session


DB = Annotated[Session, Depends(get_session, scope="function")]


@asynccontextmanager
async def lifespan(app: FastLayer) -> AsyncIterator[None]:
    Base.metadata.create_all(engine)
    yield
    engine.dispose()


app = FastLayer(lifespan=lifespan)


@app.post("/teas", status_code=201, response_model=TeaOut)
def add_tea(tea: TeaIn, db: DB) -> Tea:
    if db.scalar(select(Tea).where(Tea.name == tea.name)):
        raise HTTPException(409, f"{tea.name} is there already.")
    row = Tea(name=tea.name)
    db.add(row)
    db.flush()  # gives it its id
    return row


@app.get("/teas", response_model=list[TeaOut])
def list_teas(db: DB) -> list[Tea]:
    return list(db.scalars(select(Tea).order_by(Tea.name)))
