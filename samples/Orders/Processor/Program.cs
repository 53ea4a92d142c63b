using Orders.Core;
using Orders.Processor;

if (HealthProbe.IsAskedFor(args))
{
    return await HealthProbe.RunAsync();
}

if (StoreListing.IsAskedFor(args))
{
    return StoreListing.Print(Console.Out);
}

await ProcessorHost.RunAsync(args);
return 0;
