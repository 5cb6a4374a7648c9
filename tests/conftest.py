"""What tests of several kinds stand on: models, and an emulated AWS started once a run."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import Phase, settings

from lookalike.encoder import Encoder
from lookalike_tools.local.emulator import Emulator, running_emulator
from thumbnail_model import save_thumbnail_model

# As many more examples as `make soak` takes: pytest --hypothesis-profile soak.
settings.register_profile("soak", max_examples=1600)
# As many as `make mutants` takes, for each of its thousand and more mutants, and the same each time.
settings.register_profile(
    "mutants",
    max_examples=30,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],  # nobody reads the example that kills a mutant
)


@pytest.fixture(scope="session")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Encoder:
    return Encoder(save_thumbnail_model(tmp_path_factory.mktemp("thumbnail-model")))


@pytest.fixture(scope="session")
def other_encoder(tmp_path_factory: pytest.TempPathFactory) -> Encoder:
    folder = tmp_path_factory.mktemp("other-model")
    return Encoder(save_thumbnail_model(Path(folder), "thumbnail-2"))


@pytest.fixture(scope="session")
def emulator() -> Iterator[Emulator]:
    with running_emulator() as emulator:
        yield emulator
