import hashlib
import shutil

import pytest

from dcmodel.base.paths import data_dir
from dcmodel.inputs.catalogue import entries, refresh, verify


@pytest.fixture
def copy(tmp_path, monkeypatch):
    root = tmp_path / "data"
    shutil.copytree(data_dir(), root)
    monkeypatch.setenv("DCMODEL_DATA", str(root))
    refresh()
    return root


def test_the_shipped_library_is_as_catalogued():
    assert verify() == []


def test_every_file_has_one_full_row(copy):
    on_disk = {
        path.relative_to(copy).as_posix()
        for path in copy.rglob("*")
        if path.is_file() and path.name != "catalogue.csv"
    }
    assert {entry.path for entry in entries()} == on_disk
    assert verify() == []


def test_a_changed_missing_or_new_file_is_named(copy):
    (copy / "fleet.csv").write_text("changed")
    (copy / "regions.csv").unlink()
    (copy / "new.csv").write_text("a,unit\n1,MW\n")
    faults = {fault.where.removeprefix("catalogue.csv: "): fault.message for fault in verify()}
    assert "differs from its checksum" in faults["fleet.csv"]
    assert "is missing" in faults["regions.csv"]
    assert "not in the catalogue" in faults["new.csv"]
    assert len(faults) == 3


def test_refresh_describes_new_files_and_keeps_the_words_of_old_ones(copy):
    before = {entry.path: entry for entry in entries()}
    text = "parameter,year,unit,source\nx,2025,MW,a book\ny,2030,MW,a book\n"
    (copy / "technologies" / "tidal_stream.csv").write_text(text)
    (copy / "fleet.csv").write_text((copy / "fleet.csv").read_text() + "\n")
    after = {entry.path: entry for entry in refresh()}
    new = after["technologies/tidal_stream.csv"]
    assert (new.units, new.coverage, new.source) == ("MW", "2025 to 2030", "a book")
    assert new.sha256 == hashlib.sha256(text.encode()).hexdigest()
    assert after["fleet.csv"].title == before["fleet.csv"].title
    assert after["fleet.csv"].sha256 != before["fleet.csv"].sha256
    assert verify() == []


def test_an_incomplete_or_repeated_row_is_reported(copy):
    catalogue = copy / "catalogue.csv"
    lines = catalogue.read_text().splitlines()
    lines.append(lines[1])
    cells = lines[2].split(",")
    catalogue.write_text("\n".join(lines) + "\n")
    assert [fault.message for fault in verify()] == ["is listed twice; keep one row"]
    catalogue.write_text("\n".join([lines[0], *lines[3:-1], lines[1]]) + "\n")
    assert [fault.where for fault in verify()] == [f"catalogue.csv: {cells[0]}"]


def test_measured_shapes_carry_their_licence():
    licences = {entry.path: entry.licence for entry in entries()}
    assert "CC-BY 4.0" in licences["weekly_shapes.csv"]
