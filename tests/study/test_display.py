import io

from rich.console import Console

from dcmodel.study.display import Display
from dcmodel.study.events import Event

EVENTS = [
    Event("queued", "a/base"),
    Event("queued", "b/base"),
    Event("queued", "c/base"),
    Event("started", "a/base", stage="inputs"),
    Event("stage", "a/base", stage="solve", values={"gap": 0.02}),
    Event("failed", "b/base", stage="build", seconds=3, message="grid too small", exit_code=4),
    Event("done", "c/base", seconds=12, values={"levelised_cost": 71.456, "certified_gap": 0.004}),
]


def shown(**options):
    stream = io.StringIO()
    console = Console(file=stream, width=100, color_system=None, **options)
    with Display(console) as display:
        for event in EVENTS:
            display(event)
    return stream.getvalue()


def test_terminal_shows_one_live_row_per_case():
    final = shown(force_terminal=True).split("case ")[-1].splitlines()
    rows = {line.split()[0]: line for line in final if "/base" in line}
    assert "solve" in rows["a/base"]
    assert "2.00%" in rows["a/base"]
    assert "running" in rows["a/base"]
    assert "failed" in rows["b/base"]
    assert all(part in rows["c/base"] for part in ("71.46", "0.40%", "12", "done"))
    assert any("2 of 3 cases" in line and "to go" in line for line in final)


def test_elsewhere_one_line_per_ended_case():
    assert shown(force_terminal=False).splitlines() == [
        "b/base  failed after 3 s in build: grid too small",
        "c/base  done  12.0 s  71.46 USD/MWh IT  gap 0.40%",
    ]


def test_quiet_shows_nothing():
    stream = io.StringIO()
    with Display(Console(file=stream, force_terminal=True), quiet=True) as display:
        for event in EVENTS:
            display(event)
    assert stream.getvalue() == ""
