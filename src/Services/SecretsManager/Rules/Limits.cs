namespace Longspan.Services.SecretsManager.Rules;

internal static class Limits
{
    private const int MaximumDescription = 2048;
    private const int MaximumKeyId = 2048;

    public static void CheckDescription(string? description)
    {
        if (description?.Length > MaximumDescription)
        {
            throw SecretsManagerFaults.Constraint("description", description, $"Member must have length less than or equal to {MaximumDescription}");
        }
    }

    public static void CheckKeyId(string? keyId)
    {
        if (keyId?.Length > MaximumKeyId)
        {
            throw SecretsManagerFaults.Constraint("kmsKeyId", keyId, $"Member must have length less than or equal to {MaximumKeyId}");
        }
    }

    public static int PageSize(int? asked, int largest) => asked is < 1 || asked > largest
        ? throw SecretsManagerFaults.Constraint("maxResults", asked, $"Member must have value between 1 and {largest}, inclusive")
        : asked ?? largest;
}
