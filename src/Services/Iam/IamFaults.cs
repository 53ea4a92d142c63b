using Longspan.Api.Iam;
using Longspan.Api.Shapes;

namespace Longspan.Services.Iam;

/// <summary>IAM's refusals in IAM's words.</summary>
internal static class IamFaults
{
    public static AwsError Validation(string message) => new("ValidationError", message);

    public static AwsError Constraint(string member, object? value, string constraint) =>
        Validation($"1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: {constraint}");

    public static NoSuchEntityException NoUser(string name) => new($"The user with name {name} cannot be found.");

    public static NoSuchEntityException NoRole(string name) => new($"The role with name {name} cannot be found.");

    public static NoSuchEntityException NoGroup(string name) => new($"The group with name {name} cannot be found.");

    public static NoSuchEntityException NoInstanceProfile(string name) => new($"Instance Profile {name} cannot be found.");

    public static NoSuchEntityException NoProvider(string arn) => new($"OpenIDConnect Provider not found for arn {arn}");

    public static NoSuchEntityException NoAccessKey(string id) => new($"The Access Key with id {id} cannot be found.");

    public static NoSuchEntityException NoPolicy(string arn) => new($"Policy {arn} was not found.");

    public static AwsError OutsideAccount() => new("AccessDenied", "Policy is outside your own account.", 403);

    public static NoSuchEntityException NotAttachable(string arn) => new($"Policy {arn} does not exist or is not attachable.");

    public static NoSuchEntityException NoInlinePolicy(string owner, string name) => new($"The {owner} policy with name {name} cannot be found.");

    public static LimitExceededException Quota(string name, int limit) => new($"Cannot exceed quota for {name}: {limit}");
}
