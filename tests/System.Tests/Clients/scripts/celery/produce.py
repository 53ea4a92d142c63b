"""Puts tasks onto the queue: the names on the command line."""
import sys
import time

import tasks

for name in sys.argv[1:]:
    match name:
        case "add":
            for number in range(10):
                tasks.add.delay(number, 1)
        case "stubborn":
            tasks.stubborn.delay()
        case "later":
            tasks.later.apply_async((time.time() + 2,), countdown=2)
        case "hold":
            tasks.hold.delay()
        case _:
            raise SystemExit(f"no task {name}")
