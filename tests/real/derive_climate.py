"""Derive data/climate/*.csv from the real files: rerun it with

    python tests/real/derive_climate.py [OUTPUT_FOLDER]

It reads ``$DCMODEL_REAL_DATA`` (default ``../shared/data``) and ``calibration.csv`` beside this
file (statistics of the real files and of some that may not be passed on), and writes one file per
place of weather and per price zone.
"""

from __future__ import annotations

import gzip
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pvlib

from dcmodel.inputs.climate import COLUMNS
from dcmodel.profiles import cycles, derive, process, sky

REAL = Path(os.environ.get("DCMODEL_REAL_DATA", "../shared/data"))
CALIBRATION = Path(__file__).with_name("calibration.csv")
OVERCAST_LOSS, CLOUD_EXPONENT = 0.75, 3.4
KASTEN = "Kasten and Czeplak 1980, Solar Energy 24(2), 177-189, doi:10.1016/0038-092X(80)90391-6"
FRANKFURT_HUMIDITY = 74.37
"""Mean relative humidity of Open-Meteo DE-LU 2021-2023, calibration.csv. [%]"""
DAYS = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
IWEC = "calibration.csv: {} (ASHRAE IWEC, statistics only)"


# ------------------------------------------------------------------------------------- readers


def calibration(kind: str, zone: str) -> pd.DataFrame:
    table = pd.read_csv(CALIBRATION)
    return table[(table["kind"] == kind) & (table["zone"] == zone)]


def months_of(rows: pd.DataFrame) -> np.ndarray:
    return rows[[f"m{m:02d}" for m in range(1, 13)]].to_numpy(float)


def hours_of(rows: pd.DataFrame) -> np.ndarray:
    return rows[[f"h{h:02d}" for h in range(24)]].to_numpy(float)


def found(folder: str, stem: str) -> Path:
    """Return the one file whose name begins so, in its plain or its gzip form."""
    files = {p.name.removesuffix(".gz"): p for p in (REAL / folder).glob(f"{stem}*") if p.is_file()}
    if len(files) != 1:
        message = f"{len(files)} files begin with {REAL / folder / stem}; one is needed"
        raise FileNotFoundError(message)
    (path,) = files.values()
    return path


def read_epw(name: str) -> pd.DataFrame:
    """Local standard time, hour beginning; the month's source years replaced by 2023."""
    raw = pd.read_csv(REAL / "weather/epw" / name, skiprows=8, header=None)
    hours = pd.to_datetime({"year": 2023, "month": raw[1], "day": raw[2], "hour": raw[3] - 1})
    columns = {"temp_air": 6, "dew_point": 7, "ghi": 13, "wind_speed": 21, "cloud_cover": 22}
    frame = pd.DataFrame({key: raw[c].to_numpy(float) for key, c in columns.items()}, index=hours)
    frame["cloud_cover"] /= 10
    return frame


def read_open_meteo(zone: str) -> tuple[pd.DataFrame, dict]:
    """Three years, local standard time, hour beginning."""
    parts = []
    for year in (2021, 2022, 2023):
        path = found(f"weather/openmeteo/{zone}", str(year))
        raw = path.read_bytes()
        data = json.loads(gzip.decompress(raw) if path.suffix == ".gz" else raw)
        hourly = data["hourly"]
        humidity = np.array(hourly["relative_humidity_2m"], float)
        temp = np.array(hourly["temperature_2m"], float)
        frame = pd.DataFrame(
            {
                "temp_air": temp,
                "dew_point": pvlib.atmosphere.tdew_from_rh(temp, np.maximum(humidity, 1.0)),
                "wind_speed": np.array(hourly["windspeed_10m"], float) / 3.6,
                "cloud_cover": np.array(hourly["cloudcover"], float) / 100,
            },
            index=pd.DatetimeIndex(pd.to_datetime(hourly["time"])),
        )
        parts.append(frame)
    return pd.concat(parts), data


def to_utc(local: pd.Series, zone: str) -> pd.Series:
    """Naive local clock to UTC; the hours that a DST day has too many or too few are dropped."""
    stamps = local.index.tz_localize(zone, ambiguous="NaT", nonexistent="NaT")
    local = local[~stamps.isna()]
    return local.set_axis(stamps[~stamps.isna()].tz_convert("UTC"))


