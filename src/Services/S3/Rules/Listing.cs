using Longspan.Services.S3.Documents;

namespace Longspan.Services.S3.Rules;

/// <summary>One page of a listing as it fills: keys, and what keys have in common up to a delimiter, counted together.</summary>
internal sealed class Listing(string prefix, string? delimiter, int limit)
{
    public List<(string Key, ObjectDocument Object)> Objects { get; } = [];
    public List<string> CommonPrefixes { get; } = [];
    /// <summary>The place after which the next page starts; all keys that a common prefix stands for are before it.</summary>
    public string? Last { get; private set; }
    public bool IsFull => Objects.Count + CommonPrefixes.Count >= limit;

    /// <summary>False when the page had no room for the key.</summary>
    public bool Add(string key, ObjectDocument found)
    {
        var common = CommonPrefixOf(key);
        if (common is not null && CommonPrefixes.Count > 0 && CommonPrefixes[^1] == common)
        {
            return true;
        }
        if (IsFull)
        {
            return false;
        }
        if (common is null)
        {
            Objects.Add((key, found));
            Last = key;
        }
        else
        {
            CommonPrefixes.Add(common);
            Last = common;
        }
        return true;
    }

    /// <summary>Where to go on reading: behind the key or, at once, behind everything that a common prefix stands for.</summary>
    public string ReadAfter(string key) => CommonPrefixOf(key) is { } common ? Behind(common) : key;

    /// <summary>Greater than every key that begins so: nothing comes after Unicode's last code point, which is no character.</summary>
    public static string Behind(string common) => common + "\U0010FFFF";

    private string? CommonPrefixOf(string key)
    {
        if (string.IsNullOrEmpty(delimiter))
        {
            return null;
        }
        var end = key.IndexOf(delimiter, prefix.Length, StringComparison.Ordinal);
        return end < 0 ? null : key[..(end + delimiter.Length)];
    }
}
