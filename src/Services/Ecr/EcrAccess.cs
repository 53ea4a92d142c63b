using Longspan.Api.Ecr;
using Longspan.Kernel;
using Longspan.Kernel.Access;
using Longspan.Kernel.Access.Policies;
using Longspan.Services.Ecr.Documents;
using Longspan.Services.Ecr.Rules;

namespace Longspan.Services.Ecr;

/// <summary>
/// What ECR asks of the policies, for calls of its API and for what registry clients do over <c>/v2/</c> alike: the actions are the same, so
/// one policy serves both. A repository's own policy counts too.
/// </summary>
internal static class EcrAccess
{
    private const string OwnTagKey = "ecr:ResourceTag";
    /// <summary>No operation takes more names than this; one that gets more asks about all repositories.</summary>
    private const int MaximumNames = 100;

    public static async ValueTask<AccessDemand> RepositoryAsync(
        EcrContext cx, string action, string? name, string? registryId, CancellationToken stop)
    {
        var repository = Names.RequireRepository(name);
        var account = registryId ?? cx.AccountId;
        var demand = new AccessDemand(action, new Arn("ecr", cx.Call.Region, account, $"repository/{repository}").ToString());
        return account == cx.AccountId && await cx.Documents.GetAsync(EcrKinds.Repository, cx.Call.Scope, repository, stop) is { Value.Deleting: false } found
            ? demand.Tagged(found.Value.Tags, OwnTagKey) with
            {
                ResourcePolicy = found.Value.Policy is { } text ? PolicyTexts.Read(text, PolicyUse.Resource) : null,
            }
            : demand;
    }

    public static async ValueTask<IReadOnlyList<AccessDemand>> DescribeAsync(EcrContext cx, DescribeRepositoriesRequest request, CancellationToken stop)
    {
        const string Action = "ecr:DescribeRepositories";
        if (request.RepositoryNames is not { Count: > 0 and <= MaximumNames } names)
        {
            return [new AccessDemand(Action, cx.ArnOf("*"))];
        }
        List<AccessDemand> demands = [];
        foreach (var name in names)
        {
            demands.Add(await RepositoryAsync(cx, Action, name, request.RegistryId, stop));
        }
        return demands;
    }

    public static IReadOnlyList<AccessDemand> Create(EcrContext cx, CreateRepositoryRequest request)
    {
        var tags = Tags(request.Tags);
        var create = new AccessDemand("ecr:CreateRepository", cx.ArnOf(Names.RequireRepository(request.RepositoryName))) { RequestTags = tags };
        return tags is null ? [create] : [create, create with { Action = "ecr:TagResource" }];
    }

    public static ValueTask<AccessDemand> TaggedAsync(EcrContext cx, string action, string? arn, CancellationToken stop)
    {
        var (name, account) = EcrContext.RepositoryOfArn(arn);
        return RepositoryAsync(cx, action, name, account, stop);
    }

    public static IReadOnlyDictionary<string, string>? Tags(IEnumerable<Tag>? tags) => AccessRules.Tags(tags, t => t.Key, t => t.Value);
}
