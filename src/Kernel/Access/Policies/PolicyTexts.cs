using System.Collections.Concurrent;

namespace Longspan.Kernel.Access.Policies;

/// <summary>
/// Policies by their text, read once. Documents carry policies as text, and each read of a document makes its texts anew; the meaning of a
/// text never changes, so nothing here grows old.
/// </summary>
public static class PolicyTexts
{
    /// <summary>More kept policies than this and the memory starts over.</summary>
    public const int MaximumKept = 2048;
    /// <summary>Longer texts are read each time; together with <see cref="MaximumKept"/> this bounds the memory.</summary>
    public const int MaximumKeptLength = 16_384;

    private static readonly ConcurrentDictionary<(string Text, PolicyUse Use), Policy> s_kept = [];

    /// <summary>Null when the text is no policy for this use, which a stored one always is.</summary>
    public static Policy? TryRead(string text, PolicyUse use)
    {
        if (s_kept.TryGetValue((text, use), out var kept))
        {
            return kept;
        }
        var policy = PolicyReader.TryRead(text, use, out _);
        if (policy is not null && text.Length <= MaximumKeptLength)
        {
            if (s_kept.Count >= MaximumKept)
            {
                s_kept.Clear();
            }
            s_kept[(text, use)] = policy;
        }
        return policy;
    }

    /// <summary>A stored policy. One that this version cannot read denies everything: nobody knows what it would have denied.</summary>
    public static Policy Read(string text, PolicyUse use) => TryRead(text, use) ?? Policy.DenyAll;
}
