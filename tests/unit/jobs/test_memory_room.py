from concurrent.futures import ThreadPoolExecutor

import pytest

from background_remover.use_cases.memory_room import MemoryRoom, NoRoomError

AT_ONCE = 0.0


def test_what_fits_is_taken_together() -> None:
    room = MemoryRoom(100)
    with room.taken(60, seconds=AT_ONCE), room.taken(40, seconds=AT_ONCE):
        pass


def test_what_does_not_fit_beside_others_gets_no_room() -> None:
    room = MemoryRoom(100)
    with room.taken(60, seconds=AT_ONCE), pytest.raises(NoRoomError), room.taken(41, seconds=AT_ONCE):
        pass


def test_what_is_larger_than_the_room_has_it_to_itself() -> None:
    room = MemoryRoom(100)
    with room.taken(500, seconds=AT_ONCE), pytest.raises(NoRoomError), room.taken(1, seconds=AT_ONCE):
        pass


def test_room_is_given_back_after_an_error() -> None:
    room = MemoryRoom(100)
    with pytest.raises(ZeroDivisionError), room.taken(100, seconds=AT_ONCE):
        raise ZeroDivisionError
    with room.taken(100, seconds=AT_ONCE):
        pass


def test_who_waits_gets_the_room_that_becomes_free() -> None:
    room = MemoryRoom(100)

    def take() -> bool:
        with room.taken(100, seconds=30):
            return True

    with ThreadPoolExecutor(1) as threads:
        with room.taken(100, seconds=AT_ONCE):
            waiting = threads.submit(take)
        assert waiting.result()
