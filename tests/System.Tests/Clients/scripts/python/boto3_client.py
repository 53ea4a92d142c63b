"""boto3's client on queues, with its normal settings. Prints the name of every round that it passed."""
import hashlib
import json
import os
import struct
import uuid

import boto3

sqs = boto3.client("sqs", endpoint_url=os.environ["AWS_ENDPOINT_URL"], region_name="us-east-1")
own = uuid.uuid4().hex[:8]


def queue(name, **attributes):
    # Longer than any of these rounds: nothing comes back because the machine is slow.
    return sqs.create_queue(QueueName=f"{own}-{name}", Attributes={"VisibilityTimeout": "600", **attributes})["QueueUrl"]


def receive(url, **wanted):
    return sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, **wanted).get("Messages", [])


def refused(kind, code, call, **arguments):
    try:
        call(**arguments)
    except kind as error:
        assert error.response["Error"]["Code"] == code, error
        return error
    raise AssertionError(f"{code} was expected")


def md5_of_attributes(attributes):
    """As SQS documents it: names in order, each part after its length, the transport type as one byte."""
    digest = hashlib.md5()

    def part(value):
        digest.update(struct.pack(">I", len(value)) + value)

    for name in sorted(attributes):
        kind = attributes[name]["DataType"]
        part(name.encode())
        part(kind.encode())
        binary = kind.startswith("Binary")
        digest.update(b"\x02" if binary else b"\x01")
        part(attributes[name]["BinaryValue"] if binary else attributes[name]["StringValue"].encode())
    return digest.hexdigest()


def one_message():
    url = queue("orders", VisibilityTimeout="450")
    body = 'an order, äöü 世界 \U0001f680 <& "quoted">\nsecond line\ttab'
    attributes = {
        "kind": {"DataType": "String", "StringValue": "order <&>"},
        "weight": {"DataType": "Number.float", "StringValue": "12.50"},
        "label": {"DataType": "Binary.png", "BinaryValue": bytes(range(256))},
    }
    trace = {"AWSTraceHeader": {"DataType": "String", "StringValue": "Root=1-5759e988-bd862e3fe1be46a994272793"}}
    sent = sqs.send_message(QueueUrl=url, MessageBody=body, MessageAttributes=attributes, MessageSystemAttributes=trace)
    assert sent["MD5OfMessageBody"] == hashlib.md5(body.encode()).hexdigest()
    assert sent["MD5OfMessageAttributes"] == md5_of_attributes(attributes)
    assert sent["MD5OfMessageSystemAttributes"] == md5_of_attributes(trace)
    assert sent["ResponseMetadata"]["HTTPStatusCode"] == 200 and sent["ResponseMetadata"]["RequestId"]
    (got,) = receive(url, AttributeNames=["All"], MessageAttributeNames=["All"])
    assert (got["MessageId"], got["Body"], got["MD5OfBody"]) == (sent["MessageId"], body, sent["MD5OfMessageBody"])
    assert got["MessageAttributes"] == attributes, got["MessageAttributes"]
    assert got["MD5OfMessageAttributes"] == sent["MD5OfMessageAttributes"]
    assert got["Attributes"]["ApproximateReceiveCount"] == "1"
    assert got["Attributes"]["AWSTraceHeader"] == trace["AWSTraceHeader"]["StringValue"]
    assert got["Attributes"]["SentTimestamp"].isdigit() and got["Attributes"]["SenderId"]
    assert receive(url) == []
    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=got["ReceiptHandle"], VisibilityTimeout=0)
    (again,) = receive(url, AttributeNames=["ApproximateReceiveCount"], MessageAttributeNames=["ki.*", "label"])
    assert again["Attributes"] == {"ApproximateReceiveCount": "2"}
    assert again["MessageAttributes"] == {name: attributes[name] for name in ("kind", "label")}, again["MessageAttributes"]
    assert again["MD5OfMessageAttributes"] == md5_of_attributes(again["MessageAttributes"])
    sqs.delete_message(QueueUrl=url, ReceiptHandle=again["ReceiptHandle"])
    counts = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "VisibilityTimeout"])
    assert counts["Attributes"] == {"ApproximateNumberOfMessages": "0", "ApproximateNumberOfMessagesNotVisible": "0", "VisibilityTimeout": "450"}
    sqs.delete_queue(QueueUrl=url)