def read_price(zone: str, years: tuple[int, ...]) -> pd.Series:
    parts = []
    for year in years:
        if zone == "SE3":
            raw = pd.read_csv(found("price/se_entsoe", f"SE3_{year}"))
            stamps = pd.to_datetime(raw.iloc[:, 0].str[:16], format="%d.%m.%Y %H:%M")
            price = pd.Series(pd.to_numeric(raw.iloc[:, 1], errors="coerce").to_numpy(), stamps)
            price = price[~price.index.duplicated()].dropna()
        else:
            folder = "GB_incompleted" if zone == "GB" else zone
            raw = pd.read_csv(
                found(f"price/sustaincluster/{folder}", f"{zone}_electricity_prices_{year}")
            )
            price = pd.Series(
                raw.iloc[:, 1].to_numpy(float),
                pd.to_datetime(raw.iloc[:, 0], utc=zone == "US-TEX-ERCO"),
            )
        if zone == "US-MIDA-PJM":
            price = price.tz_localize("UTC")
        elif zone in ("DE-LU", "SE3", "GB"):
            price = to_utc(price[~price.index.duplicated()], "Europe/Berlin")
        parts.append(price)
    return pd.concat(parts).dropna().sort_index()


def read_mix(path: str, columns: dict[str, str]) -> pd.DataFrame:
    raw = pd.read_csv(found(str(Path(path).parent), Path(path).name))
    stamp = next(c for c in raw.columns if "time" in c.lower())
    frame = raw.set_index(pd.to_datetime(raw[stamp], utc=True))[list(columns)]
    return frame.rename(columns=columns)


# ------------------------------------------------------------------------------------- writing


def row(variable, statistic, value, unit, source, provenance, note="", month=None, hour=None):
    return {"variable": variable, "statistic": statistic, "month": month, "hour": hour,
            "value": round(float(value), 5), "unit": unit, "source": source,
            "provenance": provenance, "note": note}  # fmt: skip


def stamped(rows, source, provenance="derived", note=""):
    return [{**r, "source": source, "provenance": provenance, "note": note} for r in rows]


def write(folder: Path, key: str, rows: list[dict]) -> None:
    table = pd.DataFrame(rows).reindex(columns=list(COLUMNS))
    for column in ("month", "hour"):
        table[column] = table[column].astype("Int64")
    table.to_csv(folder / f"{key}.csv", index=False, lineterminator="\n")


# ------------------------------------------------------------------------------------- weather


def common_weather_rows(ghi, source, note, design) -> list[dict]:
    rows = [
        row("ghi", "mean", v, "W m-2", source, "derived", note, month=m + 1)
        for m, v in enumerate(ghi)
    ]
    rows.append(row("cloud_cover", "overcast_loss", OVERCAST_LOSS, "1", KASTEN, "cited"))
    where = "calibration.csv: " + ", ".join(
        f"{z} {y}" for z, y in zip(design["zone"], design["year"], strict=True)
    )
    note = (
        "value exceeded in 0.4 % of the hours; mean of the years named; not used by the synthesis"
    )
    rows.append(
        row("temp_air", "exceeded_0p4", design["db_0p4"].mean(), "degC", where, "derived", note)
    )
    rows.append(
        row("wet_bulb", "exceeded_0p4", design["wb_0p4"].mean(), "degC", where, "derived", note)
    )
    return rows


def epw_place(folder: Path, key: str, name: str) -> None:
    frame = read_epw(name)
    source = f"EPW {name.removesuffix('.epw')}"
    ghi = frame["ghi"].groupby(frame.index.month).mean().to_numpy()
    design = calibration("weather", name.removesuffix(".epw"))
    rows = stamped(derive.weather_rows(frame), source)
    write(folder, key, rows + common_weather_rows(ghi, source, "", design))


def clear_by_month(latitude, longitude, elevation, offset=1):
    """Clear-sky GHI of 2023 in local standard time, and its hours."""
    hours = pd.date_range("2023-01-01", periods=8760, freq="h") - pd.Timedelta(hours=offset)
    sun = sky.sun_position(hours, latitude, longitude, elevation)
    clear = sky.clear_sky_ghi(sun, latitude, longitude, elevation)
    return pd.Series(clear, hours + pd.Timedelta(hours=offset))


def open_meteo_ghi(frame, data, annual):
    """Monthly GHI: Kasten-Czeplak on the cloud cover, scaled to a known yearly total [kWh m-2]."""
    clear = clear_by_month(
        data["latitude"], data["longitude"], data["elevation"], data["utc_offset_seconds"] / 3600
    )
    clear = np.tile(clear.to_numpy(), 3)
    ghi = clear * (1 - OVERCAST_LOSS * frame["cloud_cover"].to_numpy() ** CLOUD_EXPONENT)
    months = pd.Series(ghi).groupby(frame.index.month).mean().to_numpy()
    return months * annual / (ghi.sum() / 3000)


