using Longspan.Kernel;
using Longspan.Kernel.Access;
using Longspan.Services.Ssm.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Ssm;

/// <summary>What an SSM operation works with.</summary>
public sealed record SsmContext
{
    /// <summary>Attempts at a change before its caller is told that there are too many updates.</summary>
    public const int MaximumAttempts = 10;

    internal SsmContext(CallContext call, PingTimes pings, SealedBox values) => (Call, Pings, Values) = (call, pings, values);

    public CallContext Call { get; }
    internal PingTimes Pings { get; }
    /// <summary>Seals the values of secure strings that are asked for without decryption.</summary>
    internal SealedBox Values { get; }

    public Caller Caller => Call.Caller;
    public DocumentLog Documents => Call.Cloud.Documents;
    public DateTimeOffset Now => Call.Now;
}
