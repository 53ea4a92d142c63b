"""kombu on queues, with its normal settings. Prints the name of every round that it passed."""
import os
import uuid
from urllib.parse import quote, urlsplit

import boto3
from kombu import Connection, Consumer, Exchange, Queue

endpoint = urlsplit(os.environ["AWS_ENDPOINT_URL"])
key, secret = os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"]
broker = f"sqs://{quote(key, safe='')}:{quote(secret, safe='')}@{endpoint.netloc}//"
own = uuid.uuid4().hex[:8]
options = {"region": "us-east-1", "is_secure": False, "queue_name_prefix": f"{own}-", "wait_time_seconds": 5}
sqs = boto3.client("sqs", endpoint_url=os.environ["AWS_ENDPOINT_URL"], region_name="us-east-1")


def left(url):
    counts = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    return int(counts["ApproximateNumberOfMessages"]) + int(counts["ApproximateNumberOfMessagesNotVisible"])


def exchange_and_queue():
    orders = Queue("orders", Exchange("shop", type="direct"), routing_key="orders")
    with Connection(broker, transport_options=options) as connection:
        producer = connection.Producer(serializer="json")
        for i in range(12):
            producer.publish({"order": i, "note": "äöü 世界"}, exchange=orders.exchange, routing_key="orders", declare=[orders], headers={"try": 1})
        url = sqs.get_queue_url(QueueName=f"{own}-orders")["QueueUrl"]
        assert left(url) == 12
        got, again = [], []

        def on_message(body, message):
            if body["order"] == 3 and not message.delivery_info.get("redelivered") and not again:
                again.append(body["order"])
                message.requeue()
                return
            got.append(body["order"])
            assert message.headers == {"try": 1} and body["note"] == "äöü 世界"
            message.ack()

        with Consumer(connection, queues=[orders], callbacks=[on_message], prefetch_count=10):
            while len(got) < 12:
                connection.drain_events(timeout=30)
        assert sorted(got) == list(range(12)) and again == [3], (got, again)
        assert left(url) == 0


def simple_queue():
    with Connection(broker, transport_options=options) as connection:
        with connection.SimpleQueue("simple") as queue:
            for body in ("one", {"two": 2}, b"three"):
                queue.put(body)
            got = []
            for _ in range(3):
                message = queue.get(block=True, timeout=30)
                got.append(message.payload)
                message.ack()
            assert got == ["one", {"two": 2}, b"three"], got
            assert queue.qsize() == 0


def predefined_fifo():
    url = sqs.create_queue(QueueName=f"{own}-lines.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    predefined = {"lines.fifo": {"url": url, "access_key_id": key, "secret_access_key": secret}}
    with Connection(broker, transport_options={"region": "us-east-1", "is_secure": False, "predefined_queues": predefined}) as connection:
        with connection.SimpleQueue("lines.fifo") as queue:
            for i in range(5):
                queue.put(i, MessageGroupId="g", MessageDeduplicationId=f"{i}")
            queue.put(4, MessageGroupId="g", MessageDeduplicationId="4")
            got = []
            for _ in range(5):
                message = queue.get(block=True, timeout=30)
                got.append(message.payload)
                message.ack()
            assert got == list(range(5)), got
    assert left(url) == 0


for proof in (exchange_and_queue, simple_queue, predefined_fifo):
    proof()
    print(proof.__name__, flush=True)
