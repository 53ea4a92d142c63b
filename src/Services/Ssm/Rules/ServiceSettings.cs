using Longspan.Api.Ssm;
using Longspan.Kernel;
using Longspan.Services.Ssm.Documents;

namespace Longspan.Services.Ssm.Rules;

/// <summary>The service settings of Parameter Store, with what they may be and what they are unless changed.</summary>
internal static class ServiceSettings
{
    public const string DefaultTier = "/ssm/parameter-store/default-parameter-tier";
    private const string HighThroughput = "/ssm/parameter-store/high-throughput-enabled";
    private const string ResourcePrefix = "servicesetting";

    /// <summary>The first value is the default.</summary>
    private static readonly Dictionary<string, string[]> s_values = new(StringComparer.Ordinal)
    {
        [DefaultTier] = ["Standard", "Advanced", "Intelligent-Tiering"],
        [HighThroughput] = ["false", "true"],
    };

    /// <summary>The setting's id, from its id or its ARN in this account and region.</summary>
    public static string Require(CallContext call, string text)
    {
        var own = call.Arn("ssm", ResourcePrefix).ToString();
        var id = text.StartsWith(own + "/", StringComparison.Ordinal) ? text[own.Length..] : text;
        return s_values.ContainsKey(id)
            ? id
            : throw new ServiceSettingNotFound(
                "The specified service setting was not found. Either the service name or the setting has not been provisioned by the Amazon Web "
                + "Services service team.");
    }

    public static string DefaultOf(string id) => s_values[id][0];

    public static void Check(string id, string value)
    {
        if (!s_values[id].Contains(value))
        {
            throw SsmFaults.Validation($"The value {value} is not valid for the setting {id}. Valid values include: [{string.Join(", ", s_values[id])}].");
        }
    }

    public static async ValueTask<string> ValueAsync(SsmContext cx, string id, CancellationToken stop) =>
        (await cx.Documents.GetAsync(SsmKinds.Settings, cx.Call.Scope, id, stop))?.Value.Value ?? DefaultOf(id);

    public static string ArnOf(CallContext call, string? text) =>
        Arn.TryParse(text, out _) ? text : call.Arn("ssm", $"{ResourcePrefix}/{text?.TrimStart('/')}").ToString();
}
