from pathlib import Path

from docs_src.bookshop.main import create_app
from docs_src.bookshop.settings import Settings
from fastlayer.testclient import TestClient


def test_a_new_shop_has_five_books(tmp_path: Path) -> None:
    settings = Settings(database=tmp_path / "shop.db", receipts=tmp_path / "receipts")
    with TestClient(create_app(settings)) as client:
        assert client.get("/books").json()["total"] == 5
