"""boto3 on Secrets Manager, Parameter Store and KMS. Prints the name of every round that it passed."""
import datetime
import json
import os
import uuid

import boto3

endpoint = os.environ["AWS_ENDPOINT_URL"]
own = uuid.uuid4().hex[:8]


def client(service):
    return boto3.client(service, endpoint_url=endpoint, region_name="us-east-1")


def refused(kind, call, **arguments):
    try:
        call(**arguments)
    except kind as error:
        return error.response["Error"]["Message"]
    raise AssertionError(f"{kind} was expected")


def secrets():
    sm, name = client("secretsmanager"), f"py/{own}"
    made = sm.create_secret(Name=name, SecretString=json.dumps({"user": "app"}), Tags=[{"Key": "team", "Value": "orders"}])
    second = sm.put_secret_value(SecretId=made["ARN"], SecretBinary=bytes(range(256)), VersionStages=["AWSCURRENT", "blue"])
    assert second["VersionStages"] == ["AWSCURRENT", "blue"]
    assert sm.get_secret_value(SecretId=name)["SecretBinary"] == bytes(range(256))
    assert json.loads(sm.get_secret_value(SecretId=name, VersionId=made["VersionId"])["SecretString"]) == {"user": "app"}
    described = sm.describe_secret(SecretId=made["ARN"][:-7])
    assert described["VersionIdsToStages"][made["VersionId"]] == ["AWSPREVIOUS"]
    assert described["CreatedDate"] <= datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=5)
    assert described["LastAccessedDate"].hour == 0 or described["LastAccessedDate"].tzinfo is not None
    sm.update_secret_version_stage(
        SecretId=name, VersionStage="AWSCURRENT", MoveToVersionId=made["VersionId"], RemoveFromVersionId=second["VersionId"])
    assert "SecretString" in sm.get_secret_value(SecretId=name)
    message = refused(sm.exceptions.ResourceNotFoundException, sm.get_secret_value, SecretId=f"none-{own}")
    assert message == "Secrets Manager can't find the specified secret.", message
    refused(sm.exceptions.ResourceExistsException, sm.create_secret, Name=name, SecretString="x")
    refused(sm.exceptions.InvalidRequestException, sm.rotate_secret, SecretId=name)
    for i in range(3):
        sm.create_secret(Name=f"{name}/{i}", SecretString=str(i))
    pages = sm.get_paginator("list_secrets").paginate(Filters=[{"Key": "name", "Values": [f"{name}/"]}], PaginationConfig={"PageSize": 2})
    assert [s["Name"] for page in pages for s in page["SecretList"]] == [f"{name}/{i}" for i in range(3)]
    if hasattr(sm, "batch_get_secret_value"):
        batch = sm.batch_get_secret_value(SecretIdList=[f"{name}/0", f"{name}/9"])
        assert [s["SecretString"] for s in batch["SecretValues"]] == ["0"] and batch["Errors"][0]["ErrorCode"] == "ResourceNotFoundException"
    sm.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)
    refused(sm.exceptions.ResourceNotFoundException, sm.describe_secret, SecretId=name)


