import itertools

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle, StepPatch

from dcmodel.base.errors import StudyError
from dcmodel.report import figures, style, tables

LEVELISED, REFERENCE = 7.8e6 / 278_400, 12e6 / 278_400


@pytest.fixture
def sheet():
    return Figure(layout="constrained")


def bars(ax, y=None):
    found = [patch for patch in ax.patches if isinstance(patch, Rectangle)]
    return [bar for bar in found if y is None or bar.get_y() + bar.get_height() / 2 == y]


def stairs(ax):
    """Label -> values and edges of every step line and area."""
    found = {}
    for patch in ax.patches:
        if isinstance(patch, StepPatch):
            values, edges, base = patch.get_data()
            found[patch.get_label()] = (np.asarray(values), np.asarray(edges), base)
    return found


def texts(ax):
    return [text.get_text() for text in ax.texts]


def legend_covers_data(figure):
    """Tell whether any legend lies over its own panel."""
    figure.canvas.draw()
    return any(
        ax.get_legend().get_window_extent().overlaps(ax.get_window_extent())
        for ax in figure.axes
        if ax.get_legend() is not None
    )


def test_cost_stack_draws_the_levelised_cost(result, sheet):
    ax = figures.cost_stack(result, sheet)
    widths = [bar.get_width() for bar in bars(ax, -0.2)]
    assert sum(widths) == pytest.approx(LEVELISED)
    assert min(widths) == pytest.approx(-950_000 / 278_400)  # what is sold again
    assert sum(bar.get_width() for bar in bars(ax, 0.2)) == pytest.approx(REFERENCE)
    assert ax.get_xlabel() == "USD of 2025 per MWh of IT energy"
    assert "28.0 (−35.0 %)" in texts(ax)
    assert "43.1" in texts(ax)


def test_cost_stack_draws_negative_parts_left_of_zero(result, sheet):
    ax = figures.cost_stack(result, sheet)
    contracts = next(bar for bar in bars(ax, -0.2) if bar.get_width() < 0)
    assert contracts.get_x() == 0
    assert ax.get_xlim()[0] < contracts.get_width()


def test_cost_stack_puts_the_cheapest_on_top(pair, sheet):
    ax = figures.cost_stack(pair, sheet)
    assert [label.get_text() for label in ax.get_yticklabels()] == [
        "Stockholm\nbase",
        "Dallas\nbase",
    ]
    top, bottom = ax.get_ylim()[1], ax.get_ylim()[0]
    assert top < bottom
    assert not legend_covers_data(sheet)


def test_names_of_the_users_own_are_kept(result, sheet):
    ax = figures.cost_stack({"may wait": result, "may not": result}, sheet)
    assert [text.get_text() for text in ax.get_yticklabels()] == ["may wait", "may not"]


def test_cost_stack_leaves_out_cases_without_it(pair, idle, sheet):
    pair["stockholm/base"] = idle(pair["stockholm/base"], [2025, 2026])
    assert len(figures.cost_stack(pair, sheet).get_yticks()) == 1
    nothing = figures.cost_stack(pair["stockholm/base"], Figure())
    assert "no IT energy in any year" in texts(nothing)


def test_cost_stack_tells_an_unknown_category(result, sheet):
    names = result["cost_category"].to_numpy().astype("<U20")
    names[0] = "heat_sales"
    ax = figures.cost_stack(result.assign_coords(cost_category=("cost_term", names)), sheet)
    assert "Heat sales" in [text.get_text() for text in ax.get_legend().get_texts()]
    assert sum(bar.get_width() for bar in bars(ax, -0.2)) == pytest.approx(LEVELISED)


def test_peak_week_stacks_to_facility_power_and_charging(result, sheet):
    figures.peak_week(result, figure=sheet)
    supply = stairs(sheet.axes[0])
    facility, edges, _ = supply["Facility power"]
    assert edges.tolist() == [8030.0, 8330.0, 8760.0]
    assert facility.tolist() == [24.0, 60.0]
    # short step: 6.5 MW bought and 20 MW solar feed 24 MW and 2.5 MW of charging
    assert supply["Purchase"][0].tolist() == [6.5, 51.0]
    assert supply["PPA solar"][0].tolist() == [26.5, 51.0]
    assert supply["Battery"][0].tolist() == [26.5, 60.0]
    below = [p.get_data()[0] for p in sheet.axes[0].patches if p.get_data()[0].min() < 0]
    assert [values.tolist() for values in below] == [[-2.5, 0.0]]


