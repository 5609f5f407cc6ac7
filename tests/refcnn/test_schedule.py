"""Learning rates against their formulas, and the settings that are refused."""

from typing import Any

import pytest

from refcnn.training.schedule import SCHEDULES, schedule


def rates(name: str, steps: int, **settings: Any) -> list[float]:
    rate = schedule(name, lr=0.8, steps=steps, **settings)
    return [rate(step) for step in range(steps + 1)]


def test_a_constant_rate_does_not_change() -> None:
    assert rates("constant", 5) == [0.8] * 6


def test_a_step_multiplies_the_rate_each_time_so_many_steps_are_over() -> None:
    assert rates("step", 7, step_size=3, gamma=0.5) == [0.8] * 3 + [0.4] * 3 + [0.2] * 2


def test_a_step_is_tenfold_unless_told_otherwise() -> None:
    assert rates("step", 1, step_size=1) == pytest.approx([0.8, 0.08], rel=1e-15)


def test_a_cosine_goes_from_the_rate_to_zero_along_half_a_wave() -> None:
    # 0.4 · (1 + cos(π t / 6)): the cosines are 1, √3/2, 1/2, 0, −1/2, −√3/2 and −1.
    want = [0.8, 0.746410161513775, 0.6, 0.4, 0.2, 0.053589838486225, 0.0]
    assert rates("cosine", 6) == pytest.approx(want, abs=1e-14)


def test_a_cosine_ends_at_its_floor() -> None:
    assert rates("cosine", 4, min_lr=0.2)[::2] == pytest.approx([0.8, 0.5, 0.2], abs=1e-15)


@pytest.mark.parametrize(("name", "settings"), [("constant", {}), ("step", {"step_size": 6}), ("cosine", {})])
def test_a_warm_up_climbs_by_equal_steps_to_the_rate(name: str, settings: dict[str, Any]) -> None:
    assert rates(name, 6, warmup_steps=3, **settings)[:4] == pytest.approx([0.2, 0.4, 0.6, 0.8], abs=1e-15)


def test_a_cosine_begins_when_the_warm_up_is_over() -> None:
    assert rates("cosine", 6, warmup_steps=2)[2:] == rates("cosine", 4)


def test_the_steps_between_two_drops_are_counted_from_the_start_of_training() -> None:
    assert rates("step", 4, step_size=3, warmup_steps=1) == pytest.approx([0.4, 0.8, 0.8, 0.08, 0.08], abs=1e-15)


def test_a_rate_depends_on_the_step_alone_and_not_on_earlier_calls() -> None:
    rate = schedule("cosine", lr=1.0, steps=10)
    late = rate(7)
    assert (rate(2), rate(7)) == (schedule("cosine", lr=1.0, steps=10)(2), late)


@pytest.mark.parametrize("name", SCHEDULES)
def test_the_rate_of_a_schedule_is_never_negative_nor_above_the_one_asked_for(name: str) -> None:
    settings = {"step_size": 2} if name == "step" else {}
    assert all(0 <= rate <= 0.8 for rate in rates(name, 9, warmup_steps=2, **settings))


@pytest.mark.parametrize(
    ("name", "settings", "error", "message"),
    [
        ("linear", {}, ValueError, "schedule: name must be one of constant, step, cosine, got 'linear'"),
        ("constant", {"lr": -0.1}, ValueError, "schedule: lr must be finite and at least 0, got -0.1"),
        ("constant", {"lr": float("inf")}, ValueError, "schedule: lr must be finite and at least 0, got inf"),
        ("constant", {"lr": "1"}, TypeError, "schedule: lr must be a real number, got '1'"),
        ("constant", {"steps": 0}, ValueError, "schedule: steps must be at least 1, got 0"),
        ("constant", {"steps": 2.0}, TypeError, "schedule: steps must be an int, got 2.0"),
        ("cosine", {"warmup_steps": -1}, ValueError, "schedule: warmup_steps must be at least 0, got -1"),
        ("cosine", {"warmup_steps": 10}, ValueError, "schedule: warmup_steps must be below steps = 10, got 10"),
        ("step", {}, TypeError, "schedule: step_size must be an int, got None"),
        ("step", {"step_size": 0}, ValueError, "schedule: step_size must be at least 1, got 0"),
        ("step", {"step_size": 1, "gamma": 0}, ValueError, "schedule: gamma must be in (0, 1], got 0.0"),
        ("step", {"step_size": 1, "gamma": 1.1}, ValueError, "schedule: gamma must be in (0, 1], got 1.1"),
        ("cosine", {"min_lr": 0.9}, ValueError, "schedule: min_lr must be from 0 to lr = 0.8, got 0.9"),
        ("cosine", {"min_lr": -0.1}, ValueError, "schedule: min_lr must be from 0 to lr = 0.8, got -0.1"),
        ("cosine", {"gamma": 0.5}, ValueError, "schedule: settings must be among min_lr for 'cosine', got gamma"),
        ("constant", {"min_lr": 0}, ValueError, "schedule: settings must be absent for 'constant', got min_lr"),
    ],
)
def test_a_setting_out_of_range_is_refused(
    name: str, settings: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error) as refusal:
        schedule(name, **{"lr": 0.8, "steps": 10, **settings})
    assert str(refusal.value) == message


@pytest.mark.parametrize(
    ("step", "error", "message"),
    [
        (-1, ValueError, "schedule: step must be at least 0, got -1"),
        (11, ValueError, "schedule: step must be at most steps = 10, got 11"),
        (1.0, TypeError, "schedule: step must be an int, got 1.0"),
    ],
)
def test_a_step_outside_of_the_training_is_refused(step: Any, error: type[Exception], message: str) -> None:
    rate = schedule("constant", lr=0.8, steps=10)
    with pytest.raises(error) as refusal:
        rate(step)
    assert str(refusal.value) == message
