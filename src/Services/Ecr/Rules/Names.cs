using System.Text.RegularExpressions;
using Longspan.Api.Ecr;

namespace Longspan.Services.Ecr.Rules;

/// <summary>Names as ECR and the OCI distribution specification allow them. Nothing that passes can leave its folder.
/// They end with <c>\z</c>: a dollar sign would let a line feed pass.</summary>
internal static partial class Names
{
    private const int LongestRepository = 256;
    private const int ShortestRepository = 2;

    public static bool IsRepository(string? name) =>
        name is { Length: >= ShortestRepository and <= LongestRepository } && RepositoryPattern().IsMatch(name);

    public static bool IsTag(string? tag) => tag is not null && TagPattern().IsMatch(tag);

    public static bool IsDigest(string? digest) => digest is not null && DigestPattern().IsMatch(digest);

    public static string RequireRepository(string? name) => IsRepository(name)
        ? name!
        : throw new InvalidParameterException(
            $"Invalid parameter at 'repositoryName' failed to satisfy constraint: 'must satisfy regular expression '(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*''");

    public static string RequireTag(string? tag) => IsTag(tag)
        ? tag!
        : throw new InvalidParameterException("Invalid parameter at 'imageTag' failed to satisfy constraint: 'must satisfy regular expression '[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}''");

    [GeneratedRegex(@"^(?:[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*/)*[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*\z", RegexOptions.NonBacktracking)]
    private static partial Regex RepositoryPattern();

    [GeneratedRegex(@"^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}\z", RegexOptions.NonBacktracking)]
    private static partial Regex TagPattern();

    [GeneratedRegex(@"^sha256:[a-f0-9]{64}\z", RegexOptions.NonBacktracking)]
    private static partial Regex DigestPattern();
}