def open_meteo_place(folder: Path, key: str, zone: str, iwec: str) -> tuple[list[dict], np.ndarray]:
    frame, data = read_open_meteo(zone)
    annual = float(calibration("weather", iwec)["ghi_kwh_m2"].iloc[0])
    ghi = open_meteo_ghi(frame, data, annual)
    source = f"Open-Meteo {zone} 2021-2023 (ERA5, CC BY 4.0)"
    note = (
        f"cloud cover by Kasten-Czeplak, yearly total {annual:.0f} kWh m-2 of {iwec} (ASHRAE IWEC)"
    )
    rows = stamped(derive.weather_rows(frame), source)
    rows += common_weather_rows(ghi, source, note, calibration("weather", zone))
    write(folder, key, rows)
    return rows, ghi


def statistic_of(rows: list[dict], variable: str, statistic: str) -> np.ndarray:
    return np.array(
        [r["value"] for r in rows if (r["variable"], r["statistic"]) == (variable, statistic)]
    )


def arlanda_ghi(annual: float, ghi_frankfurt: np.ndarray) -> np.ndarray:
    """Clear sky of Arlanda times the clearness of Frankfurt, scaled to a yearly total [W m-2]."""
    arlanda = clear_by_month(59.65, 17.95, 61.0)
    frankfurt = clear_by_month(50.09, 8.65, 111.0)
    clear, other = (c.groupby(c.index.month).mean().to_numpy() for c in (arlanda, frankfurt))
    ghi = clear * ghi_frankfurt / other
    return ghi * annual / (ghi @ DAYS * 0.024)


def stockholm_values(known: pd.Series, template: list[dict], ghi: np.ndarray) -> dict:
    """Values, provenance and note of what differs from Frankfurt, by variable and statistic."""

    def of(variable, statistic):
        return statistic_of(template, variable, statistic)

    months = known[[f"m{m:02d}" for m in range(1, 13)]].to_numpy(float)
    hours = known[[f"h{h:02d}" for h in range(24)]].to_numpy(float)
    old = of("temp_air", "mean")
    temp = of("temp_air", "quantile").reshape(12, -1) - old[:, None]
    dew = of("dew_point", "quantile").reshape(12, -1) - of("dew_point", "mean")[:, None]
    names = {0.05: "p5", 0.5: "p50", 0.95: "p95", 0.99: "p99", 0.996: "db_0p4"}
    winter, summer = fit_spread(months, temp, {p: known[name] for p, name in names.items()})
    season = winter + (summer - winter) * summer_weight()
    cycle = of("temp_air", "daily_cycle")
    amplitude = np.ptp(hours) / np.ptp(cycle.reshape(12, 24).mean(axis=0))
    humid = np.log(known["mean_rh"] / 100) / np.log(FRANKFURT_HUMIDITY / 100)
    dew_mean = months - humid * (old - of("dew_point", "mean"))
    wind = of("wind_speed", "mean")
    spread = f"Frankfurt times {winter:.2f} in winter to {summer:.2f} in summer"
    fitted = f"{spread}, fitted to the yearly percentiles of Arlanda"
    return {
        ("temp_air", "mean"): (months, "cited", ""),
        ("temp_air", "anomaly_std"): (of("temp_air", "anomaly_std") * season, "derived", fitted),
        ("temp_air", "quantile"): (months[:, None] + temp * season[:, None], "derived", fitted),
        ("temp_air", "daily_cycle"): (
            cycle * amplitude, "derived", "Frankfurt, scaled to the yearly mean cycle of Arlanda"),
        ("dew_point", "mean"): (
            dew_mean, "derived", "depression of Frankfurt, scaled to the mean humidity of Arlanda"),
        ("dew_point", "anomaly_std"): (of("dew_point", "anomaly_std") * season, "assumed", spread),
        ("dew_point", "quantile"): (dew_mean[:, None] + dew * season[:, None], "assumed", spread),
        ("wind_speed", "mean"): (
            wind * known["mean_wind_ms"] / wind.mean(), "derived",
            "months of Frankfurt, scaled to the yearly mean of Arlanda"),
        ("ghi", "mean"): (
            ghi, "derived", "clear sky of Arlanda, monthly clearness of Frankfurt, yearly total of"
            " Arlanda"),
    }  # fmt: skip


