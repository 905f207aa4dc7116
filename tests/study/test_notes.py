"""What is said of a sound study before it runs."""

import pytest

from dcmodel.study.load import load_study
from dcmodel.study.notes import notes, resolution_words


def said(write_study, text):
    return list(notes(load_study(write_study(text)).spec))


def test_segments_are_not_certified_hourly(small_text, write_study):
    text = small_text.replace("segments: 24", "segments: 1095")
    [note] = said(write_study, text)
    assert "1095 segments" in note
    assert "not certified hourly" in note
    words = resolution_words(load_study(write_study(text)).spec)
    assert words == "1095 segments a year, not certified hourly"


def test_hours_need_no_note(small_text, write_study):
    text = small_text.replace("{segments: 24}", "hourly")
    assert said(write_study, text) == []
    assert resolution_words(load_study(write_study(text)).spec) == "hourly"


@pytest.mark.parametrize(("count", "deferral", "long"), [(741, 24, True), (742, 24, False)])
def test_segments_longer_than_work_may_wait_are_told(
    small_text, write_study, count, deferral, long
):
    """Two segments in each 24 of 8,760 hours and one more in each of 12 months: 742."""
    text = small_text.replace("segments: 24", f"segments: {count}")
    text = text.replace("  battery:", "  shiftable_load:\n  battery:")
    text = text.replace("deferral_h: 24", f"deferral_h: {deferral}")
    found = said(write_study, text)
    assert any("24 h that 'batch' may wait" in note for note in found) is long
    if long:
        assert "take 742 segments or more" in found[-1]


def test_work_that_nothing_moves_may_wait_as_short_as_it_likes(small_text, write_study):
    assert len(said(write_study, small_text)) == 1


@pytest.mark.parametrize(
    "name", ["backup", "clean_supply", "inference_fleet", "large_load", "portfolio", "quickstart"]
)
def test_shipped_studies_have_segments_short_enough(name):
    from dcmodel.base.paths import studies_dir

    found = list(notes(load_study(studies_dir() / f"{name}.yaml").spec))
    assert not any("may wait" in note for note in found)
