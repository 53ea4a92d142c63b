using Longspan.Api.Ecr;
using Longspan.Services.Ecr.Documents;
using Longspan.Services.Ecr.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Ecr;

/// <summary>
/// Images of a repository, for the ECR operations and the registry's HTTP side alike, so that both keep the same promises: a tag never
/// points at an image that is not there, and an image never refers to a blob that its repository does not hold.
/// </summary>
internal static class Images
{
    /// <summary>
    /// Changes of one repository's images exclude each other, so of many pushes at once each may have to wait for all others. More than this many
    /// at the same moment are told to try again.
    /// </summary>
    public const int MaximumAttempts = 64;

    /// <summary>Finds by digest, by tag, or by both when they agree. Null when there is none.</summary>
    public static async ValueTask<Document<ImageDocument>?> FindAsync(EcrContext cx, string repository, string? tag, string? digest, CancellationToken stop)
    {
        var scope = cx.ScopeOf(repository);
        if (tag is not null)
        {
            var tagged = Names.IsTag(tag) ? await cx.Documents.GetAsync(EcrKinds.Tag, scope, tag, stop) : null;
            if (tagged is null || digest is not null && tagged.Value.Digest != digest)
            {
                return null;
            }
            digest = tagged.Value.Digest;
        }
        return Names.IsDigest(digest) ? await cx.Documents.GetAsync(EcrKinds.Image, scope, digest!, stop) : null;
    }

    public static async ValueTask<IReadOnlyList<string>> TagsOfAsync(EcrContext cx, string repository, string digest, CancellationToken stop) =>
        [.. (await cx.Documents.ListByIndexAsync(EcrKinds.Tag, cx.ScopeOf(repository), EcrKinds.ImageOfTag, digest, stop)).Select(tag => tag.Key.Name)];

    /// <summary>Stores a manifest and points a tag at it. The blob with the manifest's bytes is durable before the commit.</summary>
    public static async ValueTask<PutOutcome> PutAsync(
        EcrContext cx, string repository, ReadOnlyMemory<byte> bytes, string? mediaType, string? tag, CancellationToken stop)
    {
        var digest = Manifest.DigestOf(bytes.Span);
        var manifest = bytes.Length <= Manifest.MaximumBytes ? Manifest.Parse(bytes, mediaType) : null;
        if (manifest is null)
        {
            return new(PutStatus.Malformed, digest, []);
        }
        for (var attempt = 0; attempt < MaximumAttempts; attempt++)
        {
            var home = await cx.RequireRepositoryAsync(repository, null, stop);
            var missing = await MissingAsync(cx, repository, manifest, stop);
            if (missing.Count > 0)
            {
                return new(manifest.Images.Count > 0 ? PutStatus.MissingImages : PutStatus.MissingLayers, digest, missing);
            }
            var scope = cx.ScopeOf(repository);
            var image = await cx.Documents.GetAsync(EcrKinds.Image, scope, digest, stop);
            var tagged = tag is null ? null : await cx.Documents.GetAsync(EcrKinds.Tag, scope, tag, stop);
            if (image is not null && (tag is null || tagged?.Value.Digest == digest))
            {
                return new(PutStatus.AlreadyThere, digest, []);
            }
            if (tagged is not null && tagged.Value.Digest != digest && home.Value.ImageTagMutability == Mutability.Immutable)
            {
                return new(PutStatus.TagIsImmutable, digest, []);
            }
            // Written unchanged: the repository must still be there, and nobody may have deleted an image that this one or its tag needs.
            var commit = new Commit().Update(EcrKinds.Repository, home, home.Value);
            if (image is null)
            {
                await ManifestBlobs.StoreAsync(cx.Blobs, bytes, stop);
                commit.Create(EcrKinds.Image, scope, digest, new ImageDocument(
                    digest, manifest.MediaType, manifest.ArtifactMediaType, manifest.ContentBytes, bytes.Length, cx.Now, manifest.References, manifest.Subject));
            }
            if (tag is not null)
            {
                commit = tagged is null
                    ? commit.Create(EcrKinds.Tag, scope, tag, new TagDocument(digest))
                    : commit.Update(EcrKinds.Tag, tagged, new TagDocument(digest));
            }
            if ((await cx.Documents.CommitAsync(commit, stop)).Committed)
            {
                return new(PutStatus.Stored, digest, []);
            }
        }
        throw new ServerException("The repository is changing too quickly; try again.");
    }

    /// <summary>Deletes an image with all its tags, or only a tag. An image that an index refers to stays.</summary>
    public static async ValueTask<DeleteStatus> DeleteAsync(EcrContext cx, string repository, string? tag, string? digest, CancellationToken stop)
    {
        var scope = cx.ScopeOf(repository);
        for (var attempt = 0; attempt < MaximumAttempts; attempt++)
        {
            var home = await cx.RequireRepositoryAsync(repository, null, stop);
            var image = await FindAsync(cx, repository, tag, digest, stop);
            if (image is null)
            {
                return DeleteStatus.NotFound;
            }
            var tags = await cx.Documents.ListByIndexAsync(EcrKinds.Tag, scope, EcrKinds.ImageOfTag, image.Value.Digest, stop);
            var commit = new Commit().Update(EcrKinds.Repository, home, home.Value);
            // A tag alone takes only itself; the image goes with its last tag.
            var gone = digest is null && tags.Count > 1 ? tags.Where(t => t.Key.Name == tag) : tags;
            foreach (var one in gone)
            {
                commit.Delete(one);
            }
            if (digest is not null || tags.Count <= 1)
            {
                if ((await cx.Documents.ListByIndexAsync(EcrKinds.Image, scope, EcrKinds.ReferenceOfImage, image.Value.Digest, stop, limit: 1)).Count > 0)
                {
                    return DeleteStatus.ReferencedByIndex;
                }
                commit.Delete(image);
            }
            if ((await cx.Documents.CommitAsync(commit, stop)).Committed)
            {
                return DeleteStatus.Deleted;
            }
        }
        throw new ServerException("The repository is changing too quickly; try again.");
    }

    private static async ValueTask<IReadOnlyList<string>> MissingAsync(EcrContext cx, string repository, Manifest manifest, CancellationToken stop)
    {
        var missing = new List<string>();
        foreach (var blob in manifest.Blobs.Distinct())
        {
            if (await cx.Documents.GetAsync(EcrKinds.Layer, cx.ScopeOf(repository), blob, stop) is null)
            {
                missing.Add(blob);
            }
        }
        foreach (var image in manifest.Images.Distinct())
        {
            if (await cx.Documents.GetAsync(EcrKinds.Image, cx.ScopeOf(repository), image, stop) is null)
            {
                missing.Add(image);
            }
        }
        return missing;
    }
}

internal enum PutStatus
{
    Stored, AlreadyThere, Malformed, MissingLayers, MissingImages, TagIsImmutable,
}

internal sealed record PutOutcome(PutStatus Status, string Digest, IReadOnlyList<string> Missing);

internal enum DeleteStatus
{
    Deleted, NotFound, ReferencedByIndex,
}
