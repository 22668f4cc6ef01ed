from pydantic import BaseModel


class Tea(BaseModel):
    name: str
    price: float
