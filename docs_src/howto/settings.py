from functools import lru_cache
from typing import Annotated

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from fastlayer import Depends, FastLayer


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="SHOP_", env_file=".env")

    name: str = "Tea shop"
    workers: int = 1
    api_key: SecretStr = SecretStr("")


@lru_cache
def get_settings() -> Settings:
    return Settings()


app = FastLayer()


@app.get("/about")
def about(settings: Annotated[Settings, Depends(get_settings)]) -> dict[str, str | int]:
    return {"name": settings.name, "workers": settings.workers}
