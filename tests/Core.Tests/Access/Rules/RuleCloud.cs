using System.Collections;
using System.Text.RegularExpressions;
using Longspan.Api.Iam;
using Longspan.Api.Shapes;
using Longspan.Kernel;
using Longspan.Kernel.Access;
using Longspan.Server;
using Longspan.Services.Ecs;
using Longspan.Store;
using Microsoft.Extensions.Logging.Abstractions;

namespace Longspan.Core.Tests.Access.Rules;

/// <summary>All services that the server offers, on a fresh folder, to be asked what they ask of the policies.</summary>
internal sealed partial class RuleCloud : IAsyncDisposable
{
    public const string Account = "123456789012";
    public const string Region = "lab-1";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("longspan-rules-");
    private StoreFolder _store = null!;

    public Cloud Cloud { get; private set; } = null!;
    public IReadOnlyList<ServiceModule> Services { get; private set; } = [];
    /// <summary>A user without any policy.</summary>
    public Caller Ann { get; private set; } = null!;

    public static async Task<RuleCloud> StartAsync()
    {
        var cloud = new RuleCloud();
        cloud._store = await StoreFolder.OpenAsync(cloud._folder.FullName, TimeProvider.System);
        cloud.Cloud = new Cloud(
            cloud._store.Documents, TimeProvider.System, new CloudSettings(Account, new Uri("http://127.0.0.1:4566"), cloud._folder.FullName));
        cloud.Services = Modules.Create(cloud.Cloud, cloud._store, new SessionTokens(cloud._store.Sealer), NullLoggerFactory.Instance);
        foreach (var service in cloud.Services)
        {
            cloud.Cloud.Add(service);
            await service.StartAsync(default);
        }
        cloud.Ann = await cloud.CreateUserAsync("ann");
        return cloud;
    }

    public async Task<Caller> CreateUserAsync(string name)
    {
        var user = (await CallAsync(IamOperations.CreateUser, new CreateUserRequest { UserName = name })).User!;
        return new Caller(Account, user.Arn!, user.UserId!, "AKIAOWNKEYOWNKEYOWN1", IsAdministrator: false);
    }

    /// <summary>What the operation asks for a request with these members, one line for each question.</summary>
    public async Task<string[]> AskAsync(string service, string name, object members)
    {
        var module = Services.Single(m => m.Schema.Name == service);
        var (operation, rule) = module.Access.Single(a => a.Key.Name == name);
        var demands = await rule(CallOf(Ann), Filled(operation.NewRequest(), members), default);
        return [.. demands.Select(Text)];
    }

    public CallContext CallOf(Caller caller) => new(Cloud, caller, Region, "request", Cloud.Settings.Endpoint);

    public async Task<TResponse> CallAsync<TRequest, TResponse>(Operation<TRequest, TResponse> operation, TRequest request, Caller? caller = null)
        where TRequest : Shape, new()
        where TResponse : Shape, new() =>
        (TResponse)await Cloud.DispatchAsync(CallOf(caller ?? Caller.Platform(Account)), operation, request, default);

    /// <summary>Action, resource without what all ARNs here have in common, and the values of condition keys.</summary>
    private static string Text(AccessDemand demand) => string.Join(' ',
        [
            demand.Action, Short(demand.Resource),
            .. demand.Keys.OrderBy(k => k.Key, StringComparer.Ordinal).Select(k => $"{k.Key}={string.Join('|', k.Value.Select(Short))}"),
            .. (demand.RequestTags ?? new Dictionary<string, string>()).Select(t => $"+{t.Key}={t.Value}"),
        ]);

    private static string Short(string text) => Own().Replace(text, "");

    private static Shape Filled(Shape request, object members)
    {
        foreach (var member in members.GetType().GetProperties())
        {
            var property = request.GetType().GetProperty(member.Name)
                ?? throw new InvalidOperationException($"{request.GetType().Name} has no {member.Name}");
            var value = member.GetValue(members);
            if (value is Array items)
            {
                var list = (IList)Activator.CreateInstance(property.PropertyType)!;
                foreach (var item in items)
                {
                    list.Add(item);
                }
                value = list;
            }
            property.SetValue(request, value);
        }
        return request;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var service in Services.Reverse())
        {
            await service.StopAsync();
            (service as EcsModule)?.Dispose();
        }
        await _store.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    [GeneratedRegex($"^arn:aws:[a-z]+:({Region})?:{Account}:")]
    private static partial Regex Own();
}

/// <summary>An operation, a request, and what it must ask.</summary>
internal sealed record Rule(string Operation, object Members, params string[] Demands);
