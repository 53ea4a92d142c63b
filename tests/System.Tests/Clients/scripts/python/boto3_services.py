"""boto3 on the services beside the queues: a basic round with each. Prints the name of every round that it passed."""
import base64
import datetime
import json
import os
import time
import uuid

import boto3
import botocore.exceptions

endpoint = os.environ["AWS_ENDPOINT_URL"]
own = uuid.uuid4().hex[:8]
trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"}}]}
allow = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}]}


def client(service, **keys):
    return boto3.client(service, endpoint_url=endpoint, region_name="us-east-1", **keys)


def refused(kind, call, **arguments):
    try:
        call(**arguments)
    except kind:
        return
    raise AssertionError(f"{kind} was expected")


def code_of(call):
    try:
        call()
    except botocore.exceptions.ClientError as error:
        return error.response["Error"]["Code"]
    raise AssertionError("a refusal was expected")


def recent(moment):
    return abs(datetime.datetime.now(datetime.timezone.utc) - moment) < datetime.timedelta(hours=1)


def identity():
    sts, iam = client("sts"), client("iam")
    me = sts.get_caller_identity()
    assert me["Arn"].endswith(":user/admin")
    role = iam.create_role(RoleName=f"py-{own}", AssumeRolePolicyDocument=json.dumps(trust))["Role"]
    assert recent(role["CreateDate"]) and role["AssumeRolePolicyDocument"] == trust
    keys = sts.assume_role(RoleArn=role["Arn"], RoleSessionName="shift", DurationSeconds=900)["Credentials"]
    assert keys["Expiration"] > datetime.datetime.now(datetime.timezone.utc)
    session = {"aws_access_key_id": keys["AccessKeyId"], "aws_secret_access_key": keys["SecretAccessKey"], "aws_session_token": keys["SessionToken"]}
    assert client("sts", **session).get_caller_identity()["Arn"].endswith(f":assumed-role/py-{own}/shift")
    # The session may do what the role's policies say at the time of the call, and the trail has what it was refused.
    sqs = client("sqs", **session)
    assert code_of(sqs.list_queues).startswith("AccessDenied")
    iam.put_role_policy(RoleName=f"py-{own}", PolicyName="queues", PolicyDocument=json.dumps(allow))
    sqs.list_queues()
    assert code_of(client("iam", **session).list_roles) == "AccessDenied"
    attribute = {"AttributeKey": "EventName", "AttributeValue": "ListRoles"}
    pages = client("cloudtrail").get_paginator("lookup_events").paginate(LookupAttributes=[attribute])
    denied = [json.loads(e["CloudTrailEvent"]) for page in pages for e in page["Events"]]
    assert [d["errorCode"] for d in denied if d["userIdentity"]["arn"].endswith(f"/py-{own}/shift")] == ["AccessDenied"]


