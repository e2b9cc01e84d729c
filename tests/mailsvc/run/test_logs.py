"""What is written down must never be why something else fails."""

import errno

from mailsvc.run.logs import Patient


class Full:
    def write(self, text):
        raise OSError(errno.ENOSPC, "No space left on device")

    flush = write


def test_a_full_disk_under_the_log_is_no_reason_to_stop_serving():
    stream = Patient(Full())
    assert stream.write("letter received\n") == 0
    stream._stream.flush = lambda: (_ for _ in ()).throw(OSError(errno.ENOSPC, "full"))
    stream.flush()
