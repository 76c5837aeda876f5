"""The libraries that meet strangers are at least as new as what is known of their weaknesses asks for."""

from importlib.metadata import PackageNotFoundError, version

import pytest
from packaging.version import Version

AT_LEAST = {
    "graphql-core": "3.3.2",
    "h11": "0.16",
    "jinja2": "3.1.6",
    "orjson": "3.9.15",
    "pyjwt": "2.12",
    "python-multipart": "0.0.27",
    "starlette": "1.10",
    "strawberry-graphql": "0.341.2",
    "uvicorn": "0.54",
}
MAY_BE_ABSENT = {"python-multipart"}


@pytest.mark.parametrize("name", AT_LEAST)
def test_a_library_is_new_enough(name: str) -> None:
    try:
        installed = Version(version(name))
    except PackageNotFoundError:
        assert name in MAY_BE_ABSENT
        return
    assert installed >= Version(AT_LEAST[name])