def stockholm(folder: Path, template: list[dict], ghi_frankfurt: np.ndarray) -> None:
    """Stockholm from the statistics of IWEC Arlanda; the shapes of the months from Frankfurt."""
    name = "IWEC Stockholm Arlanda 024600"
    known = calibration("weather", name).iloc[0]
    ghi = arlanda_ghi(known["ghi_kwh_m2"], ghi_frankfurt)
    rows = [r for r in template if r["statistic"] not in ("exceeded_0p4", "overcast_loss")]
    rows = as_assumed(rows, "Frankfurt statistics, for want of hourly Stockholm files", "")
    for place, (values, provenance, note) in stockholm_values(known, template, ghi).items():
        chosen = [r for r in rows if (r["variable"], r["statistic"]) == place]
        source = IWEC.format(name)
        for r, value in zip(chosen, np.ravel(values), strict=True):
            r.update(value=round(float(value), 5), source=source, provenance=provenance, note=note)
    write(folder, "stockholm", rows + common_weather_rows([], "", "", calibration("weather", name)))


def summer_weight() -> np.ndarray:
    """0 in mid-January, 1 in mid-July."""
    return 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(12) / 12)


def fit_spread(mean, anomalies, wanted) -> tuple[float, float]:
    """Winter and summer factors on the monthly distributions that meet yearly quantiles."""
    levels = np.linspace(0.002, 0.998, 250)
    best, smallest = (1.0, 1.0), np.inf
    for winter in np.arange(0.6, 1.6, 0.02):
        for summer in np.arange(0.4, 1.4, 0.02):
            factor = winter + (summer - winter) * summer_weight()
            months = [np.interp(levels, derive.LEVELS, a) for a in anomalies]
            sample = np.concatenate(
                [np.repeat(mean[m] + factor[m] * months[m], DAYS[m]) for m in range(12)]
            )
            error = np.sum(
                (np.quantile(sample, list(wanted)) - np.array(list(wanted.values()))) ** 2
            )
            if error < smallest:
                best, smallest = (float(winter), float(summer)), error
    return best


# ------------------------------------------------------------------------------- price, carbon


def ties_for(index: pd.DatetimeIndex, zone: str) -> np.ndarray:
    """Weather ties of a zone at UTC hours of 2021-2023."""
    frame, data = read_open_meteo(zone)
    offset = pd.Timedelta(seconds=data["utc_offset_seconds"])
    frame = frame.set_axis((frame.index - offset).tz_localize("UTC"))
    frame = frame[~frame.index.duplicated()].reindex(index, method="nearest")
    wind, clouds, temp = (
        frame[name].to_numpy() for name in ("wind_speed", "cloud_cover", "temp_air")
    )
    standard = index.tz_localize(None) + offset
    sun = sky.sun_position(index.tz_localize(None), data["latitude"], data["longitude"])
    month, hour = np.asarray(standard.month) - 1, np.asarray(standard.hour)
    height = np.cos(np.radians(sun.zenith))
    return cycles.weather_ties(wind, clouds, temp, month, hour, height)


def ratio_to_running_mean(series: pd.Series) -> pd.Series:
    hourly = series.resample("h").mean()
    running = hourly.rolling(31 * 24 + 1, center=True, min_periods=15 * 24).mean()
    return (hourly / running).dropna()


def signal(variable, series, clock, shape, weather=None, ties=None, source="", tie_note=""):
    ratio = ratio_to_running_mean(series)
    ratio = ratio[~((ratio.index.month == 2) & (ratio.index.day == 29))]
    if ties is None:
        ties = ties_for(ratio.index, weather) if weather else np.zeros((3, len(ratio)))
    else:
        ties = ties(ratio.index)
    local = ratio.set_axis(ratio.index.tz_convert(clock).tz_localize(None))
    rows = derive.signal_rows(variable, local, ties, shape)
    rows = stamped(rows, source, "derived", "relative to the 31-day running mean")
    for r in rows:
        if r["statistic"].startswith("tie_"):
            r["note"] = f"change of the normal score per standard deviation of the tie; {tie_note}"
    return rows


def shape_rows(rows, source, note):
    for r in rows:
        if r["statistic"] == "monthly_shape":
            r.update(source=source, note=note)
    return rows


def monthly_shape(kind: str, zone: str, years) -> np.ndarray:
    rows = calibration(kind, zone)
    rows = rows[rows["year"].astype(str).isin([str(y) for y in years])]
    months = months_of(rows)
    return np.median(months / months.mean(axis=1, keepdims=True), axis=0)


