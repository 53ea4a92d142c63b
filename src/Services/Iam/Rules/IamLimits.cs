namespace Longspan.Services.Iam.Rules;

/// <summary>IAM's default quotas.</summary>
internal static class IamLimits
{
    public const int AccessKeysPerUser = 2;
    public const int UsersPerAccount = 5000;
    public const int GroupsPerAccount = 300;
    public const int GroupsPerUser = 10;
    public const int RolesPerAccount = 1000;
    public const int InstanceProfilesPerAccount = 1000;
    public const int OidcProvidersPerAccount = 100;
    public const int ClientIdsPerProvider = 100;
    public const int ThumbprintsPerProvider = 5;
    public const int PoliciesPerAccount = 1500;
    public const int ManagedPoliciesPerIdentity = 10;
    public const int TagsPerResource = 50;
    public const int UserNameLength = 64;
    public const int GroupNameLength = 128;
    public const int RoleNameLength = 64;
    public const int InstanceProfileNameLength = 128;
    public const int ProviderUrlLength = 255;
    public const int ClientIdLength = 255;
    public const int PolicyNameLength = 128;
    public const int PathLength = 512;
    public const int DescriptionLength = 1000;
    public const int TrustPolicySize = 2048;
    public const int InlinePoliciesOfUserSize = 2048;
    public const int InlinePoliciesOfGroupSize = 5120;
    public const int InlinePoliciesOfRoleSize = 10_240;
    public const int ManagedPolicySize = 6144;
    public const int VersionsPerPolicy = 5;
    public const int SmallestSessionSeconds = 3600;
    public const int LargestSessionSeconds = 43_200;
}
