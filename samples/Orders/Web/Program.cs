using Orders.Web;
using Orders.Core;

if (HealthProbe.IsAskedFor(args))
{
    return await HealthProbe.RunAsync();
}

await WebHost.RunAsync(args);
return 0;
