"""Hook of MkDocs: the pages are written for GitHub and the checkout; this makes them right on the site, too.

- Two files of the root are pages of the site: CONTRIBUTING.md and CHANGELOG.md.
- A link to another file or folder of the repository leads to a page that shows it.
- A list may follow a paragraph without an empty line, as GitHub has it.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[2]
OF_THE_ROOT = {"CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changelog.md", "README.md": "index.md"}
LINK = re.compile(r"(?<=\]\()(?!\w+:|#)([^)#\s]+)")
FENCE = re.compile(r"^\s*```")
ITEM = re.compile(r"^([-*]|\d+\.) ")
LANGUAGES = {".py": "python", ".toml": "toml", ".md": "markdown"}


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that stand for files outside of ``docs``."""
    for name, uri in OF_THE_ROOT.items():
        if files.get_file_from_path(uri) is None:
            files.append(File.generated(config, uri, abs_src_path=str(ROOT / name)))
    for page in files.documentation_pages():
        for link in LINK.findall(page.content_string):
            path = ROOT / target(page, link)
            uri = place_of(target(page, link))
            if uri.startswith("source/") and path.exists() and files.get_file_from_path(uri) is None:
                files.append(File.generated(config, uri, content=shown(path)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Turn links to the repository into links to the site."""
    folder = posixpath.dirname(page.file.src_uri)

    def moved(found: re.Match[str]) -> str:
        uri = place_of(target(page.file, found[1]))
        return posixpath.relpath(uri, folder or ".") if files.get_file_from_path(uri) else found[1]

    return spaced(markdown if page.file.src_uri.startswith("source/") else LINK.sub(moved, markdown))


def target(page: File, link: str) -> str:
    """What a link of a page leads to, as seen from the root of the repository."""
    home = next((name for name, uri in OF_THE_ROOT.items() if uri == page.src_uri != "index.md"), None)
    folder = "" if home else posixpath.dirname(f"docs/{page.src_uri}")
    return posixpath.normpath(posixpath.join(folder, link))


def place_of(path: str) -> str:
    """Where a file of the repository is on the site."""
    if path.startswith("docs/"):
        return path.removeprefix("docs/")
    return OF_THE_ROOT.get(path) or f"source/{path}.md"


def shown(path: Path) -> str:
    """A file as a page, or the files of a folder with the first line that each says of itself."""
    name = path.relative_to(ROOT).as_posix()
    head = f"---\nsearch: {{exclude: true}}\n---\n# {name}\n\n"
    if path.is_file():
        language = LANGUAGES.get(path.suffix, "text")
        return f"{head}`````{language}\n{path.read_text('utf-8')}\n`````\n"
    lines = []
    for file in sorted(path.glob("[!_]*.*")):
        said = file.read_text("utf-8").split("\n", 1)[0].removeprefix('"""').removesuffix('"""').strip("# ")
        lines.append(f"- `{file.name}`: {said}")
    return head + "\n".join(lines)


def spaced(markdown: str) -> str:
    """Put an empty line between a paragraph and the list that follows it."""
    lines: list[str] = []
    fenced = False
    for line in markdown.split("\n"):
        fenced ^= bool(FENCE.match(line))
        before = lines[-1] if lines else ""
        if not fenced and ITEM.match(line) and before.strip() and not re.match(r"\s|([-*]|\d+\.) ", before):
            lines.append("")
        lines.append(line)
    return "\n".join(lines)
