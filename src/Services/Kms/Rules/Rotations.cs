using Longspan.Services.Kms.Documents;
using Longspan.Store.Documents;

namespace Longspan.Services.Kms.Rules;

/// <summary>New materials for keys. Old ones stay and decrypt what they encrypted.</summary>
internal static class Rotations
{
    public const int DefaultPeriodInDays = 365;
    public const int MaximumOnDemand = 25;
    public const string Automatic = "AUTOMATIC";
    public const string OnDemand = "ON_DEMAND";

    /// <summary>The key with a new current material, and the commit that makes it so.</summary>
    public static Commit Rotate(Document<KeyDocument> key, string rotation, DateTimeOffset now)
    {
        var material = Keys.NewMaterial(key.Value.KeyId);
        var rotated = key.Value with
        {
            Materials = [.. key.Value.Materials, new MaterialEntry(material.MaterialId, now, rotation)],
            // A rotation on demand leaves the schedule alone.
            NextRotationAt = rotation == Automatic && key.Value.RotationPeriodInDays is { } days ? now.AddDays(days) : key.Value.NextRotationAt,
        };
        return new Commit().Update(KmsKinds.Keys, key, rotated).CreateMaterial(key.Key.Scope, material);
    }
}
