import sys
from pathlib import Path

from govern.cli.supervisor import Supervisor
from govern.embedded import Process


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def ended(tmp_path: Path) -> Process:
    process = Process("part", [sys.executable, "-c", "raise SystemExit(3)"], log=tmp_path / "log")
    end(process)
    return process


def end(process: Process) -> None:
    if not process.pid:
        process.start()
    process.wait_until(lambda: not process.running, limit=10)


def test_a_part_that_ends_is_started_again_after_a_pause_and_somebody_is_told(tmp_path: Path) -> None:
    clock, said = Clock(), list[str]()
    process = ended(tmp_path)
    first = process.pid
    supervisor = Supervisor([process], say=said.append, clock=clock)
    supervisor.tend()
    assert process.pid == first
    assert said == [f"part ended with exit code 3; it starts again in 0.5 s. Its log: {tmp_path / 'log'}"]
    clock.now = 0.5
    supervisor.tend()
    assert process.pid != first
    assert said[1:] == ["part was started again."]
    process.stop()


def test_the_pause_doubles_up_to_ten_seconds(tmp_path: Path) -> None:
    clock, said = Clock(), list[str]()
    process = ended(tmp_path)
    supervisor = Supervisor([process], say=said.append, clock=clock)
    for _ in range(7):
        supervisor.tend()
        clock.now += 10
        supervisor.tend()
        end(process)
    pauses = [line.split(" again in ")[1].split(" s.")[0] for line in said if "again in" in line]
    assert pauses == ["0.5", "1", "2", "4", "8", "10", "10"]


def test_a_part_that_was_steady_starts_with_the_first_pause_again(tmp_path: Path) -> None:
    clock, said = Clock(), list[str]()
    process = ended(tmp_path)
    supervisor = Supervisor([process], say=said.append, clock=clock)
    supervisor.tend()
    clock.now = 0.5
    supervisor.tend()
    end(process)
    clock.now = 100.0
    supervisor.tend()
    assert said[-1].startswith("part ended with exit code 3; it starts again in 0.5 s.")


def test_a_part_that_runs_is_left_alone(tmp_path: Path) -> None:
    process = Process("part", [sys.executable, "-c", "import time; time.sleep(600)"], log=tmp_path / "log")
    process.start()
    said = list[str]()
    supervisor = Supervisor([process], say=said.append)
    supervisor.tend()
    assert process.running
    assert not said
    process.stop()
