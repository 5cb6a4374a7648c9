"""Stops the build of an image whose model folder holds no model, or one that must not be deployed."""

import json
import sys
from pathlib import Path


def main(model_dir: Path) -> None:
    """Exit with what is wrong with a model folder, if anything is."""
    try:
        description = json.loads((model_dir / "encoder.json").read_bytes())
    except FileNotFoundError:
        sys.exit("There is no model in .model: export CLIP with `make model`, then build again.")
    if description["stand_in"]:
        sys.exit("The model in .model is a stand-in, which is never deployed: export CLIP with `make model`.")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
