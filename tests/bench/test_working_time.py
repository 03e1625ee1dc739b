from madoguchi.bench.working_time import calendar


def test_deadlines_are_counted_beside_the_bare_search() -> None:
    result = calendar(2_000, "sqlite", 100)
    assert result.rate
    assert result.floor_rate
    assert result.ratio
    assert "2,000 deadlines" in result.note
