"""A cold start: a new process imports, opens its model and encodes its first photo."""

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from lookalike_tools.bench.contenders.places import Places

PROGRAM = (
    "import json, sys, time\n"
    "from pathlib import Path\n"
    "name, photo, places = sys.argv[1:]\n"
    "from lookalike_tools.bench.contenders.encoders import CONTENDERS\n"
    "from lookalike_tools.bench.contenders.places import Places\n"
    "CONTENDERS[name](Places(**json.loads(places)))(Path(photo).read_bytes())\n"
    "print(time.time())\n"
    # Unlike getrusage's figure, this leaves out the parent's memory before the program is loaded.
    "print(Path('/proc/self/status').read_text().partition('VmHWM:')[2].split()[0])\n"
)


@dataclass(frozen=True)
class ColdStart:
    """Seconds from starting the process to its first encoding, and its peak memory in bytes."""

    seconds: float
    peak_bytes: float


def cold_starts(names: Sequence[str], places: Places, photo: Path, rounds: int) -> dict[str, ColdStart]:
    """Medians of each contender, started in turn; files are in the page cache."""
    taken: dict[str, list[ColdStart]] = {name: [] for name in names}
    for turn in range(rounds + 1):
        for name in names:
            start = time.time()
            program = subprocess.run(
                [sys.executable, "-c", PROGRAM, name, str(photo), json.dumps(asdict(places))],
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                check=True,
            )
            end, peak = map(float, program.stdout.split()[-2:])
            if turn:  # the first fills the page cache
                taken[name].append(ColdStart(end - start, peak * 1024))
    return {
        name: ColdStart(median(each.seconds for each in starts), median(each.peak_bytes for each in starts))
        for name, starts in taken.items()
    }