def test_peak_week_shows_work_contracts_and_price(result, sheet):
    figures.peak_week(result, 2026, figure=sheet)
    contracts, work, price = (stairs(ax) for ax in sheet.axes[1:])
    assert contracts["PPA solar delivered"][0].tolist() == [20.0, 0.0]
    assert contracts["Grid import"][0].tolist() == [26.5, 58.0]
    assert work["IT work arriving"][0].tolist() == [16.0, 30.0]
    assert work["IT work served"][0].tolist() == [17.0, 29.0]
    assert price["Energy price"][0].tolist() == [50.0, 500.0]
    labels = [ax.get_ylabel() for ax in sheet.axes]
    assert labels == ["Power [MW]", "Power [MW]", "Power [MW]", "Price [USD/MWh]"]
    assert "America/Chicago" in sheet.axes[-1].get_xlabel()
    assert not legend_covers_data(sheet)


def test_peak_week_hides_sources_that_give_nothing(result, sheet):
    figures.peak_week(result, figure=sheet)
    assert "Diesel" not in stairs(sheet.axes[0])


def test_peak_week_gives_a_source_one_colour_in_all_panels(result, sheet):
    figures.peak_week(result, figure=sheet)
    first, second = (
        {p.get_label(): p.get_facecolor() for p in ax.patches} for ax in sheet.axes[:2]
    )
    assert first["PPA solar"] == second["PPA solar delivered"]


def test_peak_week_shows_all_of_a_large_contract(result, sheet):
    wide = result.copy(deep=True)
    wide["supply"] = wide["supply"].clip(min=0)
    wide["capacity"].loc[{"size": "grid_connection.contracted"}] = 200.0
    figures.peak_week(wide, figure=sheet)
    low, high = sheet.axes[0].get_ylim()
    assert low == 0
    assert high > 200


def test_peak_week_by_price(result, sheet):
    figures.peak_week(result, by="price_energy", figure=sheet)
    assert "highest energy price, 2026" in sheet.get_suptitle()


@pytest.mark.parametrize(
    "dropped", [["delivery", "contract"], ["work_arrived"], ["price_energy"], ["it_power"]]
)
def test_peak_week_does_without_optional_variables(result, sheet, dropped):
    figures.peak_week(result.drop_vars(dropped), figure=sheet)
    facility = stairs(sheet.axes[0])["Facility power"][0]
    assert facility.max() == 60.0


def curves_of(ax):
    """Return the lines that are drawn in steps, each value from its edge on."""
    return [line for line in ax.lines if line.get_drawstyle() == "steps-post"]


def test_load_duration_holds_the_energy_of_the_year(result, sheet):
    ax = figures.load_duration(result, 2026, sheet)
    curves = {line.get_label().split("\n")[0]: line for line in curves_of(ax)}
    for label, energy in (("Facility power", 396_000), ("Grid import", 394_680)):
        edges, values = curves[label].get_data()
        assert np.sum(values[:-1] * np.diff(edges)) == pytest.approx(energy)
        assert (np.diff(values) <= 0).all()
        assert edges[-1] == 8760
    assert ax.get_ylabel() == "Power [MW]"
    assert "[h]" in ax.get_xlabel()


def test_load_duration_draws_contracted_power(result, sheet):
    ax = figures.load_duration(result, 2026, sheet)
    levels = [line for line in ax.lines if line not in curves_of(ax)]
    lines = {line.get_label().split("\n")[0]: line.get_ydata()[0] for line in levels}
    assert lines == {"Contracted grid power": 60.0, "Contracted in the reference": 65.0}


def test_load_duration_without_contracted_power(result, sheet):
    ax = figures.load_duration(result.sel(size=["battery.power"]), ax=sheet)
    assert list(ax.lines) == curves_of(ax)


def test_load_duration_refuses_an_unknown_year(result, sheet):
    with pytest.raises(StudyError, match="2025, 2026"):
        figures.load_duration(result, 2040, sheet)


