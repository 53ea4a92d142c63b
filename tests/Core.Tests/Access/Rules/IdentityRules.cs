namespace Longspan.Core.Tests.Access.Rules;

internal static class IdentityRules
{
    private const string Policy = "arn:aws:iam::123456789012:policy/team/orders";
    private const string Boundary = "arn:aws:iam::123456789012:policy/boundary";
    private const string Role = "arn:aws:iam::123456789012:role/deploy";
    private const string Provider = "arn:aws:iam::123456789012:oidc-provider/ci.example.com";
    private static readonly Api.Iam.Tag[] s_tags = [new() { Key = "team", Value = "a" }];
    private static readonly Api.Ssm.Tag[] s_ssmTags = [new() { Key = "team", Value = "a" }];

    public static readonly Rule[] OfIam =
    [
        .. new[]
        {
            "GetUser", "DeleteUser", "ListUserTags", "ListGroupsForUser", "CreateAccessKey", "ListAccessKeys", "UpdateAccessKey", "DeleteAccessKey", "PutUserPolicy",
            "GetUserPolicy", "ListUserPolicies", "DeleteUserPolicy", "ListAttachedUserPolicies", "UpdateUser", "DeleteUserPermissionsBoundary", "GetLoginProfile",
            "DeleteLoginProfile", "ListMFADevices", "ListSSHPublicKeys", "ListSigningCertificates", "ListServiceSpecificCredentials",
        }.Select(name => new Rule(name, new { UserName = "bob" }, $"iam:{name} user/bob")),
        .. new[]
        {
            "GetRole", "DeleteRole", "UpdateRole", "UpdateRoleDescription", "ListRoleTags", "ListInstanceProfilesForRole", "UpdateAssumeRolePolicy", "PutRolePolicy",
            "GetRolePolicy", "ListRolePolicies", "DeleteRolePolicy", "ListAttachedRolePolicies", "DeleteRolePermissionsBoundary", "DeleteServiceLinkedRole",
        }.Select(name => new Rule(name, new { RoleName = "deploy" }, $"iam:{name} role/deploy")),
        .. new[]
        {
            "GetPolicy", "GetPolicyVersion", "CreatePolicyVersion", "ListPolicyVersions", "SetDefaultPolicyVersion", "DeletePolicyVersion",
            "ListEntitiesForPolicy", "DeletePolicy", "ListPolicyTags",
        }.Select(name => new Rule(name, new { PolicyArn = Policy }, $"iam:{name} policy/team/orders")),
        .. new[] { "AttachUserPolicy", "DetachUserPolicy" }.Select(
            name => new Rule(name, new { UserName = "bob", PolicyArn = Policy }, $"iam:{name} user/bob iam:PolicyARN=policy/team/orders")),
        .. new[] { "AttachRolePolicy", "DetachRolePolicy" }.Select(
            name => new Rule(name, new { RoleName = "deploy", PolicyArn = Policy }, $"iam:{name} role/deploy iam:PolicyARN=policy/team/orders")),
        .. new[] { "ListPolicies", "ListAccountAliases", "GetAccountSummary", "SimulateCustomPolicy", "GetContextKeysForCustomPolicy" }.Select(name => new Rule(name, new { }, $"iam:{name} *")),
        .. new[] { "SimulatePrincipalPolicy", "GetContextKeysForPrincipalPolicy" }.Select(name => new Rule(name, new { PolicySourceArn = Role }, $"iam:{name} role/deploy")),
        .. new[]
        {
            "GetGroup", "UpdateGroup", "DeleteGroup", "AddUserToGroup", "RemoveUserFromGroup", "PutGroupPolicy", "GetGroupPolicy", "ListGroupPolicies",
            "DeleteGroupPolicy", "ListAttachedGroupPolicies",
        }.Select(name => new Rule(name, new { GroupName = "makers" }, $"iam:{name} group/makers")),
        .. new[] { "AttachGroupPolicy", "DetachGroupPolicy" }.Select(
            name => new Rule(name, new { GroupName = "makers", PolicyArn = Policy }, $"iam:{name} group/makers iam:PolicyARN=policy/team/orders")),
        .. new[] { "GetInstanceProfile", "DeleteInstanceProfile", "RemoveRoleFromInstanceProfile", "ListInstanceProfileTags" }.Select(
            name => new Rule(name, new { InstanceProfileName = "box" }, $"iam:{name} instance-profile/box")),
        .. new[]
        {
            "GetOpenIDConnectProvider", "DeleteOpenIDConnectProvider", "UpdateOpenIDConnectProviderThumbprint", "AddClientIDToOpenIDConnectProvider",
            "RemoveClientIDFromOpenIDConnectProvider", "ListOpenIDConnectProviderTags",
        }.Select(name => new Rule(name, new { OpenIDConnectProviderArn = Provider }, $"iam:{name} oidc-provider/ci.example.com")),
        .. new[]
        {
            "ListGroups", "ListInstanceProfiles", "ListOpenIDConnectProviders", "CreateAccountAlias", "DeleteAccountAlias", "GetAccountAuthorizationDetails",
            "GenerateCredentialReport", "GetCredentialReport", "GetAccountPasswordPolicy", "ListSAMLProviders", "ListServerCertificates", "ListVirtualMFADevices",
        }.Select(name => new Rule(name, new { }, $"iam:{name} *")),
        new("CreateGroup", new { GroupName = "makers", Path = "/team/" }, "iam:CreateGroup group/team/makers"),
        new("PutUserPermissionsBoundary", new { UserName = "bob", PermissionsBoundary = Boundary },
            "iam:PutUserPermissionsBoundary user/bob iam:PermissionsBoundary=policy/boundary"),
        new("PutRolePermissionsBoundary", new { RoleName = "deploy", PermissionsBoundary = Boundary },
            "iam:PutRolePermissionsBoundary role/deploy iam:PermissionsBoundary=policy/boundary"),
        new("CreateServiceLinkedRole", new { AWSServiceName = "ecs.amazonaws.com" },
            "iam:CreateServiceLinkedRole role/aws-service-role/ecs.amazonaws.com/* iam:AWSServiceName=ecs.amazonaws.com"),
        new("GetServiceLinkedRoleDeletionStatus", new { DeletionTaskId = "task/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS/1" },
            "iam:GetServiceLinkedRoleDeletionStatus role/AWSServiceRoleForECS"),
        new("CreateInstanceProfile", new { InstanceProfileName = "box", Tags = s_tags },
            "iam:CreateInstanceProfile instance-profile/box +team=a", "iam:TagInstanceProfile instance-profile/box +team=a"),
        new("AddRoleToInstanceProfile", new { InstanceProfileName = "box", RoleName = "deploy" },
            "iam:AddRoleToInstanceProfile instance-profile/box", "iam:PassRole role/deploy"),
        new("TagInstanceProfile", new { InstanceProfileName = "box", Tags = s_tags }, "iam:TagInstanceProfile instance-profile/box +team=a"),
        new("UntagInstanceProfile", new { InstanceProfileName = "box", TagKeys = new[] { "team" } }, "iam:UntagInstanceProfile instance-profile/box aws:TagKeys=team"),
        new("CreateOpenIDConnectProvider", new { Url = "https://ci.example.com" }, "iam:CreateOpenIDConnectProvider oidc-provider/ci.example.com"),
        new("TagOpenIDConnectProvider", new { OpenIDConnectProviderArn = Provider, Tags = s_tags }, "iam:TagOpenIDConnectProvider oidc-provider/ci.example.com +team=a"),
        new("UntagOpenIDConnectProvider", new { OpenIDConnectProviderArn = Provider, TagKeys = new[] { "team" } },
            "iam:UntagOpenIDConnectProvider oidc-provider/ci.example.com aws:TagKeys=team"),
        new("TagPolicy", new { PolicyArn = Policy, Tags = s_tags }, "iam:TagPolicy policy/team/orders +team=a"),
        new("UntagPolicy", new { PolicyArn = Policy, TagKeys = new[] { "team" } }, "iam:UntagPolicy policy/team/orders aws:TagKeys=team"),
        // Without a name it is the caller.
        new("GetUser", new { }, "iam:GetUser user/ann"),
        new("CreateUser", new { UserName = "bob", Path = "/team/", PermissionsBoundary = Boundary },
            "iam:CreateUser user/team/bob iam:PermissionsBoundary=policy/boundary"),
        new("CreateRole", new { RoleName = "deploy", Tags = s_tags }, "iam:CreateRole role/deploy +team=a", "iam:TagRole role/deploy +team=a"),
        new("CreatePolicy", new { PolicyName = "orders", Path = "/team/" }, "iam:CreatePolicy policy/team/orders"),
        new("ListUsers", new { }, "iam:ListUsers user/"),
        new("ListServiceSpecificCredentials", new { AllUsers = true }, "iam:ListServiceSpecificCredentials user/"),
        new("ListRoles", new { PathPrefix = "/team/" }, "iam:ListRoles role/team/"),
        new("TagUser", new { UserName = "bob", Tags = s_tags }, "iam:TagUser user/bob +team=a"),
        new("UntagUser", new { UserName = "bob", TagKeys = new[] { "team" } }, "iam:UntagUser user/bob aws:TagKeys=team"),
        new("TagRole", new { RoleName = "deploy", Tags = s_tags }, "iam:TagRole role/deploy +team=a"),
        new("UntagRole", new { RoleName = "deploy", TagKeys = new[] { "team" } }, "iam:UntagRole role/deploy aws:TagKeys=team"),
        new("GetAccessKeyLastUsed", new { AccessKeyId = "AKIANOBODYNOBODYNOB1" }, "iam:GetAccessKeyLastUsed *"),
    ];

