namespace Longspan.Services.Kms.Rules;

/// <summary>Sizes of data keys and of random bytes.</summary>
internal static class DataKeys
{
    private const int MaximumBytes = 1024;

    public static int Size(string? spec, int? bytes) => (spec, bytes) switch
    {
        ("AES_256", null) => 32,
        ("AES_128", null) => 16,
        (null, { } size) => Check(size),
        (null, null) or (not null, not null) => throw KmsFaults.Validation("Please specify either number of bytes or key spec."),
        _ => throw KmsFaults.Constraint("keySpec", spec, "Member must satisfy enum value set: [AES_256, AES_128]"),
    };

    public static int Check(int bytes) => bytes is >= 1 and <= MaximumBytes
        ? bytes
        : throw KmsFaults.Constraint("numberOfBytes", bytes, $"Member must have value between 1 and {MaximumBytes}, inclusive");
}
