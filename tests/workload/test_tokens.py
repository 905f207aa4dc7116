import pytest

from dcmodel.base.errors import StudyError
from dcmodel.workload.tokens import Counted, Request, Tokens, counted


def test_tokens_counted_two_ways_do_not_mix():
    output, both = Tokens(5.0, Counted.OUTPUT), Tokens(7.0, Counted.INPUT_AND_OUTPUT)
    for mixed in (
        lambda: output + both,
        lambda: output - both,
        lambda: output / both,
        lambda: output < both,
    ):
        with pytest.raises(StudyError, match="count one way"):
            mixed()
    with pytest.raises(StudyError, match="bare"):
        output + 3.0
    assert (output + output).amount == 10.0
    assert output / Tokens(2.0, Counted.OUTPUT) == 2.5
    assert (3 * output / 2).amount == 7.5


def test_a_request_converts_by_its_lengths():
    request = Request(1500, 500)
    both = request.convert(Tokens(10.0, Counted.OUTPUT), Counted.INPUT_AND_OUTPUT)
    assert both == Tokens(40.0, Counted.INPUT_AND_OUTPUT)
    assert request.convert(both, Counted.OUTPUT) == Tokens(10.0, Counted.OUTPUT)


def test_wrong_lengths_and_counts_are_refused_together():
    with pytest.raises(StudyError) as error:
        Request(-1, 0, 1.5)
    assert len(error.value.faults) == 3
    with pytest.raises(StudyError, match="did you mean 'output'"):
        counted("outputs")
