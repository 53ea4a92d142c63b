namespace Longspan.Kernel.Access.Documents;

/// <summary>What the account itself is told: one document, named <see cref="Name"/>.</summary>
public sealed record AccountDocument
{
    public const string Name = "account";

    public string? Alias { get; init; }
}
