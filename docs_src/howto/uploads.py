import hashlib
from typing import Annotated

from pydantic import BaseModel

from fastlayer import FastLayer, File, Form, HTTPException, UploadFile

app = FastLayer(max_body_size=5_000_000)  # bytes of any request; more is answered with 413


class Upload(BaseModel):
    filename: str | None
    size: int
    sha256: str
    note: str


@app.post("/pictures")
async def upload(picture: UploadFile, note: Annotated[str, Form()] = "") -> Upload:
    if picture.content_type not in ("image/png", "image/jpeg"):
        raise HTTPException(415, "Only PNG and JPEG, please.")
    digest = hashlib.sha256()
    size = 0
    while chunk := await picture.read(64 * 1024):  # never the whole file in memory
        digest.update(chunk)
        size += len(chunk)
    return Upload(filename=picture.filename, size=size, sha256=digest.hexdigest(), note=note)


@app.post("/albums")
async def upload_many(pictures: Annotated[list[UploadFile], File(description="Several at once")]) -> list[str | None]:
    return [picture.filename for picture in pictures]
