using System.Security.Cryptography;
using System.Text;
using Longspan.Kernel;

namespace Longspan.Services.Ssm.Rules;

/// <summary>Activation codes: 20 random letters and digits (the agent refuses shorter ones), kept as a hash only.</summary>
internal static class ActivationCodes
{
    public const int Length = 20;

    public static string New() => Ids.Secret(Length);

    public static string Hash(string code) => Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(code)));

    public static bool Matches(string code, string hash) =>
        CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(Hash(code)), Encoding.ASCII.GetBytes(hash));
}