def one_tie(values: pd.Series):
    """Ties whose first row is a measured regional wind, the others unknown (zero)."""

    def ties(index):
        wind = process.moving_mean(
            process.normal_scores(values.reindex(index).interpolate().to_numpy(float)), 12
        )
        return np.stack(
            [(wind - wind.mean()) / wind.std(), np.zeros(len(wind)), np.zeros(len(wind))]
        )

    return ties


def wind_rows(series: pd.Series, offset: int, capacity_factor: float, source: str):
    """Regional wind generation: daily and yearly shape as measured, level for a new contract."""
    local = series.set_axis(series.index.tz_localize(None) + pd.Timedelta(hours=offset)).dropna()
    cycle = (local.groupby(local.index.hour).mean() / local.mean()).to_numpy()
    months = local.groupby(local.index.month).mean().to_numpy()
    shape = ("1", source, "derived", "regional wind generation over its mean")
    rows = [row("wind_generation", "daily_cycle", v, *shape, hour=h) for h, v in enumerate(cycle)]
    for m, value in enumerate(months / months.mean(), start=1):
        rows.append(row("wind_generation", "monthly_shape", value, *shape, month=m))
    of_peak = series.mean() / series.quantile(0.999)
    note = (
        f"judged for new wind farms; the fleet ran at {of_peak:.2f} of its P99.9 output ({source})"
    )
    judged = ("1", "assumption, unverified", "assumed", note)
    return [*rows, row("wind_generation", "capacity_factor", capacity_factor, *judged)]


def as_assumed(rows, source, note):
    return [{**r, "source": source, "provenance": "assumed", "note": note} for r in rows]


def gb_carbon(ties: list[dict]) -> list[dict]:
    """GB has no hourly file: calibration.csv gives the distribution, Germany the rest."""
    known = calibration("ci_direct", "GB")
    source = "calibration.csv: ci_direct GB 2021-2023"
    mean = known["mean"].to_numpy()[:, None]
    hours = (hours_of(known) / mean).mean(axis=0)
    spread = float((known["std"] / known["mean"]).mean())
    between = float(np.sqrt(spread**2 - np.var(hours)))
    shape = np.median(months_of(known) / months_of(known).mean(axis=1, keepdims=True), axis=0)
    keys = [(0, "min"), (0.05, "p5"), (0.5, "p50"), (0.95, "p95"), (0.99, "p99"), (1, "max")]
    points = [float((known[name] / known["mean"]).mean()) for _, name in keys]
    quantiles = np.interp(derive.TAIL_LEVELS, [p for p, _ in keys], points)
    replaced = {
        "monthly_shape": shape / shape.mean(),
        "score_weekday": np.tile((hours - 1) / spread, 12),
        "score_std": np.full(24, between / spread),
        "quantile": np.tile(quantiles, 12),
    }
    rows = as_assumed(ties, "de_lu emission_factor", "as Germany, for want of an hourly file")
    for statistic, values in replaced.items():
        for r, value in zip([r for r in rows if r["statistic"] == statistic], values, strict=True):
            r.update(value=round(float(value), 5), source=source, provenance="derived", note="")
    return rows


MEDIAN = "median over the years of the monthly mean over the yearly mean"
UNKNOWN = "regional wind; sun and load unknown, 0"


@dataclass(frozen=True)
class Zone:
    """Where the statistics of a price zone come from."""

    name: str
    years: tuple[int, ...]
    what: str
    clock: str
    offset: int
    weather: str | None
    mix: str
    mix_source: str
    carbon: tuple[str, str, tuple[int, ...]]
    wind_capacity_factor: float

    @property
    def tie_note(self) -> str:
        return UNKNOWN if self.weather is None else f"weather {self.weather}"


RECENT = (2021, 2022, 2023)
ZONES = {
    "pjm_dominion": Zone(
        "US-MIDA-PJM", RECENT, "real-time DOM zone", "America/New_York", -5, "US-MIDA-PJM",
        "PJM", "EIA-930 PJM 2022", ("ci_direct", "US-MIDA-PJM", RECENT), 0.33),
    "ercot_north": Zone(
        "US-TEX-ERCO", (2022, 2023), "day-ahead hub average (2021 left out, February storm)",
        "America/Chicago", -6, "US-TEX-ERCO",
        "ERCO", "EIA-930 ERCO 2022", ("ci_direct", "US-TEX-ERCO", RECENT), 0.40),
    "de_lu": Zone(
        "DE-LU", RECENT, "day-ahead", "Europe/Berlin", 1, "DE-LU",
        "DE", "CarbonCast DE 2021", ("ci_direct", "DE-LU", RECENT), 0.25),
    "se3": Zone(
        "SE3", RECENT, "day-ahead", "Europe/Stockholm", 1, None,
        "SE", "CarbonCast SE 2020-2021", ("ci_direct_ccast", "SE", (2020, 2021)), 0.33),
    "gb": Zone(
        "GB", (2022, 2023), "day-ahead, EUR", "Europe/London", 0, "GB",
        "DE", "CarbonCast DE 2021", ("ci_direct", "GB", RECENT), 0.32),
}  # fmt: skip


