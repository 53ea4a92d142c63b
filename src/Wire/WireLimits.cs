namespace Longspan.Wire;

/// <summary>Bounds of what a decoder accepts. The size of a body is bounded before it gets here, by the endpoint.</summary>
public static class WireLimits
{
    /// <summary>Nesting of structures, lists, maps and documents. The deepest AWS shape in use is far below.</summary>
    public const int MaxDepth = 64;
    /// <summary>Fields of one form or query string; also guards the quadratic cost of hostile index runs.</summary>
    public const int MaxFormFields = 20_000;
    /// <summary>Elements and attributes of one XML body.</summary>
    public const int MaxXmlNodes = 200_000;
    /// <summary>Signed headers of one signature.</summary>
    public const int MaxSignedHeaders = 128;
    /// <summary>Characters of the region in a signature's scope.</summary>
    public const int MaxRegionLength = 64;
    /// <summary>Derived signing keys that are remembered.</summary>
    public const int MaxCachedSigningKeys = 4096;
}
