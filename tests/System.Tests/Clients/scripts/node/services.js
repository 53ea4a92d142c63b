// The AWS SDK for JavaScript on the other services: a basic round with each. Prints the name of every round that it passed.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import * as ecr from '@aws-sdk/client-ecr';
import * as ecs from '@aws-sdk/client-ecs';
import * as iam from '@aws-sdk/client-iam';
import * as logs from '@aws-sdk/client-cloudwatch-logs';
import * as ssm from '@aws-sdk/client-ssm';
import * as sts from '@aws-sdk/client-sts';

const own = randomUUID().slice(0, 8);
const trust = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { AWS: '*' } }],
});

const all = async (pages, list) => {
  const found = [];
  for await (const page of pages) {
    found.push(...list(page) ?? []);
  }
  return found;
};

const proofs = {
  async identity() {
    const client = new sts.STS({});
    const me = await client.getCallerIdentity({});
    assert.match(me.Arn, /^arn:aws:iam::\d{12}:user\/admin$/);
    const { Role } = await new iam.IAM({}).createRole({ RoleName: `js-${own}`, AssumeRolePolicyDocument: trust, MaxSessionDuration: 7200 });
    const { Credentials: keys } = await client.assumeRole({ RoleArn: Role.Arn, RoleSessionName: 'shift', DurationSeconds: 900 });
    assert.ok(keys.Expiration instanceof Date && keys.Expiration > new Date());
    const session = new sts.STS({ credentials: { accessKeyId: keys.AccessKeyId, secretAccessKey: keys.SecretAccessKey, sessionToken: keys.SessionToken } });
    assert.equal((await session.getCallerIdentity({})).Arn, `arn:aws:sts::${me.Account}:assumed-role/js-${own}/shift`);
    await assert.rejects(client.assumeRole({ RoleArn: `${Role.Arn}x`, RoleSessionName: 'shift' }), { name: 'AccessDenied' });
  },

  async users() {
    const client = new iam.IAM({});
    const name = `js-${own}`;
    const { User } = await client.createUser({ UserName: name, Path: '/shop/', Tags: [{ Key: 'team', Value: 'orders & more' }] });
    assert.ok(User.CreateDate instanceof Date);
    assert.deepEqual((await client.getUser({ UserName: name })).User.Tags, [{ Key: 'team', Value: 'orders & more' }]);
    const { AccessKey } = await client.createAccessKey({ UserName: name });
    const mine = new sts.STS({ credentials: { accessKeyId: AccessKey.AccessKeyId, secretAccessKey: AccessKey.SecretAccessKey } });
    assert.equal((await mine.getCallerIdentity({})).Arn, User.Arn);
    await client.putUserPolicy({ UserName: name, PolicyName: 'queues', PolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 'sqs:*', Resource: '*' }] }) });
    const { PolicyDocument } = await client.getUserPolicy({ UserName: name, PolicyName: 'queues' });
    assert.equal(JSON.parse(decodeURIComponent(PolicyDocument)).Statement[0].Action, 'sqs:*');
    assert.deepEqual((await all(iam.paginateListUsers({ client, pageSize: 1 }, { PathPrefix: '/shop/' }), (page) => page.Users)).filter((user) => user.UserName === name).length, 1);
    await assert.rejects(client.deleteUser({ UserName: name }), iam.DeleteConflictException);
    await client.deleteUserPolicy({ UserName: name, PolicyName: 'queues' });
    await client.deleteAccessKey({ UserName: name, AccessKeyId: AccessKey.AccessKeyId });
    await client.deleteUser({ UserName: name });
    await assert.rejects(client.getUser({ UserName: name }), iam.NoSuchEntityException);
  },

  async parameters() {
    const client = new ssm.SSM({});
    const under = `/js-${own}`;
    for (const name of ['a', 'b', 'c']) {
      assert.equal((await client.putParameter({ Name: `${under}/${name}`, Value: `value ${name}`, Type: name === 'a' ? 'SecureString' : 'String' })).Version, 1);
    }
    await assert.rejects(client.putParameter({ Name: `${under}/a`, Value: 'other', Type: 'SecureString' }), ssm.ParameterAlreadyExists);
    const { Parameter } = await client.getParameter({ Name: `${under}/a`, WithDecryption: true });
    assert.deepEqual([Parameter.Value, Parameter.Type, Parameter.LastModifiedDate instanceof Date], ['value a', 'SecureString', true]);
    const found = await all(ssm.paginateGetParametersByPath({ client, pageSize: 2 }, { Path: under, WithDecryption: true }), (page) => page.Parameters);
    assert.deepEqual(found.map((parameter) => parameter.Value), ['value a', 'value b', 'value c']);
    const { Parameters, InvalidParameters } = await client.getParameters({ Names: [`${under}/b`, `${under}/none`] });
    assert.deepEqual([Parameters.length, InvalidParameters], [1, [`${under}/none`]]);
    await client.deleteParameters({ Names: ['a', 'b', 'c'].map((name) => `${under}/${name}`) });
    await assert.rejects(client.getParameter({ Name: `${under}/a` }), ssm.ParameterNotFound);
  },

  async logEvents() {
    const client = new logs.CloudWatchLogs({});
    const logGroupName = `/js/${own}`;
    await client.createLogGroup({ logGroupName, tags: { team: 'orders' } });
    await client.createLogStream({ logGroupName, logStreamName: 'one' });
    const now = Date.now();
    await client.putLogEvents({ logGroupName, logStreamName: 'one', logEvents: [{ timestamp: now - 1, message: 'order 1' }, { timestamp: now, message: 'ERROR order 2 世界' }] });
    const { events } = await client.getLogEvents({ logGroupName, logStreamName: 'one', startFromHead: true });
    assert.deepEqual(events.map((event) => [event.timestamp, event.message]), [[now - 1, 'order 1'], [now, 'ERROR order 2 世界']]);
    const errors = await all(logs.paginateFilterLogEvents({ client }, { logGroupName, filterPattern: 'ERROR' }), (page) => page.events);
    assert.deepEqual(errors.map((event) => event.message), ['ERROR order 2 世界']);
    const groups = await all(logs.paginateDescribeLogGroups({ client }, { logGroupNamePrefix: logGroupName }), (page) => page.logGroups);
    assert.equal(groups.length, 1);
    await assert.rejects(client.createLogGroup({ logGroupName }), logs.ResourceAlreadyExistsException);
    await client.putRetentionPolicy({ logGroupName, retentionInDays: 7 });
    await client.deleteLogGroup({ logGroupName });
  },

  async repositories() {
    const client = new ecr.ECR({});
    const repositoryName = `js/${own}`;
    const { repository } = await client.createRepository({ repositoryName, tags: [{ Key: 'team', Value: 'orders' }] });
    assert.ok(repository.createdAt instanceof Date && repository.repositoryUri.endsWith(repositoryName));
    const { authorizationData } = await client.getAuthorizationToken({});
    assert.match(Buffer.from(authorizationData[0].authorizationToken, 'base64').toString(), /^AWS:/);
    assert.ok(authorizationData[0].expiresAt > new Date());
    assert.deepEqual(await all(ecr.paginateListImages({ client }, { repositoryName }), (page) => page.imageIds), []);
    await assert.rejects(client.createRepository({ repositoryName }), ecr.RepositoryAlreadyExistsException);
    await assert.rejects(client.describeImages({ repositoryName, imageIds: [{ imageTag: 'none' }] }), ecr.ImageNotFoundException);
    await client.deleteRepository({ repositoryName });
    await assert.rejects(client.describeRepositories({ repositoryNames: [repositoryName] }), ecr.RepositoryNotFoundException);
  },

  async clusters() {
    const client = new ecs.ECS({});
    const cluster = `js-${own}`;
    const made = await client.createCluster({ clusterName: cluster, tags: [{ key: 'team', value: 'orders' }] });
    assert.equal(made.cluster.status, 'ACTIVE');
    const { taskDefinition } = await client.registerTaskDefinition({
      family: cluster,
      requiresCompatibilities: ['EXTERNAL'],
      containerDefinitions: [{ name: 'web', image: 'web:1', memory: 64, essential: true, portMappings: [{ containerPort: 8080 }], environment: [{ name: 'A', value: 'b' }] }],
    });
    assert.deepEqual([taskDefinition.revision, taskDefinition.registeredAt instanceof Date], [1, true]);
    const { service } = await client.createService({ cluster, serviceName: 'web', taskDefinition: cluster, desiredCount: 0, launchType: 'EXTERNAL' });
    assert.deepEqual([service.status, service.createdAt instanceof Date, service.deployments.length], ['ACTIVE', true, 1]);
    await ecs.waitUntilServicesStable({ client, maxWaitTime: 60, minDelay: 1, maxDelay: 1 }, { cluster, services: ['web'] });
    // Amazon's answer of a cluster without machines.
    await assert.rejects(client.runTask({ cluster, taskDefinition: cluster, launchType: 'EXTERNAL' }), ecs.InvalidParameterException);
    assert.equal((await client.describeServices({ cluster, services: ['none'] })).failures[0].reason, 'MISSING');
    assert.deepEqual(await all(ecs.paginateListServices({ client }, { cluster }), (page) => page.serviceArns), [service.serviceArn]);
    await assert.rejects(client.describeTaskDefinition({ taskDefinition: 'none' }), ecs.ClientException);
    await assert.rejects(client.listTasks({ cluster: 'none' }), ecs.ClusterNotFoundException);
    await client.deleteService({ cluster, service: 'web', force: true });
    await ecs.waitUntilServicesInactive({ client, maxWaitTime: 60, minDelay: 1, maxDelay: 1 }, { cluster, services: ['web'] });
    await client.deregisterTaskDefinition({ taskDefinition: taskDefinition.taskDefinitionArn });
    assert.equal((await client.deleteCluster({ cluster })).cluster.status, 'INACTIVE');
  },
};

for (const [name, proof] of Object.entries(proofs)) {
  await proof();
  console.log(name);
}
