using System.Security.Cryptography;
using Longspan.Api.SecretsManager;

namespace Longspan.Services.SecretsManager.Rules;

/// <summary>Random passwords, from the operating system's generator.</summary>
internal static class PasswordRules
{
    private const string Uppercase = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    private const string Lowercase = "abcdefghijklmnopqrstuvwxyz";
    private const string Digits = "0123456789";
    private const string Punctuation = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";
    private const string Space = " ";

    /// <summary>The characters of each type that the request leaves; a type without any is not there.</summary>
    public static IReadOnlyList<string> Sets(GetRandomPasswordRequest request)
    {
        var excluded = request.ExcludeCharacters ?? "";
        List<string> types = [];
        void Add(string characters, bool included)
        {
            var left = string.Concat(characters.Where(c => !excluded.Contains(c, StringComparison.Ordinal)));
            if (included && left.Length > 0)
            {
                types.Add(left);
            }
        }
        Add(Uppercase, request.ExcludeUppercase != true);
        Add(Lowercase, request.ExcludeLowercase != true);
        Add(Digits, request.ExcludeNumbers != true);
        Add(Punctuation, request.ExcludePunctuation != true);
        Add(Space, request.IncludeSpace == true);
        return types;
    }

    /// <param name="eachType">At least one character of each set, at places that nobody can foresee.</param>
    public static string Make(IReadOnlyList<string> sets, int length, bool eachType)
    {
        var all = string.Concat(sets);
        var password = RandomNumberGenerator.GetItems<char>(all, length);
        if (eachType)
        {
            for (var i = 0; i < sets.Count; i++)
            {
                password[i] = sets[i][RandomNumberGenerator.GetInt32(sets[i].Length)];
            }
            RandomNumberGenerator.Shuffle(password.AsSpan());
        }
        return new string(password);
    }
}
