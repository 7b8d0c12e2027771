"""``python -m datasets``: what it prints, and its exit codes."""

import pytest

from datasets import __main__ as command


def test_fetch_then_list_then_show(server, capsys):
    server.upload_digits()
    assert command.main(["fetch", "openml:4", "embedded:digits"]) == 0
    out = capsys.readouterr().out
    assert "2 tasks are there, 0 could not be had" in out
    assert "(8, 8, 1)" in out
    server.documents.clear()
    assert command.main(["fetch", "openml:4"]) == 0  # from the cache
    assert command.main(["list"]) == 0
    out = capsys.readouterr().out
    for shown in ("suite:cc18", "openml:s/99", "openml:4", "image (8, 8, 1)", f"cached of {server.url}: 1"):
        assert shown in out
    assert command.main(["show", "openml:4"]) == 0
    out = capsys.readouterr().out
    for shown in ("made-8", "data_hash", "md5 ", "found", "0.15.1"):
        assert shown in out
    assert command.main(["show", "embedded:digits"]) == 0
    assert "image" in capsys.readouterr().out


def test_fetch_tells_what_failed_and_goes_on(server, capsys):
    assert command.main(["fetch", "openml:s/3"]) == 1
    out = " ".join(capsys.readouterr().out.split())
    assert "failed: openml:3: an OpenML task must be supervised classification or regression" in out
    assert "2 tasks are there, 1 could not be had" in out


@pytest.mark.parametrize("refresh", [False, True])
def test_only_refresh_sees_a_changed_upload(server, capsys, refresh):
    columns, rows = {"a": "REAL", "price": "REAL"}, ["1,2", "3,4"]
    server.upload(7, columns, rows, "price")
    hashes = []
    for options in ([], ["--refresh"] * refresh):
        assert command.main(["fetch", "openml:2", *options]) == 0
        hashes.append(next(line for line in capsys.readouterr().out.splitlines() if "openml:2" in line))
        server.upload(7, columns, ["1,2", "3,5"], "price")
    assert (hashes[0] != hashes[1]) == refresh


def test_wrong_names_are_one_line(server, capsys):
    assert command.main(["fetch", "suite:cc19"]) == 2
    shown = capsys.readouterr()
    assert shown.err.startswith(
        "error: a suite must be a file of datasets/suites, got 'cc19': did you mean 'cc18'"
    )
    assert shown.err.count("\n") == 1
