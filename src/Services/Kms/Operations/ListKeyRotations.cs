using Longspan.Api.Kms;
using Longspan.Services.Kms.Documents;
using Longspan.Services.Kms.Rules;

namespace Longspan.Services.Kms.Operations;

internal static class ListKeyRotations
{
    public static async ValueTask<ListKeyRotationsResponse> HandleAsync(KmsContext cx, ListKeyRotationsRequest request, CancellationToken stop)
    {
        var paging = Paging.Read(request.Limit, request.Marker, usual: 100, largest: 1000);
        var withFirst = request.IncludeKeyMaterial switch
        {
            "ALL_KEY_MATERIAL" => true,
            null or "ROTATIONS_ONLY" => false,
            _ => throw KmsFaults.Constraint(
                "includeKeyMaterial", request.IncludeKeyMaterial, "Member must satisfy enum value set: [ALL_KEY_MATERIAL, ROTATIONS_ONLY]"),
        };
        var key = (await Keys.RequireByIdAsync(cx, request.KeyId, stop)).Value;
        MaterialEntry[] listed = [.. key.Materials.Where(material => withFirst || material.Rotation is not null)];
        var (materials, next) = paging.Cut([.. listed.Skip(1 + Array.FindIndex(listed, material => material.Id == paging.After))], material => material.Id);
        return new ListKeyRotationsResponse
        {
            Rotations = [.. materials.Select(material => ToShape(key, material))],
            NextMarker = next,
            Truncated = next is not null,
        };
    }

    private static RotationsListEntry ToShape(KeyDocument key, MaterialEntry material) => new()
    {
        KeyId = key.KeyId,
        KeyMaterialId = material.Id,
        KeyMaterialState = material.Id == key.CurrentMaterialId ? "CURRENT" : "NON_CURRENT",
        RotationDate = material.Rotation is null ? null : material.CreatedAt,
        RotationType = material.Rotation,
    };
}
