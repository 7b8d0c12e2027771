"""``python -m advisor.architectures``: what there is to choose from and what each takes."""

from __future__ import annotations

import sys

from advisor import architectures
from advisor.errors import MissingDependency


def main() -> int:
    """Print a table as Markdown, one row per architecture."""
    columns = ("name", "architecture", "made for", "unequal lengths", "weights", "GPU", "parameters searched")
    print("| " + " | ".join(columns) + " |")
    print("| " + " | ".join("---" for _ in columns) + " |")
    for name in architectures.names():
        try:
            architecture = architectures.get(name)
        except MissingDependency as error:
            print(f"| {name} | {error.do} |" + " |" * (len(columns) - 2))
            continue
        can = architecture.can
        answers = ["yes" if told else "" for told in (can.unequal_length, can.sample_weight, can.gpu)]
        native = ", ".join(sorted(can.native)) or "nothing"
        print(
            "| "
            + " | ".join([name, architecture.title, native, *answers, str(len(architecture.space))])
            + " |"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
