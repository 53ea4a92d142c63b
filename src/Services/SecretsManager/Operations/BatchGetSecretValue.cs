using Longspan.Api.SecretsManager;
using Longspan.Api.Shapes;
using Longspan.Kernel;
using Longspan.Services.SecretsManager.Rules;

namespace Longspan.Services.SecretsManager.Operations;

/// <summary>Each secret is read as <c>GetSecretValue</c> by the same caller: what that refuses is told for this secret, beside the others.</summary>
internal static class BatchGetSecretValue
{
    private const int MaximumSecrets = 20;

    public static async ValueTask<BatchGetSecretValueResponse> HandleAsync(
        SecretsManagerContext cx, BatchGetSecretValueRequest request, CancellationToken stop)
    {
        var hasList = request.SecretIdList is { Count: > 0 };
        if (hasList == request.Filters is { Count: > 0 })
        {
            throw new InvalidParameterException(
                hasList ? "Either 'SecretIdList' or 'Filters' must be provided, but not both." : "Either 'SecretIdList' or 'Filters' must be provided.");
        }
        var answer = new BatchGetSecretValueResponse { SecretValues = [], Errors = [] };
        foreach (var id in hasList ? Listed(request) : await FilteredAsync(cx, request, answer, stop))
        {
            await AddAsync(cx, answer, id, stop);
        }
        return answer;
    }

    private static List<string> Listed(BatchGetSecretValueRequest request)
    {
        if (request.SecretIdList!.Count > MaximumSecrets)
        {
            throw SecretsManagerFaults.Constraint("secretIdList", null, $"Member must have length less than or equal to {MaximumSecrets}");
        }
        if (request.MaxResults is not null)
        {
            throw new InvalidParameterException("'Filters' not specified. 'Filters' must also be specified when 'MaxResults' is provided.");
        }
        return request.SecretIdList;
    }

    private static async ValueTask<IEnumerable<string>> FilteredAsync(
        SecretsManagerContext cx, BatchGetSecretValueRequest request, BatchGetSecretValueResponse answer, CancellationToken stop)
    {
        var size = Limits.PageSize(request.MaxResults, MaximumSecrets);
        var (page, token) = await ListSecrets.PageAsync(
            cx, new ListSecretsRequest { Filters = request.Filters, NextToken = request.NextToken }, size, stop);
        answer.NextToken = token;
        return page.Select(cx.ArnOf);
    }

    private static async ValueTask AddAsync(SecretsManagerContext cx, BatchGetSecretValueResponse answer, string id, CancellationToken stop)
    {
        try
        {
            var value = await cx.Call.Cloud.CallAsync(
                SecretsManagerOperations.GetSecretValue, new GetSecretValueRequest { SecretId = id }, cx.Call, "secretsmanager", stop);
            answer.SecretValues!.Add(new SecretValueEntry
            {
                ARN = value.ARN,
                Name = value.Name,
                VersionId = value.VersionId,
                SecretString = value.SecretString,
                SecretBinary = value.SecretBinary,
                VersionStages = value.VersionStages,
                CreatedDate = value.CreatedDate,
            });
        }
        catch (AwsError refused) when (!refused.IsServerFault)
        {
            answer.Errors!.Add(new APIErrorType { SecretId = id, ErrorCode = refused.Code, Message = refused.Message });
        }
    }
}