def users():
    iam, name = client("iam"), f"py-{own}"
    user = iam.create_user(UserName=name, Path="/shop/", Tags=[{"Key": "team", "Value": "orders & more"}])["User"]
    iam.get_waiter("user_exists").wait(UserName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 5})
    key = iam.create_access_key(UserName=name)["AccessKey"]
    mine = client("sts", aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"])
    assert mine.get_caller_identity()["Arn"] == user["Arn"]
    iam.put_user_policy(UserName=name, PolicyName="queues", PolicyDocument=json.dumps(allow))
    assert iam.get_user_policy(UserName=name, PolicyName="queues")["PolicyDocument"] == allow
    pages = iam.get_paginator("list_users").paginate(PathPrefix="/shop/", PaginationConfig={"PageSize": 1})
    assert [u["UserName"] for page in pages for u in page["Users"]].count(name) == 1
    refused(iam.exceptions.EntityAlreadyExistsException, iam.create_user, UserName=name)
    refused(iam.exceptions.DeleteConflictException, iam.delete_user, UserName=name)
    iam.delete_user_policy(UserName=name, PolicyName="queues")
    iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
    iam.delete_user(UserName=name)
    refused(iam.exceptions.NoSuchEntityException, iam.get_user, UserName=name)


def parameters():
    ssm, under = client("ssm"), f"/py-{own}"
    for name in "abc":
        assert ssm.put_parameter(Name=f"{under}/{name}", Value=f"value {name}", Type="SecureString" if name == "a" else "String")["Version"] == 1
    refused(ssm.exceptions.ParameterAlreadyExists, ssm.put_parameter, Name=f"{under}/a", Value="other", Type="SecureString")
    parameter = ssm.get_parameter(Name=f"{under}/a", WithDecryption=True)["Parameter"]
    assert parameter["Value"] == "value a" and recent(parameter["LastModifiedDate"])
    pages = ssm.get_paginator("get_parameters_by_path").paginate(Path=under, WithDecryption=True, PaginationConfig={"PageSize": 2})
    assert [p["Value"] for page in pages for p in page["Parameters"]] == ["value a", "value b", "value c"]
    some = ssm.get_parameters(Names=[f"{under}/b", f"{under}/none"])
    assert (len(some["Parameters"]), some["InvalidParameters"]) == (1, [f"{under}/none"])
    assert len(ssm.delete_parameters(Names=[f"{under}/{name}" for name in "abc"])["DeletedParameters"]) == 3
    refused(ssm.exceptions.ParameterNotFound, ssm.get_parameter, Name=f"{under}/a")


def log_events():
    logs, group = client("logs"), f"/py/{own}"
    logs.create_log_group(logGroupName=group, tags={"team": "orders"})
    logs.create_log_stream(logGroupName=group, logStreamName="one")
    now = int(time.time() * 1000)
    logs.put_log_events(logGroupName=group, logStreamName="one", logEvents=[
        {"timestamp": now - 1, "message": "order 1"}, {"timestamp": now, "message": "ERROR order 2 世界"}])
    events = logs.get_log_events(logGroupName=group, logStreamName="one", startFromHead=True)["events"]
    assert [(e["timestamp"], e["message"]) for e in events] == [(now - 1, "order 1"), (now, "ERROR order 2 世界")]
    pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group, filterPattern="ERROR")
    assert [e["message"] for page in pages for e in page["events"]] == ["ERROR order 2 世界"]
    (found,) = logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]
    assert found["logGroupName"] == group
    refused(logs.exceptions.ResourceAlreadyExistsException, logs.create_log_group, logGroupName=group)
    logs.put_retention_policy(logGroupName=group, retentionInDays=7)
    logs.delete_log_group(logGroupName=group)
    refused(logs.exceptions.ResourceNotFoundException, logs.describe_log_streams, logGroupName=group)


def repositories():
    ecr, name = client("ecr"), f"py/{own}"
    repository = ecr.create_repository(repositoryName=name)["repository"]
    assert repository["repositoryUri"].endswith(name) and recent(repository["createdAt"])
    (token,) = ecr.get_authorization_token()["authorizationData"]
    assert base64.b64decode(token["authorizationToken"]).startswith(b"AWS:")
    assert token["expiresAt"] > datetime.datetime.now(datetime.timezone.utc)
    assert [i for page in ecr.get_paginator("list_images").paginate(repositoryName=name) for i in page["imageIds"]] == []
    refused(ecr.exceptions.RepositoryAlreadyExistsException, ecr.create_repository, repositoryName=name)
    refused(ecr.exceptions.ImageNotFoundException, ecr.describe_images, repositoryName=name, imageIds=[{"imageTag": "none"}])
    ecr.delete_repository(repositoryName=name)
    refused(ecr.exceptions.RepositoryNotFoundException, ecr.describe_repositories, repositoryNames=[name])


