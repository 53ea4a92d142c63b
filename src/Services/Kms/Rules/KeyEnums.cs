namespace Longspan.Services.Kms.Rules;

/// <summary>What the model of KMS knows of keys: a word outside of it is a mistake, one in it perhaps a kind of key that is not served here.</summary>
internal static class KeyEnums
{
    public static string[] Specs { get; } =
    [
        "RSA_2048", "RSA_3072", "RSA_4096", "ECC_NIST_P256", "ECC_NIST_P384", "ECC_NIST_P521", "ECC_SECG_P256K1", "ECC_NIST_EDWARDS25519",
        Keys.DefaultSpec, "HMAC_224", "HMAC_256", "HMAC_384", "HMAC_512", "SM2", "ML_DSA_44", "ML_DSA_65", "ML_DSA_87", "ML_KEM_512", "ML_KEM_768",
        "ML_KEM_1024",
    ];

    public static string[] Usages { get; } =
        ["SIGN_VERIFY", "ENCRYPT_DECRYPT", "GENERATE_VERIFY_MAC", "KEY_AGREEMENT", "ENCAPSULATE_DECAPSULATE"];

    public static string[] Origins { get; } = ["AWS_KMS", "EXTERNAL", "AWS_CLOUDHSM", "EXTERNAL_KEY_STORE"];

    public static void Check(string member, string? value, string[] known)
    {
        if (value is not null && !known.Contains(value))
        {
            throw KmsFaults.Constraint(member, value, $"Member must satisfy enum value set: [{string.Join(", ", known)}]");
        }
    }
}
