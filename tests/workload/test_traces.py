import numpy as np
import pandas as pd
import pytest

from dcmodel.base.errors import DataError
from dcmodel.workload.traces import read_trace


def write(tmp_path, rows, header="timestamp,input_tokens,output_tokens"):
    path = tmp_path / "trace.csv"
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


def test_the_mean_request_and_rate(tmp_path):
    rows = [
        "2024-05-13 00:00:00,100,10",
        "2024-05-13 00:00:05,300,30",
        "2024-05-13 00:00:10,200,20",
    ]
    trace = read_trace(write(tmp_path, rows))
    assert (trace.request.input_tokens, trace.request.output_tokens) == (200, 20)
    assert trace.requests_per_s == pytest.approx(0.2)
    assert trace.shape() is None


def test_a_week_of_requests_gives_back_the_load_they_were_made_from(tmp_path):
    # from Wednesday 00:30: output tokens of hour h of the week are 1 + h, in two requests
    start = pd.Timestamp("2024-05-15 00:30")
    rows = []
    for hour in range(8 * 24):
        now = start + pd.Timedelta(hours=hour)
        week_hour = now.day_of_week * 24 + now.hour
        for minutes, part in ((0, 0.25), (20, 0.75)):
            at = now + pd.Timedelta(minutes=minutes)
            rows.append(f"{at.isoformat()},5,{(1 + week_hour) * part}")
    shape = read_trace(write(tmp_path, rows)).shape("Europe/Dublin")
    expected = (1 + np.arange(168)) / np.mean(1 + np.arange(168))
    np.testing.assert_allclose(shape.values, expected)
    assert shape.reference_time_zone == "Europe/Dublin"


def test_a_day_is_repeated_over_the_week(tmp_path):
    hours = pd.date_range("2024-05-15", periods=30, freq="h")
    rows = [f"{hour.isoformat()},1,{1 + hour.hour % 2}" for hour in hours]
    shape = read_trace(write(tmp_path, rows)).shape()
    np.testing.assert_allclose(shape.values, np.tile([2 / 3, 4 / 3], 84))


def test_times_with_an_offset_and_local_times_become_utc(tmp_path):
    rows = ["2024-05-13T12:00:00+02:00,1,1", "2024-05-13T12:00:01+02:00,1,1"]
    assert str(read_trace(write(tmp_path, rows)).time[0]).startswith("2024-05-13T10:00:00")
    rows = ["2024-05-13 12:00:00,1,1", "2024-05-13 12:00:01,1,1"]
    local = read_trace(write(tmp_path, rows), "America/New_York")
    assert str(local.time[0]).startswith("2024-05-13T16:00:00")


@pytest.mark.parametrize(
    ("rows", "line", "words"),
    [
        (["2024-05-13 00:00:01,1,1", "2024-05-13 00:00:00,1,1"], 3, "lies before the line above"),
        (["2024-05-13 00:00:01,1,1", "2024-05-13 00:00:01,1,1"], 3, "a time of its own"),
        (["2024-05-13 00:00:01,1,1", "noon,1,1"], 3, "found 'noon'"),
        (["2024-05-13 00:00:01,-1,1", "2024-05-13 00:00:02,1,1"], 2, "input_tokens: found '-1'"),
        (["2024-05-13 00:00:01,1,x", "2024-05-13 00:00:02,1,1"], 2, "output_tokens: found 'x'"),
        (["2024-05-13 00:00:01,1", "2024-05-13 00:00:02,1,1"], 2, "found 2 cells; needed: 3"),
        (["2024-05-13 00:00:01,0,0", "2024-05-13 00:00:02,1,1"], 2, "no token"),
    ],
)
def test_faults_are_refused_with_their_line(tmp_path, rows, line, words):
    with pytest.raises(DataError) as error:
        read_trace(write(tmp_path, rows))
    assert [fault.where.rpartition(":")[2] for fault in error.value.faults] == [str(line)]
    assert words in error.value.faults[0].message


def test_every_disorder_is_told_and_many_are_cut_short(tmp_path):
    rows = [f"2024-05-13 00:{59 - minute:02d}:00,1,1" for minute in range(60)]
    with pytest.raises(DataError) as error:
        read_trace(write(tmp_path, rows))
    assert len(error.value.faults) == 21
    assert "39 faults more" in error.value.faults[-1].message


def test_wrong_columns_empty_and_missing_files_are_refused(tmp_path):
    with pytest.raises(DataError, match="did you mean 'input_tokens'"):
        read_trace(write(tmp_path, ["1,2,3"], "timestamp,input_token,output_tokens"))
    with pytest.raises(DataError, match="holds 0 requests"):
        read_trace(write(tmp_path, []))
    with pytest.raises(DataError, match="is no file"):
        read_trace(tmp_path / "none.csv")


@pytest.mark.real
@pytest.mark.parametrize(
    ("name", "requests", "tokens_in", "tokens_out"),
    [("code", 8819, 2048, 27.9), ("conv", 19366, 1155, 211.1)],
)
def test_the_azure_traces_have_their_published_means(
    real_data, name, requests, tokens_in, tokens_out
):
    trace = read_trace(real_data.file(f"llm/AzureLLMInferenceTrace_{name}.csv"))
    assert len(trace.time) == requests
    assert trace.request.input_tokens == pytest.approx(tokens_in, abs=0.5)
    assert trace.request.output_tokens == pytest.approx(tokens_out, abs=0.05)
    assert 0.9 < trace.hours < 1.0
    assert trace.shape() is None
