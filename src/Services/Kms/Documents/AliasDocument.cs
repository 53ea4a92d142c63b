namespace Longspan.Services.Kms.Documents;

/// <param name="Name">With its prefix: <c>alias/orders</c>.</param>
public sealed record AliasDocument(string Name, string KeyId, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt);
