// The AWS SDK for JavaScript on queues. It checks every digest by itself and sends each call to the host of the queue's URL.
// Prints the name of every round that it passed.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import {
  SQSClient, CreateQueueCommand, GetQueueUrlCommand, GetQueueAttributesCommand, SetQueueAttributesCommand, ListQueuesCommand, DeleteQueueCommand, PurgeQueueCommand,
  SendMessageCommand, SendMessageBatchCommand, ReceiveMessageCommand, DeleteMessageCommand, DeleteMessageBatchCommand, ChangeMessageVisibilityCommand,
  ListDeadLetterSourceQueuesCommand, paginateListQueues, QueueDoesNotExist, ReceiptHandleIsInvalid, QueueDeletedRecently, PurgeQueueInProgress, EmptyBatchRequest,
} from '@aws-sdk/client-sqs';

// Endpoint, region and credentials come from the environment.
const sqs = new SQSClient({});
const own = randomUUID().slice(0, 8);

// The visibility timeout is longer than any of these rounds: nothing comes back because the machine is slow.
const queue = async (name, attributes = {}) =>
  (await sqs.send(new CreateQueueCommand({ QueueName: `${own}-${name}`, Attributes: { VisibilityTimeout: '600', ...attributes } }))).QueueUrl;

const receive = async (url, wanted = {}) =>
  (await sqs.send(new ReceiveMessageCommand({ QueueUrl: url, MaxNumberOfMessages: 10, ...wanted }))).Messages ?? [];

