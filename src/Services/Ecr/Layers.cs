using Longspan.Api.Ecr;
using Longspan.Services.Ecr.Documents;
using Longspan.Store.Blobs;
using Longspan.Store.Documents;

namespace Longspan.Services.Ecr;

/// <summary>Which blobs a repository holds. A blob is stored once for all repositories; each has its own record that it may be read there.</summary>
internal static class Layers
{
    public static async ValueTask<Document<LayerDocument>?> FindAsync(EcrContext cx, string repository, string digest, CancellationToken stop) =>
        Rules.Names.IsDigest(digest) ? await cx.Documents.GetAsync(EcrKinds.Layer, cx.ScopeOf(repository), digest, stop) : null;

    /// <summary>Records a blob that is durable already.</summary>
    public static async ValueTask RecordAsync(EcrContext cx, string repository, BlobDigest digest, long size, CancellationToken stop)
    {
        for (var attempt = 0; attempt < Images.MaximumAttempts; attempt++)
        {
            var home = await cx.RequireRepositoryAsync(repository, null, stop);
            var commit = new Commit().Expect(home).Put(EcrKinds.Layer, cx.ScopeOf(repository), digest.ToString(), new LayerDocument(size));
            if ((await cx.Documents.CommitAsync(commit, stop)).Committed)
            {
                return;
            }
        }
        throw new ServerException("The repository is changing too quickly; try again.");
    }

    /// <summary>Records in one repository a blob that another one of the same registry holds, so that it need not be sent again.</summary>
    public static async ValueTask<bool> MountAsync(EcrContext cx, string repository, string from, string digest, CancellationToken stop)
    {
        if (!BlobDigest.TryParse(digest, out var parsed)
            || await FindAsync(cx, from, digest, stop) is null
            || await cx.Blobs.SizeAsync(parsed, stop) is not { } size)
        {
            return false;
        }
        await RecordAsync(cx, repository, parsed, size, stop);
        return true;
    }
}
