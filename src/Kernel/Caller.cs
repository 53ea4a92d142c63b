namespace Longspan.Kernel;

/// <summary>
/// Who signed a request, as STS <c>GetCallerIdentity</c> would tell it. Built by the signature check from the key's owner.
/// </summary>
/// <param name="AccountId">Twelve digits.</param>
/// <param name="Arn"><c>arn:aws:iam::…:user/NAME</c>, <c>arn:aws:sts::…:assumed-role/ROLE/SESSION</c> or <c>arn:aws:iam::…:root</c>.</param>
/// <param name="UserId">The unique id: <c>AIDA…</c>, <c>AROA…:SESSION</c>, or the account for root.</param>
/// <param name="AccessKeyId">The key that signed.</param>
/// <param name="IsAdministrator">True for the account's own keys: they may do everything.</param>
public sealed record Caller(string AccountId, string Arn, string UserId, string AccessKeyId, bool IsAdministrator)
{
    /// <summary>The platform's own hand, for passes and calls between services that no user's role covers.</summary>
    public static Caller Platform(string accountId) => new(accountId, $"arn:aws:iam::{accountId}:root", accountId, "", true);
}
