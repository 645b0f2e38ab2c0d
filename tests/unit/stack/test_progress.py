import io

from tests.stack.progress import ProgressBar


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_on_a_terminal_one_line_is_redrawn() -> None:
    terminal = Terminal()
    bar = ProgressBar(terminal)
    for percent in (0, 4, 50, 100):
        bar.show(percent, "about 3 s left")

    drawn = terminal.getvalue()
    assert drawn.count("\r") == 4
    assert drawn.count("\n") == 1
    assert drawn.endswith("\n")


def test_elsewhere_each_tenth_has_one_line() -> None:
    file = io.StringIO()
    bar = ProgressBar(file)
    for percent in (0, 4, 10, 13, 19, 35, 100):
        bar.show(percent)

    lines = file.getvalue().splitlines()
    assert [line.split("]")[1].strip() for line in lines] == ["10 %", "35 %", "100 %"]
    assert "\r" not in file.getvalue()


def test_the_bar_is_as_full_as_it_says() -> None:
    file = io.StringIO()
    ProgressBar(file).show(50)

    assert file.getvalue().startswith(f"[{'#' * 20}{'.' * 20}]  50 %")