def clusters():
    ecs, name = client("ecs"), f"py-{own}"
    assert ecs.create_cluster(clusterName=name)["cluster"]["status"] == "ACTIVE"
    definition = ecs.register_task_definition(
        family=name, requiresCompatibilities=["EXTERNAL"],
        containerDefinitions=[{"name": "web", "image": "web:1", "memory": 64, "essential": True, "portMappings": [{"containerPort": 8080}]}])["taskDefinition"]
    assert definition["revision"] == 1 and recent(definition["registeredAt"])
    service = ecs.create_service(cluster=name, serviceName="web", taskDefinition=name, desiredCount=0, launchType="EXTERNAL")["service"]
    assert service["status"] == "ACTIVE" and recent(service["createdAt"])
    quick = {"Delay": 1, "MaxAttempts": 60}
    ecs.get_waiter("services_stable").wait(cluster=name, services=["web"], WaiterConfig=quick)
    refused(ecs.exceptions.InvalidParameterException, ecs.run_task, cluster=name, taskDefinition=name, launchType="EXTERNAL")
    assert ecs.describe_services(cluster=name, services=["none"])["failures"][0]["reason"] == "MISSING"
    pages = ecs.get_paginator("list_services").paginate(cluster=name)
    assert [arn for page in pages for arn in page["serviceArns"]] == [service["serviceArn"]]
    refused(ecs.exceptions.ClientException, ecs.describe_task_definition, taskDefinition="none")
    refused(ecs.exceptions.ClusterNotFoundException, ecs.list_tasks, cluster="none")
    ecs.delete_service(cluster=name, service="web", force=True)
    ecs.get_waiter("services_inactive").wait(cluster=name, services=["web"], WaiterConfig=quick)
    ecs.deregister_task_definition(taskDefinition=definition["taskDefinitionArn"])
    assert ecs.delete_cluster(cluster=name)["cluster"]["status"] == "INACTIVE"


def task_sets():
    ecs, name = client("ecs"), f"py-sets-{own}"
    ecs.create_cluster(clusterName=name)
    settings = ecs.update_cluster_settings(cluster=name, settings=[{"name": "containerInsights", "value": "enhanced"}])["cluster"]["settings"]
    assert settings == [{"name": "containerInsights", "value": "enhanced"}]
    ecs.register_task_definition(
        family=name, requiresCompatibilities=["EXTERNAL"], containerDefinitions=[{"name": "web", "image": "web:1", "memory": 64}])
    service = ecs.create_service(cluster=name, serviceName="web", desiredCount=3, deploymentController={"type": "EXTERNAL"})["service"]
    assert "taskDefinition" not in service and service["taskSets"] == [] and service["deployments"] == []
    where = {"cluster": name, "service": "web"}
    blue = ecs.create_task_set(
        **where, taskDefinition=name, launchType="EXTERNAL", externalId="build-7", scale={"value": 50, "unit": "PERCENT"},
        clientToken=own, tags=[{"key": "color", "value": "blue"}])["taskSet"]
    assert blue["computedDesiredCount"] == 2 and blue["stabilityStatus"] == "STABILIZING" and recent(blue["createdAt"])
    described = ecs.describe_task_sets(**where, taskSets=[blue["taskSetArn"]], include=["TAGS"])["taskSets"][0]
    assert described["scale"] == {"value": 50.0, "unit": "PERCENT"} and described["tags"] == [{"key": "color", "value": "blue"}]
    assert ecs.update_task_set(**where, taskSet=blue["id"], scale={"value": 0, "unit": "PERCENT"})["taskSet"]["computedDesiredCount"] == 0
    assert ecs.update_service_primary_task_set(**where, primaryTaskSet=blue["id"])["taskSet"]["status"] == "PRIMARY"
    assert ecs.describe_services(cluster=name, services=["web"])["services"][0]["taskDefinition"].endswith(f"/{name}:1")
    refused(ecs.exceptions.TaskSetNotFoundException, ecs.update_task_set, **where, taskSet="ecs-svc/1", scale={"value": 1, "unit": "PERCENT"})
    refused(ecs.exceptions.InvalidParameterException, ecs.delete_service, **{"cluster": name, "service": "web"})
    ecs.delete_task_set(**where, taskSet=blue["id"], force=True)
    refused(ecs.exceptions.InvalidParameterException, ecs.execute_command, cluster=name, task="0" * 32, command="sh", interactive=True)
    if hasattr(ecs, "list_services_by_namespace"):
        refused(ecs.exceptions.NamespaceNotFoundException, ecs.list_services_by_namespace, namespace="none")
    ecs.delete_service(cluster=name, service="web", force=True)
    ecs.get_waiter("services_inactive").wait(cluster=name, services=["web"], WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    ecs.delete_cluster(cluster=name)


for proof in (identity, users, parameters, log_events, repositories, clusters, task_sets):
    proof()
    print(proof.__name__, flush=True)
