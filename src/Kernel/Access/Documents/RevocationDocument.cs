namespace Longspan.Kernel.Access.Documents;

/// <summary>
/// Sessions of one principal, named by its unique id (<c>AROA…:SESSION</c>, <c>AIDA…</c>), are refused when they were issued at or before
/// <see cref="IssuedUntil"/>. Session tokens are stateless, so this is how a single one of many sessions of a role is taken back:
/// a deregistered machine's. It may be dropped once <see cref="KeepUntil"/> has passed, when all such sessions have expired anyway.
/// </summary>
public sealed record RevocationDocument(string UniqueId, DateTimeOffset IssuedUntil, DateTimeOffset KeepUntil);
