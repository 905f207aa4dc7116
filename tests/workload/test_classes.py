import pytest

from dcmodel.base import paths
from dcmodel.base.errors import DataError
from dcmodel.study.work import Workload
from dcmodel.workload import classes
from dcmodel.workload.classes import class_names, filled, settings
from dcmodel.workload.shapes import shape_names


@pytest.mark.parametrize("name", class_names())
def test_every_class_of_the_library_is_a_class_of_a_study(name):
    work = Workload.model_validate({"share": 1.0, "like": name})
    assert work.shape in shape_names()
    assert work.latency_ms > 0
    assert work.deferral_h == int(work.deferral_h)


def test_the_classes_of_the_field_are_there():
    wanted = {"chat", "coding_assistant", "agents", "search_recommendation", "batch_api"}
    wanted |= {"embeddings_indexing", "evaluation", "fine_tuning", "training"}
    assert wanted <= set(class_names())


def test_figures_that_were_published():
    assert settings("chat")["request"] == {"input_tokens": 1155, "output_tokens": 211}
    assert settings("batch_api")["deferral_h"] == 24
    assert settings("training")["shape"] == "flat"


def test_a_trace_brings_its_own_request_and_shape():
    given = {"share": 1.0, "trace": "a.csv", "deferral_h": 0.0}
    found = filled(given, settings("batch_api"))
    assert "request" not in found
    assert "shape" not in found
    assert found["deferral_h"] == 0.0
    assert found["priority"] == 2


def test_a_damaged_table_is_refused_with_its_line(tmp_path, monkeypatch):
    text = (paths.data_dir() / "work_classes.csv").read_text()
    (tmp_path / "work_classes.csv").write_text(text.replace("chat,latency_ms,150", "chat,latncy,x"))
    monkeypatch.setattr(classes, "data_dir", lambda: tmp_path)
    with pytest.raises(DataError) as error:
        settings("chat")
    told = " ".join(str(fault) for fault in error.value.faults)
    assert "work_classes.csv:3" in told
    assert "unknown parameter 'latncy'" in told