def test_monthly_pue_draws_the_table(pair, sheet):
    ax = figures.monthly_pue(pair, 2026, sheet)
    table = tables.monthly(pair).query("case == 'stockholm/base' and year == 2026")
    line = next(line for line in ax.lines if line.get_label() == "Stockholm, base")
    np.testing.assert_allclose(line.get_ydata(), table["pue"])
    assert ax.get_ylim()[0] == 1.0
    assert "PUE" in ax.get_ylabel()
    assert "2026" in ax.get_title(loc="left")


def test_monthly_pue_in_a_year_without_it(result, idle, sheet):
    ax = figures.monthly_pue(idle(result, [2025]), 2025, sheet)
    assert "no IT runs in 2025" in texts(ax)
    assert not ax.lines


def test_build_out_draws_what_stands(result, sheet):
    figures.build_out(result, sheet)
    [ax] = sheet.axes  # battery energy is never built: no panel in MWh
    heights = {c.get_label(): [bar.get_height() for bar in c] for c in ax.containers}
    assert heights == {
        "Grid connection contracted": [30, 60],
        "PPA solar capacity": [40, 40],
        "Battery power": [2.5, 2.5],
        "Diesel capacity": [40, 70],
    }
    assert stairs(ax)["Installed IT"][0].tolist() == [25, 50]
    assert ax.get_ylabel() == "Capacity [MW]"
    assert not legend_covers_data(sheet)


def test_build_out_gives_energy_a_panel_of_its_own(result, sheet):
    built = result.copy(deep=True)
    built["capacity"].loc[{"size": "battery.energy"}] = 10.0
    figures.build_out(built, sheet)
    assert [ax.get_ylabel() for ax in sheet.axes] == ["Capacity [MW]", "Energy [MWh]"]


def test_build_out_of_nothing(result, sheet):
    figures.build_out(result.isel(size=[]), sheet)
    assert not sheet.axes[0].containers


@pytest.mark.parametrize("years", [[2025], [2025, 2026]])
def test_every_figure_of_a_case_without_it_can_be_drawn(result, idle, years):
    quiet = idle(result, years)
    for draw in (figures.cost_stack, figures.load_duration, figures.monthly_pue):
        draw(quiet, ax=Figure(layout="constrained")).figure.canvas.draw()
    for draw in (figures.peak_week, figures.build_out):
        draw(quiet, figure=Figure(layout="constrained")).canvas.draw()


def test_a_figure_leaves_the_settings_of_the_user(result, sheet):
    before = dict(mpl.rcParams)
    figures.cost_stack(result, sheet)
    assert dict(mpl.rcParams) == before


def test_a_figure_without_a_place_is_one_of_pyplot(result, monkeypatch):
    monkeypatch.setattr(mpl, "get_backend", lambda: "agg")
    plt.switch_backend("agg")
    ax = figures.load_duration(result)
    assert ax.figure.number in plt.get_fignums()
    plt.close(ax.figure)


def test_words_of_names():
    assert style.words("ppa_solar.capacity_mw") == "PPA solar capacity"
    assert style.words("grid_import") == "Grid import"


def test_more_names_than_colours_differ_by_hatch():
    looks = style.colours([f"source_{i}" for i in range(25)])
    assert len(set(looks.values())) == 25


# Machado, Oliveira and Fernandes (2009), doi:10.1109/TVCG.2009.113, severity 1.0, linear RGB
DEUTERANOPIA = [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.011820, 0.042940, 0.968881],
]
PROTANOPIA = [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
]


@pytest.mark.parametrize("matrix", [DEUTERANOPIA, PROTANOPIA])
def test_neighbouring_categories_differ_for_colour_blind_readers(matrix):
    seen = {}
    for name, (colour, _) in style.colours(style.CATEGORIES).items():
        rgb = np.asarray(to_rgb(colour))
        linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
        seen[name] = _lab(np.clip(np.asarray(matrix) @ linear, 0, 1))
    for one, other in itertools.pairwise(style.CATEGORIES):
        # 10 is about four times a just noticeable difference (CIE 1976)
        assert np.linalg.norm(seen[one] - seen[other]) > 10, (one, other)


def _lab(linear):
    """Return CIE L*a*b* of linear sRGB under D65."""
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    ratio = np.asarray(to_xyz) @ linear / np.array([0.9505, 1.0, 1.089])
    f = np.where(ratio > 216 / 24389, np.cbrt(ratio), (24389 / 27 * ratio + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])
