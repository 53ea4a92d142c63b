using System.Text;
using Longspan.Api.Kms;
using Longspan.Core.Tests.Access;
using Longspan.Kernel;
using Longspan.Kernel.Access;

namespace Longspan.Core.Tests.Kms;

/// <summary>The calls that most tests of KMS make.</summary>
internal static class KmsCalls
{
    public static async Task<KeyMetadata> CreateKeyAsync(this AccessCloud cloud, string? policy = null) =>
        (await cloud.CallAsync(KmsOperations.CreateKey, new CreateKeyRequest { Policy = policy })).KeyMetadata!;

    public static async Task<ReadOnlyMemory<byte>> EncryptAsync(
        this AccessCloud cloud, string keyId, string text, Dictionary<string, string>? context = null) =>
        (await cloud.CallAsync(
            KmsOperations.Encrypt, new EncryptRequest { KeyId = keyId, Plaintext = Encoding.UTF8.GetBytes(text), EncryptionContext = context }))
        .CiphertextBlob!.Value;

    public static async Task<string> DecryptAsync(
        this AccessCloud cloud, ReadOnlyMemory<byte> blob, Dictionary<string, string>? context = null, string? keyId = null) =>
        Encoding.UTF8.GetString((await cloud.CallAsync(
            KmsOperations.Decrypt, new DecryptRequest { CiphertextBlob = blob, EncryptionContext = context, KeyId = keyId })).Plaintext!.Value.Span);

    public static async Task<KeyMetadata> DescribeAsync(this AccessCloud cloud, string keyId) =>
        (await cloud.CallAsync(KmsOperations.DescribeKey, new DescribeKeyRequest { KeyId = keyId })).KeyMetadata!;

    /// <summary>What an operation asks of the policies.</summary>
    public static async Task<IReadOnlyList<AccessDemand>> AskAsync<TRequest, TResponse>(
        this AccessCloud cloud, Api.Shapes.Operation<TRequest, TResponse> operation, TRequest request, string? viaService = null)
        where TRequest : Api.Shapes.Shape, new()
        where TResponse : Api.Shapes.Shape, new() =>
        await cloud.Kms.Access[operation](
            new CallContext(cloud.Cloud, cloud.Administrator, AccessCloud.Region, "request", cloud.Cloud.Settings.Endpoint) { ViaService = viaService },
            request, default);

    /// <summary>One pass of the reconciler over everything that is due.</summary>
    public static async Task ReconcileAsync(this AccessCloud cloud)
    {
        var reconciler = cloud.Kms.Reconcilers.Single();
        foreach (var shard in await reconciler.ListShardsAsync(default))
        {
            await reconciler.RunAsync(shard, default);
        }
    }
}
