"""The uploaded file as a Pydantic type, and the placeholder."""

import io

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError
from starlette.datastructures import UploadFile as StarletteUploadFile

from fastlayer.datastructures import Default, DefaultPlaceholder, UploadFile

adapter = TypeAdapter(UploadFile)


@pytest.mark.parametrize("kind", [UploadFile, StarletteUploadFile])
def test_validation_hands_the_very_file_on(kind: type[StarletteUploadFile]) -> None:
    upload = kind(io.BytesIO(b"x"), filename="a.txt")
    assert adapter.validate_python(upload) is upload


def test_anything_else_is_refused_with_fastapis_message() -> None:
    with pytest.raises(ValidationError) as info:
        adapter.validate_python("text")
    (error,) = info.value.errors()
    assert (error["type"], error["msg"]) == (
        "value_error",
        "Value error, Expected UploadFile, received: <class 'str'>",
    )


def test_in_a_union_errors_name_the_validator_as_fastapi_does() -> None:
    with pytest.raises(ValidationError) as info:
        TypeAdapter(list[UploadFile] | UploadFile).validate_python("text")
    assert info.value.errors()[-1]["loc"] == ("function-plain[_validate()]",)


def test_schema_says_binary_content() -> None:
    class Form(BaseModel):
        files: list[UploadFile]

    assert Form.model_json_schema()["properties"]["files"]["items"] == {
        "type": "string",
        "contentMediaType": "application/octet-stream",
    }


def test_placeholder_equals_only_a_placeholder_of_the_same_value() -> None:
    assert Default([1]) == DefaultPlaceholder([1])
    assert DefaultPlaceholder(1) != DefaultPlaceholder(2)
    assert DefaultPlaceholder(1) != 1


def test_placeholder_has_the_truth_of_its_value() -> None:
    assert not DefaultPlaceholder(None)
    assert DefaultPlaceholder("x")
