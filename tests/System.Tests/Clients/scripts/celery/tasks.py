"""A Celery application on queues, as its users set it up. Every task leaves a line in the file that the environment names."""
import os
import time
from pathlib import Path
from urllib.parse import quote, urlsplit

from celery import Celery

endpoint = urlsplit(os.environ["AWS_ENDPOINT_URL"])
key, secret = os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"]
app = Celery("shop", broker=f"sqs://{quote(key, safe='')}:{quote(secret, safe='')}@{endpoint.netloc}//")
app.conf.broker_transport_options = {
    "region": "us-east-1",
    "is_secure": False,
    "visibility_timeout": int(os.environ["VISIBILITY"]),
    "wait_time_seconds": 2,
    "queue_name_prefix": os.environ["PREFIX"],
}
app.conf.task_acks_late = True
app.conf.worker_prefetch_multiplier = 1
app.conf.worker_enable_remote_control = False
if "QUEUE_URL" in os.environ:
    app.conf.task_default_queue = "orders"
    app.conf.broker_transport_options = {
        "region": "us-east-1",
        "is_secure": False,
        "predefined_queues": {"orders": {"url": os.environ["QUEUE_URL"], "access_key_id": key, "secret_access_key": secret}},
    }

notes = Path(os.environ["NOTES"])


def note(line):
    with notes.open("a", encoding="utf-8") as file:
        file.write(f"{line}\n")


@app.task
def add(first, second):
    note(f"add {first + second}")


@app.task(bind=True, max_retries=3)
def stubborn(self):
    note(f"stubborn {self.request.retries}")
    if self.request.retries < 2:
        raise self.retry(countdown=1)


@app.task
def later(due):
    note("later" if time.time() >= due else "too early")


@app.task
def hold():
    """Goes on until the test lets it. The lines tell whose process began it and that it was finished."""
    note(f"hold begun {os.getpid()}")
    while not notes.with_suffix(".go").exists():
        time.sleep(0.05)
    note("hold ended")
