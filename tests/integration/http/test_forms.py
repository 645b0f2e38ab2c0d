import pytest

from background_remover.domain.pricing import LARGEST_BATCH
from background_remover.domain.request_errors import InvalidParameterError, MalformedMultipartError
from background_remover.http.forms import read_form


def form(images: int) -> bytes:
    parts = [
        f'--x\r\nContent-Disposition: form-data; name="images"; filename="{number}.png"\r\n\r\n{number}\r\n'
        for number in range(images)
    ]
    return "".join([*parts, "--x--\r\n"]).encode()


def test_a_form_may_have_as_many_files_as_a_batch_has_images() -> None:
    files = read_form(form(LARGEST_BATCH), "x", files="images").files

    assert [file.name for file in files] == [f"{number}.png" for number in range(LARGEST_BATCH)]


def test_a_form_with_a_few_more_is_read_as_well_so_that_its_number_can_be_refused() -> None:
    assert len(read_form(form(LARGEST_BATCH + 1), "x", files="images").files) == LARGEST_BATCH + 1


def test_a_form_of_parts_without_end_is_refused() -> None:
    with pytest.raises(MalformedMultipartError):
        read_form(form(3 * LARGEST_BATCH), "x", files="images")


@pytest.mark.parametrize("charset", ["nonsense", "hex", "idna", "utf-16"])
def test_a_field_in_a_charset_that_does_not_decode_it_is_refused(charset: str) -> None:
    headers = f'Content-Disposition: form-data; name="tier"\r\nContent-Type: text/plain; charset={charset}'
    body = b"--x\r\n" + headers.encode() + b"\r\n\r\nx\xff\xff\r\n--x--\r\n"

    with pytest.raises(MalformedMultipartError):
        read_form(body, "x", files="images")


def test_a_field_that_comes_twice_is_refused() -> None:
    field = b'--x\r\nContent-Disposition: form-data; name="tier"\r\n\r\nbasic\r\n'

    with pytest.raises(InvalidParameterError, match="tier"):
        read_form(field * 2 + b"--x--\r\n", "x", files="image")


def test_a_form_may_have_one_file_of_another_name_beside_its_files() -> None:
    behind = b'--x\r\nContent-Disposition: form-data; name="backgroundImage"; filename="b.png"\r\n\r\n\x89PNG\xff\r\n'

    read = read_form(behind + form(1), "x", files="images", background="backgroundImage")

    assert read.background
    assert (read.background.name, read.background.content) == ("b.png", b"\x89PNG\xff")
    assert (len(read.files), read.values) == (1, {})
    with pytest.raises(InvalidParameterError, match="backgroundImage"):
        read_form(behind * 2 + form(1), "x", files="images", background="backgroundImage")