def read_zone_mix(name: str) -> pd.DataFrame:
    if name in ("PJM", "ERCO"):
        columns = {"WND": "wind", "avg_CI": "carbon"}
        mix = read_mix(f"genmix/eia2022/{name}_NG_avgCI.csv", columns)
        if name == "ERCO":  # the sun shows it: hours are named by their end, those of PJM are not
            mix = mix.shift(freq="-1h")
        return mix[mix["carbon"] > 100]  # 5 glitch hours of PJM, 1-2 October, sit near 47
    columns = {"wind": "wind", "carbon_intensity": "carbon"}
    mix = read_mix(f"genmix/carboncast/{name}_direct_emissions.csv", columns)
    return mix.loc["2021"] if name == "DE" else mix


def price_rows(zone: Zone, mix: pd.DataFrame) -> list[dict]:
    price = read_price(zone.name, zone.years)
    source = f"{zone.name} {zone.what}, {zone.years[0]}-{zone.years[-1]}"
    shape = monthly_shape("price", zone.name, (2020, *zone.years))
    rows = signal(
        "price_energy", price, zone.clock, shape, zone.weather, None, source, zone.tie_note
    )
    if zone.weather is None:
        measured = one_tie(mix["wind"])
        tied = signal("price_energy", price.loc["2021"], zone.clock, shape, None, measured,
                      f"{zone.name} {zone.what} 2021, {zone.mix_source} wind", UNKNOWN)  # fmt: skip
        rows = with_tie(rows, tied)
    return shape_rows(rows, f"calibration.csv: price {zone.name}", MEDIAN)


def carbon_rows(zone: Zone, mix: pd.DataFrame) -> list[dict]:
    ties = one_tie(mix["wind"]) if zone.weather is None else None
    rows = signal("emission_factor", mix["carbon"], zone.clock, monthly_shape(*zone.carbon),
                  zone.weather, ties, zone.mix_source, zone.tie_note)  # fmt: skip
    return shape_rows(rows, "calibration.csv: " + " ".join(zone.carbon[:2]), MEDIAN)


def zones(folder: Path) -> None:
    german_carbon: list[dict] = []
    for key, zone in ZONES.items():
        mix = read_zone_mix(zone.mix)
        wind = wind_rows(mix["wind"], zone.offset, zone.wind_capacity_factor, zone.mix_source)
        if key == "gb":
            carbon = gb_carbon(german_carbon)
            text = "shape of Germany, for want of an hourly file; level judged for new wind farms"
            wind = as_assumed(wind, "assumption, unverified", text)
        else:
            carbon = carbon_rows(zone, mix)
        if key == "de_lu":
            german_carbon = carbon
        write(folder, key, price_rows(zone, mix) + carbon + wind)


def with_tie(rows: list[dict], tied: list[dict]) -> list[dict]:
    """Take the wind tie of another fit, and lower the remainder accordingly."""
    (wind,) = [r for r in tied if r["statistic"] == "tie_wind"]
    for r in rows:
        if r["statistic"] == "tie_wind":
            r.update(wind)
        elif r["statistic"] == "remainder_std":
            r["value"] = round(float(np.sqrt(1 - wind["value"] ** 2)), 5)
    return rows


def main(folder: Path) -> None:
    epw_place(
        folder, "northern_virginia", "USA_VA_Sterling-Washington.Dulles.Intl.AP.724030_TMY3.epw"
    )
    epw_place(folder, "dallas", "USA_TX_Dallas-Fort.Worth_TMYx.2007-2021.epw")
    open_meteo_place(folder, "london", "GB", "IWEC London Gatwick 037760")
    template, ghi = open_meteo_place(folder, "frankfurt", "DE-LU", "IWEC Frankfurt am Main 106370")
    stockholm(folder, template, ghi)
    zones(folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path("data/climate"))
