using Longspan.Api.Ssm;
using Longspan.Services.Ssm.Documents;
using Longspan.Services.Ssm.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Ssm.Operations;

internal static class PutParameter
{
    private const int MaximumParameters = 10_000;
    private const int MaximumDescriptionLength = 1024;

    public static async ValueTask<PutParameterResult> HandleAsync(SsmContext cx, PutParameterRequest request, CancellationToken stop)
    {
        var name = ParameterNames.CheckNew(request.Name!);
        Check(request);
        var policies = ParameterPolicies.Read(request.Policies, cx.Now);
        for (var attempt = 0; attempt < SsmContext.MaximumAttempts; attempt++)
        {
            var present = await Parameters.FindAsync(cx, name, stop);
            if (present is not null && request.Overwrite != true)
            {
                throw new ParameterAlreadyExists(
                    "The parameter already exists. To overwrite this value, set the overwrite option in the request to true.");
            }
            if (present is null)
            {
                await CheckQuotaAsync(cx, stop);
            }
            var next = Next(cx, name, present?.Value, request, policies ?? ParameterPolicies.AfterChange(present?.Value.Policies ?? []));
            // An advanced parameter stays one when nothing is said.
            var tier = request.Tier
                ?? (present?.Value.Tier == "Advanced" ? "Advanced" : await ServiceSettings.ValueAsync(cx, ServiceSettings.DefaultTier, stop));
            next = next with { Tier = ParameterValues.Tier(tier, present?.Value.Tier, request.Value!, hasPolicies: next.Policies.Count > 0) };
            next = await SecureStrings.SealAsync(cx, next, stop);
            if (await TryWriteAsync(cx, present, next, stop))
            {
                return new PutParameterResult { Version = next.Version, Tier = next.Tier };
            }
        }
        throw SsmFaults.TooManyUpdates();
    }

    private static async ValueTask<bool> TryWriteAsync(
        SsmContext cx, Document<ParameterDocument>? present, ParameterDocument next, CancellationToken stop)
    {
        var commit = present is null
            ? new Commit().Create(SsmKinds.Parameters, cx.Call.Scope, next.Name, next)
            : new Commit().Update(SsmKinds.Parameters, present, next);
        commit.Create(SsmKinds.ParameterVersions, cx.Call.Scope, SsmKinds.VersionName(next.Name, next.Version), next);
        if (next.Version > Parameters.MaximumVersions
            && await Parameters.VersionsAsync(cx, next.Name, stop, limit: 1) is [var oldest]
            && oldest.Value.Version <= next.Version - Parameters.MaximumVersions)
        {
            if (next.Labels.Values.Contains(oldest.Value.Version))
            {
                throw new ParameterMaxVersionLimitExceeded(
                    $"You attempted to create a new version of {next.Name} by calling the PutParameter API with the overwrite flag. Version "
                    + $"{oldest.Value.Version}, the oldest version, can't be deleted because it has a label associated with it. Move the label to another "
                    + "version of the parameter, and try again.");
            }
            commit.Delete(oldest);
        }
        return (await cx.Documents.CommitAsync(commit, stop)).Committed;
    }

    private static void Check(PutParameterRequest request)
    {
        if (request.Tags is { Count: > 0 } && request.Overwrite == true)
        {
            throw SsmFaults.Validation(
                "Invalid request: tags and overwrite can't be used together. To create a parameter with tags, please remove overwrite flag. To "
                + "update tags for an existing parameter, please use AddTagsToResource or RemoveTagsFromResource.");
        }
        if (request.Type is not null)
        {
            ParameterValues.CheckType(request.Type);
        }
        if (request.Description?.Length > MaximumDescriptionLength)
        {
            throw SsmFaults.Constraint("description", request.Description, $"Member must have length less than or equal to {MaximumDescriptionLength}");
        }
        ParameterValues.CheckNesting(request.Value!);
    }

    private static async ValueTask CheckQuotaAsync(SsmContext cx, CancellationToken stop)
    {
        if ((await cx.Documents.ListAsync(SsmKinds.Parameters, cx.Call.Scope, stop)).Count >= MaximumParameters)
        {
            throw new ParameterLimitExceeded($"You have reached the maximum number of {MaximumParameters} parameters for this account and region.");
        }
    }

    private static ParameterDocument Next(
        SsmContext cx, string name, ParameterDocument? present, PutParameterRequest request, IReadOnlyList<ParameterPolicy> policies)
    {
        var type = request.Type ?? present?.Type
            ?? throw SsmFaults.Validation("A parameter type is required when you create a parameter.");
        if (present is not null && present.Type != type)
        {
            throw new HierarchyTypeMismatchException(
                "Parameter Store does not support changing a parameter type in a hierarchy. For example, you can't change a parameter from a "
                + "String type to a SecureString type. You must create a new, unique parameter.");
        }
        var pattern = request.AllowedPattern ?? present?.AllowedPattern;
        ParameterValues.CheckPattern(pattern, request.Value!);
        var dataType = string.IsNullOrEmpty(request.DataType) ? present?.DataType ?? ParameterValues.PlainText : request.DataType;
        ParameterValues.CheckDataType(dataType, type, request.Value!);
        return new ParameterDocument
        {
            Name = name,
            Type = type,
            Value = request.Value!,
            Version = (present?.Version ?? 0) + 1,
            ModifiedAt = cx.Now,
            ModifiedBy = cx.Caller.Arn,
            DataType = dataType,
            Description = request.Description ?? present?.Description,
            AllowedPattern = pattern,
            KeyId = type == ParameterValues.SecureString ? request.KeyId ?? present?.KeyId ?? ParameterValues.DefaultKey : null,
            Tags = present?.Tags ?? SsmTags.Read(request.Tags),
            Labels = present?.Labels ?? new Dictionary<string, long>(),
            Policies = policies,
        };
    }
}