const proofs = {
  async oneMessage() {
    const url = await queue('orders', { VisibilityTimeout: '450' });
    const body = 'an order, äöü 世界 \u{1f680} <& "quoted">\nsecond line\ttab';
    const label = Uint8Array.from({ length: 256 }, (_, i) => i);
    const sent = await sqs.send(new SendMessageCommand({
      QueueUrl: url,
      MessageBody: body,
      MessageAttributes: {
        kind: { DataType: 'String', StringValue: 'order <&>' },
        weight: { DataType: 'Number', StringValue: '12.50' },
        label: { DataType: 'Binary', BinaryValue: label },
      },
      MessageSystemAttributes: { AWSTraceHeader: { DataType: 'String', StringValue: 'Root=1-5759e988-bd862e3fe1be46a994272793' } },
    }));
    const [got] = await receive(url, { MessageAttributeNames: ['All'], MessageSystemAttributeNames: ['All'] });
    assert.deepEqual([got.Body, got.MessageId, got.MD5OfBody], [body, sent.MessageId, sent.MD5OfMessageBody]);
    assert.equal(got.MD5OfMessageAttributes, sent.MD5OfMessageAttributes);
    assert.deepEqual(got.MessageAttributes.kind, { DataType: 'String', StringValue: 'order <&>' });
    assert.deepEqual(Buffer.from(got.MessageAttributes.label.BinaryValue), Buffer.from(label));
    assert.equal(got.Attributes.ApproximateReceiveCount, '1');
    assert.equal(got.Attributes.AWSTraceHeader, 'Root=1-5759e988-bd862e3fe1be46a994272793');
    await sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl: url, ReceiptHandle: got.ReceiptHandle, VisibilityTimeout: 0 }));
    const [again] = await receive(url, { AttributeNames: ['ApproximateReceiveCount'] });
    assert.deepEqual(again.Attributes, { ApproximateReceiveCount: '2' });
    await sqs.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle: again.ReceiptHandle }));
    const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['All'] }));
    assert.deepEqual([Attributes.VisibilityTimeout, Attributes.ApproximateNumberOfMessages, Attributes.ApproximateNumberOfMessagesNotVisible], ['450', '0', '0']);
  },

  async batches() {
    const url = await queue('batches');
    const entries = Array.from({ length: 9 }, (_, i) => ({ Id: `e${i}`, MessageBody: `m${i}` }));
    const sent = await sqs.send(new SendMessageBatchCommand({ QueueUrl: url, Entries: [...entries, { Id: 'late', MessageBody: 'late', DelaySeconds: 901 }] }));
    assert.deepEqual(sent.Successful.map((entry) => entry.Id), entries.map((entry) => entry.Id));
    assert.deepEqual(sent.Failed.map((entry) => [entry.Id, entry.SenderFault, entry.Code]), [['late', true, 'InvalidParameterValue']]);
    const got = await receive(url);
    assert.deepEqual(got.map((message) => message.Body), entries.map((entry) => entry.MessageBody));
    const gone = await sqs.send(new DeleteMessageBatchCommand({
      QueueUrl: url,
      Entries: [...got.map((message, i) => ({ Id: `${i}`, ReceiptHandle: message.ReceiptHandle })), { Id: 'junk', ReceiptHandle: 'junk' }],
    }));
    assert.equal(gone.Successful.length, 9);
    assert.deepEqual(gone.Failed.map((entry) => entry.Id), ['junk']);
    // A list that would be empty is not there: programs ask for its presence.
    const fine = await sqs.send(new SendMessageBatchCommand({ QueueUrl: url, Entries: entries }));
    assert.deepEqual([fine.Successful.length, fine.Failed], [9, undefined]);
    const bad = await sqs.send(new DeleteMessageBatchCommand({ QueueUrl: url, Entries: [{ Id: 'junk', ReceiptHandle: 'junk' }] }));
    assert.deepEqual([bad.Successful, bad.Failed.length], [undefined, 1]);
  },

  async fifo() {
    const url = await queue('lines.fifo', { FifoQueue: 'true', ContentBasedDeduplication: 'true' });
    const send = (body, group) => sqs.send(new SendMessageCommand({ QueueUrl: url, MessageBody: body, MessageGroupId: group }));
    const first = await send('a0', 'a');
    await send('b0', 'b');
    await send('a1', 'a');
    assert.equal((await send('a0', 'a')).SequenceNumber, first.SequenceNumber);
    const [head] = await receive(url, { MaxNumberOfMessages: 1, MessageSystemAttributeNames: ['MessageGroupId', 'SequenceNumber'] });
    assert.deepEqual([head.Body, head.Attributes], ['a0', { MessageGroupId: 'a', SequenceNumber: first.SequenceNumber }]);
    assert.deepEqual((await receive(url)).map((message) => message.Body), ['b0']);
    await sqs.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle: head.ReceiptHandle }));
    assert.deepEqual((await receive(url)).map((message) => message.Body), ['a1']);
  },

  async longPoll() {
    const url = await queue('waiting');
    const poll = receive(url, { WaitTimeSeconds: 20 });
    await sqs.send(new SendMessageCommand({ QueueUrl: url, MessageBody: 'soon', DelaySeconds: 1 }));
    assert.deepEqual((await poll).map((message) => message.Body), ['soon']);
    assert.deepEqual(await receive(url, { WaitTimeSeconds: 1 }), []);
  },

  async deadLetters() {
    const dead = await queue('dead');
    const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl: dead, AttributeNames: ['QueueArn'] }));
    const url = await queue('source');
    const redrive = JSON.stringify({ deadLetterTargetArn: Attributes.QueueArn, maxReceiveCount: 1 });
    await sqs.send(new SetQueueAttributesCommand({ QueueUrl: url, Attributes: { RedrivePolicy: redrive, VisibilityTimeout: '0' } }));
    const sent = await sqs.send(new SendMessageCommand({ QueueUrl: url, MessageBody: 'poison' }));
    assert.equal((await receive(url)).length, 1);
    assert.equal((await receive(url)).length, 0);
    const [got] = await receive(dead, { MessageSystemAttributeNames: ['All'] });
    assert.equal(got.MessageId, sent.MessageId);
    assert.match(got.Attributes.DeadLetterQueueSourceArn, new RegExp(`:${own}-source$`));
    assert.deepEqual((await sqs.send(new ListDeadLetterSourceQueuesCommand({ QueueUrl: dead }))).queueUrls, [url]);
  },

  async queueUrls() {
    const url = await queue('addressed');
    assert.equal((await sqs.send(new GetQueueUrlCommand({ QueueName: `${own}-addressed` }))).QueueUrl, url);
    assert.deepEqual((await sqs.send(new ListQueuesCommand({ QueueNamePrefix: `${own}-addr` }))).QueueUrls, [url]);
    const pages = [];
    for await (const page of paginateListQueues({ client: sqs, pageSize: 2 }, { QueueNamePrefix: own })) {
      pages.push(...page.QueueUrls ?? []);
    }
    assert.ok(pages.includes(url) && pages.length === new Set(pages).size);
    // Without an endpoint setting the host of the queue's URL is the endpoint.
    const endpoint = process.env.AWS_ENDPOINT_URL;
    delete process.env.AWS_ENDPOINT_URL;
    const quiet = Object.fromEntries(['trace', 'debug', 'info', 'warn', 'error'].map((level) => [level, () => {}]));
    await new SQSClient({ region: 'us-east-1', logger: quiet }).send(new SendMessageCommand({ QueueUrl: url, MessageBody: 'by its URL' }));
    process.env.AWS_ENDPOINT_URL = endpoint;
    const plain = new SQSClient({ useQueueUrlAsEndpoint: false });
    const { Messages } = await plain.send(new ReceiveMessageCommand({ QueueUrl: url, WaitTimeSeconds: 5 }));
    assert.deepEqual(Messages.map((message) => message.Body), ['by its URL']);
  },

  async errors() {
    const url = await queue('errors');
    await assert.rejects(sqs.send(new GetQueueUrlCommand({ QueueName: 'nothing' })), (error) => {
      assert.ok(error instanceof QueueDoesNotExist);
      assert.deepEqual([error.name, error.$metadata.httpStatusCode, error.$fault], ['QueueDoesNotExist', 400, 'client']);
      return true;
    });
    await assert.rejects(sqs.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle: 'junk' })), ReceiptHandleIsInvalid);
    await assert.rejects(sqs.send(new SendMessageBatchCommand({ QueueUrl: url, Entries: [] })), EmptyBatchRequest);
    await assert.rejects(sqs.send(new ReceiveMessageCommand({ QueueUrl: url, MaxNumberOfMessages: 11 })), { name: 'InvalidParameterValue' });
    await sqs.send(new PurgeQueueCommand({ QueueUrl: url }));
    await assert.rejects(sqs.send(new PurgeQueueCommand({ QueueUrl: url })), PurgeQueueInProgress);
    await sqs.send(new DeleteQueueCommand({ QueueUrl: url }));
    await assert.rejects(queue('errors'), QueueDeletedRecently);
    const stranger = new SQSClient({ credentials: { accessKeyId: process.env.AWS_ACCESS_KEY_ID, secretAccessKey: 'wrong' } });
    await assert.rejects(stranger.send(new ListQueuesCommand({})), { name: 'SignatureDoesNotMatch' });
  },
};

for (const [name, proof] of Object.entries(proofs)) {
  await proof();
  console.log(name);
}
