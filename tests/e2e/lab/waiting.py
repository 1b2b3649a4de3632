"""Waiting for conditions, never for time to pass."""
import time

# Of what takes milliseconds on an idle machine. Only a failure waits that long.
PATIENCE_SECONDS = 60


def wait_until(condition, what, seconds=PATIENCE_SECONDS):
    """Returns the first true result of condition(); fails after `seconds`.

    `what` names the condition in the failure; it may be a function.
    """
    deadline = time.monotonic() + seconds
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > deadline:
            text = what() if callable(what) else what
            raise AssertionError(f"not within {seconds} s: {text}")
        time.sleep(0.01)
