// sqs-producer and sqs-consumer together, with their normal settings. Prints the name of every round that it passed.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { SQSClient, CreateQueueCommand, GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { Consumer } from 'sqs-consumer';
import { Producer } from 'sqs-producer';

const sqs = new SQSClient({});
const own = randomUUID().slice(0, 8);

// The visibility timeout is longer than any of these rounds: nothing comes back because the machine is slow.
const queue = async (name, attributes = {}) =>
  (await sqs.send(new CreateQueueCommand({ QueueName: `${own}-${name}`, Attributes: { VisibilityTimeout: '600', ...attributes } }))).QueueUrl;

const left = async (url) => {
  const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['All'] }));
  return Number(Attributes.ApproximateNumberOfMessages) + Number(Attributes.ApproximateNumberOfMessagesNotVisible);
};

// Runs a consumer until it has deleted so many messages, stops it and waits until it has stopped.
const consume = async (options, count) => {
  const consumer = Consumer.create({ sqs, ...options });
  const problems = [];
  let deleted = 0;
  const finished = new Promise((resolve, reject) => {
    const deadline = setTimeout(() => reject(new Error(`not within 60 s: ${count} messages, but ${deleted}. Problems: ${problems}`)), 60_000);
    consumer.on('message_processed', () => {
      deleted += 1;
      if (deleted === count) {
        clearTimeout(deadline);
        resolve();
      }
    });
    consumer.on('processing_error', (error) => problems.push(error.message));
    consumer.on('error', (error) => { clearTimeout(deadline); reject(error); });
  });
  consumer.start();
  try {
    await finished;
  } finally {
    const stopped = new Promise((resolve) => consumer.once('stopped', resolve));
    consumer.stop({ abort: true });
    await stopped;
  }
  return problems;
};

const proofs = {
  async producedAndConsumed() {
    const url = await queue('orders');
    const producer = Producer.create({ queueUrl: url, sqs });
    const sent = await producer.send([
      'one',
      { id: 'two', body: 'two', delaySeconds: 1, messageAttributes: { kind: { DataType: 'String', StringValue: 'order' } } },
      ...Array.from({ length: 23 }, (_, i) => `more-${i}`),
    ]);
    assert.equal(sent.length, 25);
    assert.ok(await producer.queueSize() >= 24);
    const got = new Map();
    const problems = await consume({
      queueUrl: url,
      messageAttributeNames: ['All'],
      handleMessage: async (message) => { got.set(message.Body, message); return message; },
    }, 25);
    assert.deepEqual(problems, []);
    assert.equal(got.size, 25);
    assert.equal(got.get('two').MessageAttributes.kind.StringValue, 'order');
    assert.equal(await left(url), 0);
  },

  async batchesOfTen() {
    const url = await queue('batches');
    await Producer.create({ queueUrl: url, sqs, batchSize: 5 }).send(Array.from({ length: 20 }, (_, i) => `m${i}`));
    const sizes = [];
    await consume({
      queueUrl: url,
      batchSize: 10,
      handleMessageBatch: async (messages) => { sizes.push(messages.length); return messages; },
    }, 20);
    assert.deepEqual(sizes, [10, 10]);
    assert.equal(await left(url), 0);
  },

  async failedMessagesComeBack() {
    const url = await queue('retried');
    await Producer.create({ queueUrl: url, sqs }).send('twice');
    const counts = [];
    const problems = await consume({
      queueUrl: url,
      terminateVisibilityTimeout: true,
      heartbeatInterval: 1,
      visibilityTimeout: 300,
      attributeNames: ['ApproximateReceiveCount'],
      handleMessage: async (message) => {
        counts.push(message.Attributes.ApproximateReceiveCount);
        if (counts.length === 1) {
          throw new Error('first try');
        }
        // Longer than a heartbeat, which extends the visibility meanwhile.
        await new Promise((resolve) => setTimeout(resolve, 1500));
        return message;
      },
    }, 1);
    assert.deepEqual(counts, ['1', '2']);
    assert.equal(problems.length, 1);
    assert.equal(await left(url), 0);
  },

  async fifoKeepsItsOrder() {
    const url = await queue('lines.fifo', { FifoQueue: 'true' });
    const producer = Producer.create({ queueUrl: url, sqs });
    const lines = Array.from({ length: 10 }, (_, i) => ({ id: `${i}`, body: `${i}`, groupId: 'g', deduplicationId: `d${i}` }));
    await producer.send(lines);
    await producer.send(lines.slice(0, 3));
    const got = [];
    await consume({
      queueUrl: url,
      suppressFifoWarning: true,
      handleMessage: async (message) => { got.push(message.Body); return message; },
    }, 10);
    assert.deepEqual(got, lines.map((line) => line.body));
    assert.equal(await left(url), 0);
  },
};

for (const [name, proof] of Object.entries(proofs)) {
  await proof();
  console.log(name);
}
