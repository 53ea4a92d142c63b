using Longspan.Api.Ecr;
using Longspan.Kernel;
using Longspan.Services.Ecr.Documents;
using Longspan.Store.Blobs;
using Longspan.Store.Documents;

namespace Longspan.Services.Ecr;

/// <summary>What ECR's operations work with: the call, the document log, and the blobs that the registry's HTTP side fills.</summary>
public sealed class EcrContext
{
    internal EcrContext(CallContext call, BlobStore blobs, RegistryTokens tokens) => (Call, Blobs, Tokens) = (call, blobs, tokens);

    internal CallContext Call { get; }
    internal BlobStore Blobs { get; }
    internal RegistryTokens Tokens { get; }
    internal DocumentLog Documents => Call.Cloud.Documents;
    internal string AccountId => Call.AccountId;
    internal DateTimeOffset Now => Call.Now;

    /// <summary>Scope of a repository's images, tags and layers.</summary>
    internal string ScopeOf(string repository) => ScopeOf(Call.Scope, repository);

    internal static string ScopeOf(string scope, string repository) => $"{scope}/{repository}";

    internal string ArnOf(string repository) => Call.Arn("ecr", $"repository/{repository}").ToString();

    /// <summary>The registry is this server itself: the host by which the caller reached it, so the name works where the caller is.</summary>
    internal string RegistryHost => Call.Endpoint.Authority;

    /// <summary>The repository, or ECR's own error.</summary>
    internal async ValueTask<Document<RepositoryDocument>> RequireRepositoryAsync(string? name, string? registryId, CancellationToken stop)
    {
        var repository = Rules.Names.RequireRepository(name);
        var found = registryId is null || registryId == AccountId ? await Documents.GetAsync(EcrKinds.Repository, Call.Scope, repository, stop) : null;
        return found is { Value.Deleting: false } ? found : throw new RepositoryNotFoundException(
            $"The repository with name '{repository}' does not exist in the registry with id '{registryId ?? AccountId}'");
    }

    /// <summary>The repository of an ARN, for the tagging operations.</summary>
    internal ValueTask<Document<RepositoryDocument>> RequireRepositoryOfArnAsync(string? text, CancellationToken stop)
    {
        var (name, account) = RepositoryOfArn(text);
        return RequireRepositoryAsync(name, account, stop);
    }

    internal static (string Name, string Account) RepositoryOfArn(string? text)
    {
        const string Prefix = "repository/";
        return Kernel.Arn.TryParse(text, out var arn) && arn.Service == "ecr" && arn.Resource.StartsWith(Prefix, StringComparison.Ordinal)
            ? (arn.Resource[Prefix.Length..], arn.AccountId)
            : throw new InvalidParameterException($"Invalid parameter at 'resourceArn' failed to satisfy constraint: '{text} is not the ARN of a repository'");
    }
}
