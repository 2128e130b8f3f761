from blocks.supervision.control import ProgramState, last_lines, starts

LOG = """\
2026-11-22 09:02:48,818 INFO spawned: 'noteshub-blue' with pid 8768
2026-11-22 09:02:49,665 INFO spawned: 'noteshub-blue-old' with pid 8877
2026-11-22 09:02:50,000 INFO exited: noteshub-blue (terminated by SIGKILL; not expected)
2026-11-22 09:02:51,000 INFO spawned: 'noteshub-blue' with pid 8890
"""


def test_counts_the_starts_of_one_program() -> None:
    assert starts(LOG.splitlines(), "noteshub-blue") == 2
    assert starts(LOG.splitlines(), "group:noteshub-blue") == 2
    assert starts([], "noteshub-blue") == 0


def test_a_line_that_is_cut_is_left_out() -> None:
    assert last_lines("half\nwhole\nlast\n", 5, asked=16) == ["whole", "last"]
    assert last_lines("first\nlast\n", 5, asked=1000) == ["first", "last"]
    assert last_lines("first\nlast\n", 1, asked=1000) == ["last"]
    assert last_lines("first\n", 0, asked=1000) == []


def test_says_a_state_in_a_line() -> None:
    assert ProgramState("blue", "RUNNING", 12).line() == "blue RUNNING, process 12"
    assert ProgramState("blue", "FATAL", said="Exited too quickly").line() == "blue FATAL: Exited too quickly"
