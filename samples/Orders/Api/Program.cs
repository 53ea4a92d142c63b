using Orders.Api;
using Orders.Core;

if (HealthProbe.IsAskedFor(args))
{
    return await HealthProbe.RunAsync();
}

await ApiHost.RunAsync(args);
return 0;
