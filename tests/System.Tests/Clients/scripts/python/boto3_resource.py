"""boto3's resources on queues. Prints the name of every round that it passed."""
import json
import os
import uuid

import boto3

sqs = boto3.resource("sqs", endpoint_url=os.environ["AWS_ENDPOINT_URL"], region_name="us-east-1")
own = uuid.uuid4().hex[:8]


def messages():
    queue = sqs.create_queue(QueueName=f"{own}-orders", Attributes={"ReceiveMessageWaitTimeSeconds": "2"})
    assert sqs.get_queue_by_name(QueueName=f"{own}-orders").url == queue.url
    assert queue.attributes["QueueArn"].endswith(f":{own}-orders")
    queue.send_message(MessageBody="one", MessageAttributes={"kind": {"DataType": "String", "StringValue": "order"}})
    (message,) = queue.receive_messages(MessageAttributeNames=["All"], AttributeNames=["All"])
    assert message.body == "one" and message.message_attributes["kind"]["StringValue"] == "order"
    assert message.attributes["ApproximateReceiveCount"] == "1"
    message.change_visibility(VisibilityTimeout=0)
    (message,) = queue.receive_messages(AttributeNames=["All"])
    assert message.attributes["ApproximateReceiveCount"] == "2"
    message.delete()
    queue.reload()
    assert queue.attributes["ApproximateNumberOfMessages"] == "0"
    assert queue.attributes["ApproximateNumberOfMessagesNotVisible"] == "0"


def batches():
    queue = sqs.create_queue(QueueName=f"{own}-batches")
    answer = queue.send_messages(Entries=[{"Id": f"{i}", "MessageBody": f"m{i}", "DelaySeconds": 0 if i else 901} for i in range(10)])
    assert len(answer["Successful"]) == 9 and [entry["Id"] for entry in answer["Failed"]] == ["0"]
    got = queue.receive_messages(MaxNumberOfMessages=10)
    assert [message.body for message in got] == [f"m{i}" for i in range(1, 10)]
    answer = queue.delete_messages(Entries=[{"Id": message.message_id, "ReceiptHandle": message.receipt_handle} for message in got])
    assert len(answer["Successful"]) == 9
    assert queue.receive_messages() == []


def queues():
    dead = sqs.create_queue(QueueName=f"{own}-dead")
    source = sqs.create_queue(QueueName=f"{own}-source")
    policy = {"deadLetterTargetArn": dead.attributes["QueueArn"], "maxReceiveCount": "3"}
    source.set_attributes(Attributes={"RedrivePolicy": json.dumps(policy), "VisibilityTimeout": "7"})
    source.reload()
    assert source.attributes["VisibilityTimeout"] == "7"
    assert [queue.url for queue in dead.dead_letter_source_queues.all()] == [source.url]
    assert {queue.url for queue in sqs.queues.filter(QueueNamePrefix=own)} >= {dead.url, source.url}
    source.send_message(MessageBody="gone")
    source.purge()
    assert source.receive_messages() == []
    source.delete()
    try:
        source.load()
    except sqs.meta.client.exceptions.QueueDoesNotExist:
        return
    raise AssertionError("a deleted queue still answers")


for proof in (messages, batches, queues):
    proof()
    print(proof.__name__, flush=True)
