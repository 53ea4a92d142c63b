using Longspan.Kernel;
using Longspan.Services.SecretsManager.Documents;
using Longspan.Store.Documents;

namespace Longspan.Services.SecretsManager.Reconcilers;

/// <summary>Shards of one secret each: its scope, a colon (which neither part holds), and its name.</summary>
internal static class SecretShards
{
    private const char Separator = ':';

    public static string Of(DocumentKey key) => key.Scope + Separator + key.Name;

    public static (string Scope, string Name) Split(string shard)
    {
        var colon = shard.IndexOf(Separator, StringComparison.Ordinal);
        return (shard[..colon], shard[(colon + 1)..]);
    }

    /// <summary>The platform's own hand in the secret's account and region.</summary>
    public static CallContext Call(Cloud cloud, string scope)
    {
        var slash = scope.IndexOf('/', StringComparison.Ordinal);
        return new CallContext(cloud, Caller.Platform(scope[..slash]), scope[(slash + 1)..], Ids.Uuid(), cloud.Settings.Endpoint);
    }

    public static async ValueTask<IReadOnlyList<string>> ListAsync(DocumentLog documents, Func<SecretDocument, bool> concerns, CancellationToken stop) =>
        [.. (await documents.ListAllAsync(SecretsManagerKinds.Secrets, stop)).Where(s => concerns(s.Value)).Select(s => Of(s.Key))];
}
