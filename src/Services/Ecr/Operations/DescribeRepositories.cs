using Longspan.Api.Ecr;
using Longspan.Services.Ecr.Documents;

namespace Longspan.Services.Ecr.Operations;

internal static class DescribeRepositories
{
    public static async ValueTask<DescribeRepositoriesResponse> HandleAsync(EcrContext cx, DescribeRepositoriesRequest request, CancellationToken stop)
    {
        if (request.RepositoryNames is { Count: > 0 } names)
        {
            var named = new List<Repository>();
            foreach (var name in Paging.Names(names, "repositoryNames"))
            {
                named.Add((await cx.RequireRepositoryAsync(name, request.RegistryId, stop)).Value.ToShape(cx));
            }
            return new() { Repositories = named };
        }
        var (after, size) = Paging.Read(request.NextToken, request.MaxResults);
        var found = await cx.Documents.ListAsync(EcrKinds.Repository, cx.Call.Scope, stop, afterName: after, limit: size + 1);
        return new()
        {
            Repositories = [.. found.Take(size).Where(repository => !repository.Value.Deleting).Select(repository => repository.Value.ToShape(cx))],
            NextToken = Paging.Next([.. found.Select(repository => repository.Key.Name)], size),
        };
    }
}
