"""The whole benchmark: measurements, then tables, JSON and a picture."""

import json
import logging
import os
import warnings
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import rich
from transformers.utils import logging as transformers_logging

from lookalike_tools.bench.contenders.cold import cold_starts
from lookalike_tools.bench.contenders.encoders import installed
from lookalike_tools.bench.contenders.models import is_clip_cached, make_models
from lookalike_tools.bench.contenders.places import Places
from lookalike_tools.bench.contenders.workers import alternate, running_workers, use_cores
from lookalike_tools.bench.measurements.building import PHOTOS, measure_building
from lookalike_tools.bench.measurements.comparing import measure_comparing
from lookalike_tools.bench.measurements.console import measure_console
from lookalike_tools.bench.measurements.deciding import measure_deciding
from lookalike_tools.bench.measurements.listing import measure_listing
from lookalike_tools.bench.measurements.machine import measure_machine
from lookalike_tools.bench.measurements.scenes import measure_looking
from lookalike_tools.bench.measurements.serving import measure_serving
from lookalike_tools.bench.measurements.sharing import measure_sharing
from lookalike_tools.bench.measurements.stages import measure_stages
from lookalike_tools.bench.photos import phone_photo, small_photo
from lookalike_tools.bench.results.picture import draw_picture
from lookalike_tools.bench.results.report import make_report, make_tables
from lookalike_tools.local.emulator import running_emulator

DISTINCT_PHOTOS = 10
ROUNDS = 31
COLD_ROUNDS = 5


def run_bench(out: Path) -> None:
    """Measure, print the tables, and write `bench.json` and `speed.png` to a folder.

    Takes a quarter of an hour: models are exported to the folder first, and kept there.
    """
    use_cores()
    os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
    _silence()
    clip = is_clip_cached()
    if not clip:
        rich.print(
            "CLIP is not on this machine: a ViT-B/32 of random weights stands in, with the same arithmetic."
        )
    models = make_models(out, clip=clip)
    places = Places(str(models.source), str(models.plain_graph), str(models.fp32), str(models.int8))
    names = installed()

    def step(text: str) -> None:
        rich.print(f"[dim]{text}...[/dim]")

    step("rendering photos")
    phone = [phone_photo(seed) for seed in range(DISTINCT_PHOTOS)]
    small = [small_photo(seed) for seed in range(DISTINCT_PHOTOS)]
    results: dict[str, Any] = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "random_weights": models.random,
        "phone_photo_bytes": sum(map(len, phone)) // len(phone),
    }
    step("measuring this machine")
    results["machine"] = asdict(measure_machine())
    step("encoding, in turn")
    with running_workers(names, places) as workers:
        results["phone"] = alternate(workers, phone, ROUNDS)
        results["small"] = alternate(workers, small, ROUNDS)
    step("encoding a list, in turn")
    results["listing"] = measure_listing(places, phone)
    step("starting cold, in turn")
    photo = out / "small.jpg"
    photo.write_bytes(small[0])
    results["cold"] = {
        name: asdict(start) for name, start in cold_starts(names, places, photo, COLD_ROUNDS).items()
    }
    step("comparing, loading and appending")
    results["comparing"] = asdict(measure_comparing())
    step("deciding among many types, and learning about them")
    results["deciding"] = asdict(measure_deciding())
    step("a query's stages")
    results["stages"] = measure_stages(places, phone[0])
    step("looking anywhere in a photo")
    results["looking"] = asdict(measure_looking(models.int8, phone[0]))
    with running_emulator() as emulator:
        step("querying")
        results["serving"] = asdict(measure_serving(emulator, models.int8, small[0]))
        step(f"building {PHOTOS} photos, by one function and by many")
        results["building"] = asdict(measure_building(emulator, places, phone))
        results["sharing"] = asdict(measure_sharing(emulator, models.int8, small[0]))
    step("opening the console's pages")
    results["console"] = measure_console(models.int8, small[0])
    report = make_report(results)
    (out / "bench.json").write_text(json.dumps(report, indent=2) + "\n")
    draw_picture(report, out / "speed.png")
    for table in make_tables(report):
        rich.print(table)
    rich.print(f"{out / 'bench.json'}, {out / 'speed.png'}")


def _silence() -> None:
    """Silence the libraries' progress and warnings, here and in the contenders' processes."""
    os.environ |= {"PYTHONWARNINGS": "ignore", "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    transformers_logging.disable_progress_bar()
