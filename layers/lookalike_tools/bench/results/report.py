"""What follows from the measurements: ratios against goals, floors, and costs."""

from dataclasses import asdict
from typing import Any

from rich.table import Table

from lookalike_tools.bench.contenders.encoders import PLAIN
from lookalike_tools.bench.measurements.building import PHOTOS
from lookalike_tools.bench.measurements.listing import PHOTOS as LISTED
from lookalike_tools.bench.measurements.machine import VIT_B_32_FLOPS
from lookalike_tools.bench.measurements.sharing import REBUILDS, ROWS, UPLOADS
from lookalike_tools.bench.results import costs

FP32, INT8 = "Lookalike fp32", "Lookalike int8"


def make_report(results: dict[str, Any]) -> dict[str, Any]:
    """The measurements with goals, floors and costs."""
    serving, building = results["serving"], results["building"]
    alone, among_others = serving["beyond"].values()
    machine = results["machine"]
    query = results["phone"][INT8] + max(alone, 0) + serving["settings"] + serving["event"]
    image = building["seconds"][INT8] / PHOTOS
    return {
        **results,
        "goals": _goals(results, alone, among_others),
        "floors": {
            "encode fp32": VIT_B_32_FLOPS / machine["flops"],
            "compare 100,000": 100_000 * 512 * 4 / machine["read_bytes"],
        },
        "costs": {
            memory: {
                "1,000 recognitions": asdict(costs.recognitions(query, memory)),
                "1,000 images built": asdict(costs.images_built(image, memory)),
            }
            for memory in costs.MEMORY_SIZES
        },
    }


def make_tables(report: dict[str, Any]) -> list[Table]:
    """The report as tables for a terminal."""
    contenders = Table("", *report["phone"], title="milliseconds, medians; 2 threads each")
    for key, title in (("phone", "12-megapixel JPEG to encoding"), ("small", "400x300 JPEG to encoding")):
        contenders.add_row(title, *(f"{seconds * 1000:.1f}" for seconds in report[key].values()))
    cold = report["cold"].values()
    contenders.add_row("cold start to first encoding", *(f"{start['seconds'] * 1000:.0f}" for start in cold))
    contenders.add_row("its peak memory, MB", *(f"{start['peak_bytes'] / 1e6:.0f}" for start in cold))
    goals = Table("work", "measured", "goal", "")
    for goal in report["goals"]:
        goals.add_row(
            goal["work"], f"{goal['measured']:.2f}", goal["goal"], "met" if goal["met"] else "not met"
        )
    stages = Table("stage of a query, 12 megapixels", "ms")
    for stage, seconds in report["stages"].items():
        stages.add_row(stage, f"{seconds * 1000:.1f}")
    for floor, seconds in report["floors"].items():
        stages.add_row(f"floor: {floor}", f"{seconds * 1000:.1f}")
    prices = Table(
        "memory, MB", "a query, ms", "1,000 recognitions", "an image built, ms", "1,000 images built"
    )
    for memory, each in report["costs"].items():
        cells = (
            cell
            for cost in each.values()
            for cell in (f"{cost['seconds'] * 1000:.0f}", f"${cost['dollars']:.4f}")
        )
        prices.add_row(str(memory), *cells)
    return [contenders, goals, stages, prices]


def _goals(results: dict[str, Any], alone: float, among_others: float) -> list[dict[str, Any]]:
    comparing, building, serving = results["comparing"], results["building"], results["serving"]
    encode, looking, deciding = results["small"][INT8], results["looking"], results["deciding"]
    sharing = results["sharing"]

    def faster(times: dict[str, float], name: str) -> float:
        return times[PLAIN] / times[name]

    cold = {name: start["seconds"] for name, start in results["cold"].items()}
    peak = {name: start["peak_bytes"] for name, start in results["cold"].items()}
    at_least = [
        ("12-megapixel JPEG, fp32: times faster", faster(results["phone"], FP32), 4),
        ("12-megapixel JPEG, int8: times faster", faster(results["phone"], INT8), 5.5),
        ("400x300 JPEG, fp32: times faster", faster(results["small"], FP32), 1.4),
        ("400x300 JPEG, int8: times faster", faster(results["small"], INT8), 2.2),
        (f"a list of {LISTED} phone photos, int8: times faster", faster(results["listing"], INT8), 8),
        (f"building {PHOTOS} phone photos, int8: times faster", faster(building["seconds"], INT8), 8),
        ("cold start, fp32: times faster", faster(cold, FP32), 7),
        ("cold start, int8: times faster", faster(cold, INT8), 7),
        ("loading 100 rows: times faster than JSON", comparing["load_json"] / comparing["load_ours"], 20),
    ]
    at_most = [
        ("building, int8: times its floor", building["seconds"][INT8] / building["floors"][INT8], 1.3),
        ("building, fp32: times its floor", building["seconds"][FP32] / building["floors"][FP32], 1.3),
        ("peak memory, fp32: part of the plain", peak[FP32] / peak[PLAIN], 0.4),
        ("peak memory, int8: part of the plain", peak[INT8] / peak[PLAIN], 0.4),
        (
            "comparing with 100,000: times a pass over memory",
            comparing["ours"][100_000] / comparing["memory_pass"][100_000],
            1.5,
        ),
        (
            "warm query beyond its encoding: part of an int8 encoding",
            alone / encode,
            0.33,
        ),
        ("the same among 200 other types", among_others / encode, 0.33),
        ("append to 10,000 rows, own time: int8 encodings", comparing["append"][10_000] / encode, 2),
        (
            f"a scene of {looking['views']} views: part of as many photos singly",
            looking["anywhere"] / looking["singly"],
            0.5,
        ),
        ("the same: times its floor, encoding alone", looking["anywhere"] / looking["floor"], 1.2),
        (
            "the same, ended early: times one photo",
            looking["ended_early"] * looking["views"] / looking["singly"],
            2,
        ),
        *(
            (
                f"deciding by probability among {types:,} types: ms",
                1000 * taken,
                goal,
            )
            for (types, taken), goal in zip(deciding["by_probability"].items(), (3, 30), strict=True)
        ),
        ("learning from 1,000 types of 20 photos: seconds of one core", deciding["learning"], 10),
        ("conditional writes of encodings by a match", serving["append_writes"], 1),
        *(
            (f"opening the console's page of {what}: seconds", taken, 2)
            for what, taken in results["console"].items()
        ),
        (f"encodings a photo, {UPLOADS} uploads and {REBUILDS} rebuilds at once", sharing["encodings"], 1.05),
        (f"S3 calls for a changed photo of a type with {ROWS:,}", sharing["calls"], 7),
        ("listings among them", sharing["listings"], 0),
        (f"lost refreshes of the gallery by {REBUILDS} writers at once", sharing["lost"], 0),
    ]
    return [
        *(
            {"work": work, "measured": value, "goal": f"at least {goal}", "met": value >= goal}
            for work, value, goal in at_least
        ),
        *(
            {"work": work, "measured": value, "goal": f"at most {goal}", "met": value <= goal}
            for work, value, goal in at_most
        ),
    ]