def batches():
    url = queue("batches")
    entries = [{"Id": f"e{i}", "MessageBody": f"m{i}", "MessageAttributes": {"i": {"DataType": "Number", "StringValue": f"{i}"}}} for i in range(9)]
    answer = sqs.send_message_batch(QueueUrl=url, Entries=[*entries, {"Id": "late", "MessageBody": "late", "DelaySeconds": 901}])
    assert [entry["Id"] for entry in answer["Successful"]] == [f"e{i}" for i in range(9)]
    (failed,) = answer["Failed"]
    assert (failed["Id"], failed["SenderFault"], failed["Code"]) == ("late", True, "InvalidParameterValue"), failed
    for entry in answer["Successful"]:
        assert entry["MD5OfMessageAttributes"] == md5_of_attributes(entries[int(entry["Id"][1:])]["MessageAttributes"])
    got = receive(url, MessageAttributeNames=["i"])
    assert [(m["Body"], m["MessageAttributes"]["i"]["StringValue"]) for m in got] == [(f"m{i}", f"{i}") for i in range(9)]
    back = sqs.change_message_visibility_batch(
        QueueUrl=url, Entries=[{"Id": m["Body"], "ReceiptHandle": m["ReceiptHandle"], "VisibilityTimeout": 0} for m in got])
    assert len(back["Successful"]) == 9 and "Failed" not in back, back
    got = receive(url)
    entries = [{"Id": m["Body"], "ReceiptHandle": m["ReceiptHandle"]} for m in got]
    answer = sqs.delete_message_batch(QueueUrl=url, Entries=[*entries, {"Id": "junk", "ReceiptHandle": "junk"}])
    assert len(answer["Successful"]) == 9
    assert [(entry["Id"], entry["Code"]) for entry in answer["Failed"]] == [("junk", "ReceiptHandleIsInvalid")], answer["Failed"]


def fifo():
    url = queue("lines.fifo", FifoQueue="true", ContentBasedDeduplication="true")
    sent = [sqs.send_message(QueueUrl=url, MessageBody=f"{group}{i}", MessageGroupId=group) for i in range(3) for group in "ab"]
    assert [int(s["SequenceNumber"]) for s in sent] == sorted(int(s["SequenceNumber"]) for s in sent)
    repeated = sqs.send_message(QueueUrl=url, MessageBody="a0", MessageGroupId="a")
    assert (repeated["MessageId"], repeated["SequenceNumber"]) == (sent[0]["MessageId"], sent[0]["SequenceNumber"])
    sqs.send_message(QueueUrl=url, MessageBody="a3", MessageGroupId="a", MessageDeduplicationId="another")
    (first,) = sqs.receive_message(QueueUrl=url, AttributeNames=["All"])["Messages"]
    assert first["Body"] == "a0" and first["Attributes"]["MessageGroupId"] == "a" and first["Attributes"]["SequenceNumber"]
    # Group a is closed while its first message is in flight.
    others = receive(url, ReceiveRequestAttemptId="attempt")
    assert [m["Body"] for m in others] == ["b0", "b1", "b2"], others
    assert [m["MessageId"] for m in receive(url, ReceiveRequestAttemptId="attempt")] == [m["MessageId"] for m in others]
    sqs.delete_message(QueueUrl=url, ReceiptHandle=first["ReceiptHandle"])
    assert [m["Body"] for m in receive(url)] == ["a1", "a2", "a3"]
    refused(sqs.exceptions.ClientError, "MissingParameter", sqs.send_message, QueueUrl=url, MessageBody="no group")


def long_poll():
    url = queue("waiting")
    sqs.send_message(QueueUrl=url, MessageBody="soon", DelaySeconds=1)
    (got,) = receive(url, WaitTimeSeconds=20)
    assert got["Body"] == "soon"
    assert receive(url, WaitTimeSeconds=1) == []


def dead_letters():
    dead = queue("dead")
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    url = queue("source", RedrivePolicy=json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 2}), VisibilityTimeout="0")
    sent = sqs.send_message(QueueUrl=url, MessageBody="poison", MessageAttributes={"kind": {"DataType": "String", "StringValue": "bad"}})
    assert [len(receive(url)) for _ in range(3)] == [1, 1, 0]
    (got,) = receive(dead, AttributeNames=["All"], MessageAttributeNames=["All"], VisibilityTimeout=0)
    assert (got["MessageId"], got["Body"]) == (sent["MessageId"], "poison")
    assert got["Attributes"]["DeadLetterQueueSourceArn"].endswith("-source")
    assert got["MessageAttributes"]["kind"]["StringValue"] == "bad"
    pages = sqs.get_paginator("list_dead_letter_source_queues").paginate(QueueUrl=dead)
    assert [u for page in pages for u in page["queueUrls"]] == [url]
    if hasattr(sqs, "start_message_move_task"):
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "30"})
        handle = sqs.start_message_move_task(SourceArn=arn)["TaskHandle"]
        (back,) = receive(url, WaitTimeSeconds=20)
        # A redriven message is a new one to AWS.
        assert back["Body"] == "poison" and back["MessageId"] != sent["MessageId"] and handle
        (task,) = sqs.list_message_move_tasks(SourceArn=arn)["Results"]
        assert task["Status"] in ("RUNNING", "COMPLETED") and task["SourceArn"] == arn, task