    public static readonly Rule[] OfSts =
    [
        new("AssumeRole", new { RoleArn = Role, RoleSessionName = "ann" }, "sts:AssumeRole role/deploy sts:RoleSessionName=ann"),
        new("AssumeRole", new { RoleArn = Role, RoleSessionName = "ann", ExternalId = "x1", Tags = new[] { new Api.Sts.Tag { Key = "team", Value = "a" } } },
            "sts:AssumeRole role/deploy sts:ExternalId=x1 sts:RoleSessionName=ann +team=a",
            "sts:TagSession role/deploy sts:ExternalId=x1 sts:RoleSessionName=ann +team=a"),
        new("DecodeAuthorizationMessage", new { EncodedMessage = "x" }, "sts:DecodeAuthorizationMessage *"),
        new("GetAccessKeyInfo", new { AccessKeyId = "AKIANOBODYNOBODYNOB1" }, "sts:GetAccessKeyInfo *"),
        new("GetCallerIdentity", new { }),
        new("GetSessionToken", new { }),
        new("AssumeRoleWithWebIdentity", new { RoleArn = Role }),
        new("GetFederationToken", new { Name = "guest" }, "sts:GetFederationToken federated-user/guest"),
    ];

    public static readonly Rule[] OfSsm =
    [
        .. new[] { "DeleteActivation", "DescribeActivations", "DescribeInstanceInformation", "DescribeParameters" }.Select(
            name => new Rule(name, new { }, $"ssm:{name} *")),
        .. new[] { "RegisterManagedInstance", "RequestManagedInstanceRoleToken", "UpdateManagedInstancePublicKey" }.Select(name => new Rule(name, new { })),
        .. new[] { "UpdateInstanceInformation", "DeregisterManagedInstance" }.Select(
            name => new Rule(name, new { InstanceId = "mi-1" }, $"ssm:{name} managed-instance/mi-1")),
        .. new[] { "GetParameter", "GetParameterHistory", "DeleteParameter" }.Select(name => new Rule(name, new { Name = "/app/db:3" }, $"ssm:{name} parameter/app/db")),
        .. new[] { "LabelParameterVersion", "UnlabelParameterVersion" }.Select(name => new Rule(name, new { Name = "/app/db" }, $"ssm:{name} parameter/app/db")),
        .. new[] { "GetServiceSetting", "UpdateServiceSetting", "ResetServiceSetting" }.Select(
            name => new Rule(name, new { SettingId = "/ssm/parameter-store/x" }, $"ssm:{name} servicesetting/ssm/parameter-store/x")),
        .. new[] { "GetParameters", "DeleteParameters" }.Select(
            name => new Rule(name, new { Names = new[] { "/app/db", "plain" } }, $"ssm:{name} parameter/app/db", $"ssm:{name} parameter/plain")),
        new("GetParameter", new { Name = "arn:aws:ssm:lab-1:123456789012:parameter/app/db" }, "ssm:GetParameter parameter/app/db"),
        new("GetParametersByPath", new { Path = "/app/", Recursive = true }, "ssm:GetParametersByPath parameter/app ssm:Recursive=true"),
        new("PutParameter", new { Name = "/app/db", Overwrite = true }, "ssm:PutParameter parameter/app/db ssm:Overwrite=true"),
        new("PutParameter", new { Name = "/app/db", Tags = s_ssmTags },
            "ssm:PutParameter parameter/app/db ssm:Overwrite=false +team=a", "ssm:AddTagsToResource parameter/app/db ssm:Overwrite=false +team=a"),
        new("CreateActivation", new { IamRole = "service-role/node" },
            "ssm:CreateActivation *", "iam:PassRole role/service-role/node iam:PassedToService=ssm.amazonaws.com"),
        new("UpdateManagedInstanceRole", new { InstanceId = "mi-1", IamRole = "node" },
            "ssm:UpdateManagedInstanceRole managed-instance/mi-1", "iam:PassRole role/node iam:PassedToService=ssm.amazonaws.com"),
        new("AddTagsToResource", new { ResourceType = "Parameter", ResourceId = "/app/db", Tags = s_ssmTags }, "ssm:AddTagsToResource parameter/app/db +team=a"),
        new("RemoveTagsFromResource", new { ResourceType = "ManagedInstance", ResourceId = "mi-1", TagKeys = new[] { "team" } },
            "ssm:RemoveTagsFromResource managed-instance/mi-1 aws:TagKeys=team"),
        new("ListTagsForResource", new { ResourceType = "Parameter", ResourceId = "/app/db" }, "ssm:ListTagsForResource parameter/app/db"),
    ];
}
