namespace Longspan.Kernel.Access.Policies;

/// <summary>The policy language's patterns: <c>*</c> for any run of characters, <c>?</c> for exactly one.</summary>
public static class Wildcards
{
    /// <summary>Linear in practice and never worse than pattern times text: only the last star is ever tried again.</summary>
    /// <param name="run">The character that stands for a run; another one where stars must stand for themselves.</param>
    public static bool Match(ReadOnlySpan<char> pattern, ReadOnlySpan<char> text, bool ignoreCase = false, char run = '*', char one = '?')
    {
        var (p, t, star, resume) = (0, 0, -1, 0);
        while (t < text.Length)
        {
            if (p < pattern.Length && pattern[p] == run)
            {
                star = p++;
                resume = t;
            }
            else if (p < pattern.Length && (pattern[p] == one || Same(pattern[p], text[t], ignoreCase)))
            {
                p++;
                t++;
            }
            else if (star >= 0)
            {
                p = star + 1;
                t = ++resume;
            }
            else
            {
                return false;
            }
        }
        while (p < pattern.Length && pattern[p] == run)
        {
            p++;
        }
        return p == pattern.Length;
    }

    private static bool Same(char a, char b, bool ignoreCase) =>
        a == b || (ignoreCase && char.ToLowerInvariant(a) == char.ToLowerInvariant(b));
}
