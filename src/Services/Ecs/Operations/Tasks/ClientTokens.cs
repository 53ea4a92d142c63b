using System.Security.Cryptography;
using Longspan.Api.Ecs;
using Longspan.Api.Shapes;
using Longspan.Services.Ecs.Documents;
using Longspan.Store.Documents;

namespace Longspan.Services.Ecs.Operations;

/// <summary>
/// Makes a repeated call answer with what the first one made. The token is written in the commit that makes it, so there is no moment at
/// which one exists without the other.
/// </summary>
internal static class ClientTokens
{
    public const int MaximumLength = 64;
    public static readonly TimeSpan Life = TimeSpan.FromHours(24);

    public static async ValueTask<IReadOnlyList<string>?> FindAsync(
        EcsContext cx, string scope, string? token, Shape request, CancellationToken stop)
    {
        if (string.IsNullOrEmpty(token))
        {
            return null;
        }
        CheckLength(token, MaximumLength);
        var found = await cx.Documents.GetAsync(EcsKinds.ClientToken, scope, NameOf(request, token), stop);
        if (found is null || cx.Now - found.Value.CreatedAt > Life)
        {
            return null;
        }
        return found.Value.RequestHash == HashOf(request)
            ? found.Value.Ids
            : throw new ConflictException("The client token was used with different parameters.");
    }

    public static void AddTo(EcsContext cx, Commit commit, string scope, string? token, Shape request, IEnumerable<string> ids)
    {
        if (!string.IsNullOrEmpty(token))
        {
            commit.Create(EcsKinds.ClientToken, scope, NameOf(request, token), new ClientTokenDocument
            {
                CreatedAt = cx.Now, RequestHash = HashOf(request), Ids = [.. ids],
            });
        }
    }

    private static string NameOf(Shape request, string token) => $"{request.Schema.Name}#{token}";

    public static void CheckLength(string? token, int maximum)
    {
        if (token?.Length > maximum)
        {
            throw new InvalidParameterException($"ClientToken can have at most {maximum} characters.");
        }
    }

    public static string HashOf(Shape request) => Convert.ToHexStringLower(SHA256.HashData(StoredShapes.Bytes(request)));
}
