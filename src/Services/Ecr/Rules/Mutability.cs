using Longspan.Api.Ecr;

namespace Longspan.Services.Ecr.Rules;

/// <summary>Whether a tag may be moved to another image.</summary>
internal static class Mutability
{
    public const string Mutable = "MUTABLE";
    public const string Immutable = "IMMUTABLE";

    public static string Require(string value) => value is Mutable or Immutable
        ? value
        : throw new InvalidParameterException($"Invalid parameter at 'imageTagMutability' failed to satisfy constraint: 'Member must satisfy enum value set: [{Mutable}, {Immutable}]'");
}