def parameters():
    ssm, sm, path = client("ssm"), client("secretsmanager"), f"/py-{own}"
    policy = [{"Type": "NoChangeNotification", "Version": "1.0", "Attributes": {"After": "20", "Unit": "Days"}}]
    put = ssm.put_parameter(Name=f"{path}/a", Type="String", Value="1", Tier="Advanced", Policies=json.dumps(policy))
    assert put == {**put, "Version": 1, "Tier": "Advanced"}
    ssm.put_parameter(Name=f"{path}/a", Value="2", Overwrite=True)
    ssm.put_parameter(Name=f"{path}/deep/b", Type="SecureString", Value="secret")
    assert ssm.label_parameter_version(Name=f"{path}/a", ParameterVersion=1, Labels=["prod"])["InvalidLabels"] == []
    assert ssm.get_parameter(Name=f"{path}/a:prod")["Parameter"]["Value"] == "1"
    history = ssm.get_parameter_history(Name=f"{path}/a")["Parameters"]
    assert [h["Labels"] for h in history] == [["prod"], []] and history[0]["Policies"][0]["PolicyType"] == "NoChangeNotification"
    pages = ssm.get_paginator("get_parameters_by_path").paginate(Path=path, Recursive=True, WithDecryption=True, PaginationConfig={"PageSize": 1})
    assert {p["Name"]: p["Value"] for page in pages for p in page["Parameters"]} == {f"{path}/a": "2", f"{path}/deep/b": "secret"}
    ssm.put_parameter(Name=f"{path}/deep/b", Value="newer", Type="SecureString", Overwrite=True)
    past = ssm.get_parameter_history(Name=f"{path}/deep/b", WithDecryption=True)["Parameters"]
    assert [(h["Version"], h["Value"]) for h in past] == [(1, "secret"), (2, "newer")]
    found = ssm.describe_parameters(ParameterFilters=[{"Key": "Path", "Option": "Recursive", "Values": [path]}, {"Key": "Tier", "Values": ["Advanced"]}])
    assert [p["Name"] for p in found["Parameters"]] == [f"{path}/a"]
    refused(ssm.exceptions.ParameterVersionNotFound, ssm.get_parameter, Name=f"{path}/a:9")
    refused(ssm.exceptions.InvalidKeyId, ssm.put_parameter, Name=f"{path}/k", Type="SecureString", Value="v", KeyId="alias/none")
    sm.create_secret(Name=f"ref-{own}", SecretString="v")
    assert ssm.get_parameter(Name=f"/aws/reference/secretsmanager/ref-{own}", WithDecryption=True)["Parameter"]["Value"] == "v"
    setting = ssm.get_service_setting(SettingId="/ssm/parameter-store/high-throughput-enabled")["ServiceSetting"]
    assert (setting["SettingValue"], setting["Status"]) == ("false", "Default")
    assert ssm.delete_parameters(Names=[f"{path}/a", f"{path}/deep/b"])["InvalidParameters"] == []


def keys():
    kms, alias = client("kms"), f"alias/py-{own}"
    key = kms.create_key(Description="of the shop")["KeyMetadata"]
    kms.create_alias(AliasName=alias, TargetKeyId=key["KeyId"])
    context = {"order": "1"}
    sealed = kms.encrypt(KeyId=alias, Plaintext=b"1 Test Quay", EncryptionContext=context)["CiphertextBlob"]
    opened = kms.decrypt(CiphertextBlob=sealed, EncryptionContext=context)
    assert (opened["Plaintext"], opened["KeyId"]) == (b"1 Test Quay", key["Arn"]) and b"Quay" not in sealed
    refused(kms.exceptions.InvalidCiphertextException, kms.decrypt, CiphertextBlob=sealed, EncryptionContext={"order": "2"})
    data = kms.generate_data_key(KeyId=alias, KeySpec="AES_256")
    assert len(data["Plaintext"]) == 32 and kms.decrypt(CiphertextBlob=data["CiphertextBlob"])["Plaintext"] == data["Plaintext"]
    assert [a["AliasName"] for page in kms.get_paginator("list_aliases").paginate(KeyId=key["KeyId"]) for a in page["Aliases"]] == [alias]
    kms.disable_key(KeyId=key["KeyId"])
    refused(kms.exceptions.DisabledException, kms.decrypt, CiphertextBlob=sealed, EncryptionContext=context)
    refused(kms.exceptions.NotFoundException, kms.describe_key, KeyId=f"alias/none-{own}")
    assert kms.schedule_key_deletion(KeyId=key["KeyId"], PendingWindowInDays=7)["KeyId"] == key["Arn"]


for proof in (secrets, parameters, keys):
    proof()
    print(proof.__name__, flush=True)
