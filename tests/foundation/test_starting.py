import gc

import pytest

from madoguchi.foundation.starting import starting


def test_garbage_is_collected_again_after_the_start_and_what_stays_is_left_out() -> None:
    before = gc.get_freeze_count()
    try:
        with starting():
            assert not gc.isenabled()
            stays: list[list[int]] = [[]]
        assert gc.isenabled()
        assert gc.get_freeze_count() > before
        assert stays not in gc.get_objects()
    finally:
        gc.unfreeze()


def test_garbage_is_collected_again_when_the_start_fails() -> None:
    try:
        with pytest.raises(ValueError, match="broken"), starting():
            raise ValueError("broken")
        assert gc.isenabled()
    finally:
        gc.unfreeze()
