"""The OpenAPI document of the whole application: what it shows as an example is what it describes."""

from pathlib import Path

from admin.app import create_app
from admin.settings import Settings
from tests.register.api.helpers import wrong_examples


def test_every_example_fits_its_schema(tmp_path: Path) -> None:
    app = create_app(Settings(data_dir=tmp_path / "data", base_url="https://register.test"))
    assert wrong_examples(app.openapi_schema.to_schema()) == []
