using Longspan.Kernel.Access.Documents;
using Longspan.Store.Documents;

namespace Longspan.Kernel.Access;

/// <summary>
/// Makes sure that the account can be used: an administrator exists, has an active key, and <c>credentials</c> in the data folder holds
/// one of its active keys. At the first start this mints everything; later it finds it done, or repairs what is missing (the file was
/// deleted, the key was rotated). Whoever can read the data folder owns the account, so writing the key there reveals nothing more.
/// </summary>
public sealed class AccountBootstrap(DocumentLog documents, TimeProvider clock, CloudSettings settings)
{
    public const string AdministratorName = "admin";
    private const int MaximumAttempts = 8;

    /// <param name="region">Written to the profile as its default region.</param>
    public async ValueTask<BootstrapOutcome> EnsureAsync(string region, CancellationToken stop)
    {
        var path = Path.Combine(settings.DataFolder, CredentialsFile.FileName);
        var (key, created) = await EnsureKeyAsync(await CredentialsFile.ReadAccessKeyIdAsync(path, stop), stop);
        if (created || await CredentialsFile.ReadAccessKeyIdAsync(path, stop) != key.AccessKeyId)
        {
            CredentialsFile.Write(path, key.AccessKeyId, key.Secret, region);
        }
        return new BootstrapOutcome(key.AccessKeyId, created ? key.Secret : null, path);
    }

    private async ValueTask<(AccessKeyDocument Key, bool Created)> EnsureKeyAsync(string? preferredId, CancellationToken stop)
    {
        for (var attempt = 0; attempt < MaximumAttempts; attempt++)
        {
            var user = await documents.GetAsync(AccessKinds.Users, settings.AccountId, AdministratorName, stop);
            if (user is not null && await FindActiveAsync(user.Value, preferredId, stop) is { } active)
            {
                return (active, false);
            }
            var now = clock.GetUtcNow();
            var key = new AccessKeyDocument
            {
                AccessKeyId = Ids.Unique("AKIA"),
                UserName = AdministratorName,
                Secret = Ids.Secret(40),
                CreatedAt = now,
            };
            var commit = new Commit().Create(AccessKinds.AccessKeys, settings.AccountId, key.AccessKeyId, key);
            commit = user is null
                ? commit.Create(AccessKinds.Users, settings.AccountId, AdministratorName, NewAdministrator(now, key))
                : commit.Update(AccessKinds.Users, user, user.Value with { AccessKeyIds = [.. user.Value.AccessKeyIds, key.AccessKeyId] });
            if ((await documents.CommitAsync(commit, stop)).Committed)
            {
                return (key, true);
            }
        }
        throw new InvalidOperationException("The account's administrator kept changing while its key was made.");
    }

    private async ValueTask<AccessKeyDocument?> FindActiveAsync(UserDocument user, string? preferredId, CancellationToken stop)
    {
        AccessKeyDocument? found = null;
        foreach (var id in user.AccessKeyIds.OrderByDescending(id => id == preferredId))
        {
            var key = await documents.GetAsync(AccessKinds.AccessKeys, settings.AccountId, id, stop);
            if (key is { Value.IsActive: true })
            {
                found ??= key.Value;
            }
        }
        return found;
    }

    private static UserDocument NewAdministrator(DateTimeOffset now, AccessKeyDocument key) => new()
    {
        UserName = AdministratorName,
        UserId = Ids.Unique("AIDA"),
        Path = "/",
        CreatedAt = now,
        IsAdministrator = true,
        AccessKeyIds = [key.AccessKeyId],
    };
}

/// <param name="SecretAccessKey">Only when the key was made just now: show it once.</param>
/// <param name="CredentialsPath">The file that holds the key.</param>
public sealed record BootstrapOutcome(string AccessKeyId, string? SecretAccessKey, string CredentialsPath)
{
    public override string ToString() => AccessKeyId;
}
