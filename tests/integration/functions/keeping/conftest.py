"""A match for people to decide about."""

import pytest

from support.photos.photographs import photograph
from support.system import System
from support.verdicts import QUERY, ask, rebuild


@pytest.fixture
def appended(shared_system: System, new_type: str) -> str:
    """A photo that joined the type by itself."""
    rebuild(shared_system, shared_system.upload("1.png", photograph(1), new_type))
    key: str = ask(shared_system, new_type, QUERY)["appended"]
    return key
