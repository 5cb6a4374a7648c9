"""How many mutants the tests kill, by `mutmut results --all true` on standard input; too few are an error."""

import sys
from collections import defaultdict

from rich.console import Console
from rich.table import Table

LEAST = 0.9
KILLED = {"killed", "timeout"}
"""A mutant that runs without end is noticed as well as one that fails a test."""


def main() -> None:
    """Print a table by module and the mutants that live, and exit with 1 if these are too many."""
    lives: dict[str, list[bool]] = defaultdict(list)
    survivors = []
    for line in filter(str.strip, sys.stdin):
        mutant, status = line.strip().rsplit(": ", 1)
        lives[mutant.rpartition(".")[0]].append(status not in KILLED)
        if status not in KILLED:
            survivors.append(line.strip())
    total = sum(map(len, lives.values()))
    if not total:
        sys.exit("there are no mutants: has mutmut run?")
    score = 1 - len(survivors) / total
    table = Table("module", "mutants", "killed", "share")
    for module, lived in sorted(lives.items()):
        killed = len(lived) - sum(lived)
        table.add_row(module, str(len(lived)), str(killed), f"{killed / len(lived):.1%}")
    table.add_section()
    table.add_row("all", str(total), str(total - len(survivors)), f"{score:.1%}")
    console = Console()
    console.print(*survivors, sep="\n", highlight=False, soft_wrap=True)
    console.print(table)
    sys.exit(score < LEAST)


if __name__ == "__main__":
    main()
