"""Language models by size: what a token passes, what it leaves behind, what a step reads."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from dcmodel.base.errors import DataError, Fault, StudyError
from dcmodel.base.paths import data_dir
from dcmodel.base.registry import nearest
from dcmodel.inputs.library import number, read_table, source_faults

_MODELS = (
    "model", "name", "total_parameters_b", "active_parameters_b", "layers", "hidden_size",
    "kv_values_per_layer", "attention_width", "attention_width_prefill", "experts",
    "experts_active", "source", "provenance", "note",
)  # fmt: skip


@dataclass(frozen=True)
class LanguageModel:
    """Size of a served model."""

    key: str
    name: str
    total_parameters: float
    active_parameters: float
    """Parameters that one token passes."""
    layers: int
    hidden_size: int
    kv_values_per_layer: float
    """Values of keys and values that one token leaves in each layer."""
    attention_width: float
    """Heads times width of a head, in decoding; latent attention computes on the latent."""
    attention_width_prefill: float
    experts: int
    experts_active: int

    def touched(self, tokens: float) -> float:
        """Return parameters that a step of `tokens` tokens reads: experts are drawn evenly."""
        drawn = self.experts_active / self.experts
        if drawn >= 1:
            return self.total_parameters
        in_experts = (self.total_parameters - self.active_parameters) / (1 - drawn)
        shared = self.total_parameters - in_experts
        return shared + in_experts * (1 - (1 - drawn) ** tokens)


def model_names() -> list[str]:
    """Return the keys of the served models, sorted."""
    return sorted(_models())


def language_model(key: str, where: str = "model") -> LanguageModel:
    """Return a served model of the library; refuse others with the nearest."""
    models = _models()
    if key not in models:
        msg = f"unknown model '{key}'{nearest(key, list(models))} (known: {', '.join(models)})"
        raise StudyError(Fault(where, msg))
    return models[key]


def _models() -> dict[str, LanguageModel]:
    path = data_dir() / "language_models.csv"
    return _read_models(path.stat().st_mtime_ns if path.is_file() else 0)


@lru_cache(maxsize=8)
def _read_models(modified: int) -> dict[str, LanguageModel]:
    faults: list[Fault] = []
    models = {}
    for row in read_table(data_dir() / "language_models.csv", _MODELS):
        faults += source_faults(row)
        models[row["model"]] = LanguageModel(
            key=row["model"],
            name=row["name"],
            total_parameters=1e9 * number(row, "total_parameters_b", faults),
            active_parameters=1e9 * number(row, "active_parameters_b", faults),
            layers=int(number(row, "layers", faults)),
            hidden_size=int(number(row, "hidden_size", faults)),
            kv_values_per_layer=number(row, "kv_values_per_layer", faults),
            attention_width=number(row, "attention_width", faults),
            attention_width_prefill=number(row, "attention_width_prefill", faults),
            experts=int(number(row, "experts", faults)),
            experts_active=int(number(row, "experts_active", faults)),
        )
    if faults:
        raise DataError(faults)
    return models
