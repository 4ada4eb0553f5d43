"""Who is to come to an end: everybody, or one thread whose work nobody wants any more."""

import threading

from components.stopping import Stopping


def test_it_is_set_for_all_threads() -> None:
    stopping = Stopping()
    assert not stopping.is_set()
    stopping.set()
    assert stopping.is_set()
    assert in_another_thread(stopping)
    stopping.clear()
    assert not stopping.is_set()


def test_what_is_unwanted_ends_in_its_own_thread_alone() -> None:
    stopping = Stopping()
    wanted = [True]
    with stopping.when(lambda: not wanted[0]):
        assert not stopping.is_set()
        wanted[0] = False
        assert stopping.is_set()
        assert not in_another_thread(stopping)
    assert not stopping.is_set()


def in_another_thread(stopping: Stopping) -> bool:
    found = []
    other = threading.Thread(target=lambda: found.append(stopping.is_set()))
    other.start()
    other.join()
    return found[0]