def queue_urls():
    url = queue("addressed")
    path = url.split("/", 3)[3]
    for form in (url, f"https://sqs.us-east-1.amazonaws.com/{path}", f"https://queue.amazonaws.com/{path}", f"/{path}", path.split("/")[1]):
        sqs.send_message(QueueUrl=form, MessageBody=form)
        (got,) = receive(form)
        assert got["Body"] == form
        sqs.delete_message(QueueUrl=form, ReceiptHandle=got["ReceiptHandle"])
    assert sqs.get_queue_url(QueueName=f"{own}-addressed")["QueueUrl"] == url
    listed = [u for page in sqs.get_paginator("list_queues").paginate(QueueNamePrefix=f"{own}-a") for u in page["QueueUrls"]]
    assert listed == [url]
    sqs.tag_queue(QueueUrl=url, Tags={"team": "orders", "stage": "test"})
    sqs.untag_queue(QueueUrl=url, TagKeys=["stage"])
    assert sqs.list_queue_tags(QueueUrl=url)["Tags"] == {"team": "orders"}


def errors():
    url = queue("errors")
    known = sqs.exceptions
    refused(known.QueueDoesNotExist, "AWS.SimpleQueueService.NonExistentQueue", sqs.get_queue_url, QueueName="nothing")
    refused(known.QueueDoesNotExist, "AWS.SimpleQueueService.NonExistentQueue", sqs.send_message, QueueUrl=url + "x", MessageBody="m")
    refused(known.QueueNameExists, "QueueAlreadyExists", queue, name="errors", VisibilityTimeout="1")
    refused(known.ReceiptHandleIsInvalid, "ReceiptHandleIsInvalid", sqs.delete_message, QueueUrl=url, ReceiptHandle="junk")
    refused(known.EmptyBatchRequest, "AWS.SimpleQueueService.EmptyBatchRequest", sqs.send_message_batch, QueueUrl=url, Entries=[])
    same = [{"Id": "same", "MessageBody": "m"}] * 2
    refused(known.BatchEntryIdsNotDistinct, "AWS.SimpleQueueService.BatchEntryIdsNotDistinct", sqs.send_message_batch, QueueUrl=url, Entries=same)
    many = [{"Id": f"{i}", "MessageBody": "m"} for i in range(11)]
    refused(known.TooManyEntriesInBatchRequest, "AWS.SimpleQueueService.TooManyEntriesInBatchRequest", sqs.send_message_batch, QueueUrl=url, Entries=many)
    odd = [{"Id": "no spaces", "MessageBody": "m"}]
    refused(known.InvalidBatchEntryId, "AWS.SimpleQueueService.InvalidBatchEntryId", sqs.send_message_batch, QueueUrl=url, Entries=odd)
    refused(known.InvalidMessageContents, "InvalidMessageContents", sqs.send_message, QueueUrl=url, MessageBody="a\x01b")
    refused(known.InvalidAttributeName, "InvalidAttributeName", sqs.get_queue_attributes, QueueUrl=url, AttributeNames=["Nonsense"])
    refused(known.ClientError, "InvalidParameterValue", sqs.receive_message, QueueUrl=url, MaxNumberOfMessages=11)
    sqs.send_message(QueueUrl=url, MessageBody="m")
    (got,) = receive(url)
    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=got["ReceiptHandle"], VisibilityTimeout=0)
    refused(known.MessageNotInflight, "AWS.SimpleQueueService.MessageNotInflight", sqs.change_message_visibility,
            QueueUrl=url, ReceiptHandle=got["ReceiptHandle"], VisibilityTimeout=30)
    sqs.purge_queue(QueueUrl=url)
    refused(known.PurgeQueueInProgress, "AWS.SimpleQueueService.PurgeQueueInProgress", sqs.purge_queue, QueueUrl=url)
    sqs.delete_queue(QueueUrl=url)
    refused(known.QueueDeletedRecently, "AWS.SimpleQueueService.QueueDeletedRecently", queue, name="errors")
    stranger = boto3.client("sqs", endpoint_url=os.environ["AWS_ENDPOINT_URL"], region_name="us-east-1",
                            aws_access_key_id=os.environ["AWS_ACCESS_KEY_ID"], aws_secret_access_key="wrong")
    refused(known.ClientError, "SignatureDoesNotMatch", stranger.list_queues)


for proof in (one_message, batches, fifo, long_poll, dead_letters, queue_urls, errors):
    proof()
    print(proof.__name__, flush=True)
