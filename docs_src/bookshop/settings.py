"""What may differ between one bookshop and the next, read from the environment (`BOOKSHOP_DATABASE=...`)."""

from pathlib import Path
from secrets import token_urlsafe
from typing import Annotated

from pydantic import Field, PositiveInt, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from fastlayer import Depends, Request


def random_secret() -> SecretStr:
    return SecretStr(token_urlsafe(32))


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="BOOKSHOP_", frozen=True)

    database: Path = Path("bookshop-data/bookshop.db")
    receipts: Path = Path("bookshop-data/receipts")
    # Signs the tokens. The default is safe but changes at every start, so everybody has to log in again;
    # with several worker processes it must be set, or each would refuse the others' tokens.
    secret: SecretStr = Field(default_factory=random_secret)
    token_seconds: PositiveInt = 3600
    # The first administrator's password, used once, when the database is created.
    admin_password: SecretStr = SecretStr("wonderland")


def get_settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


AppSettings = Annotated[Settings, Depends(get_settings)]
