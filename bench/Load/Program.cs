using Longspan.Load;

// Load on queues. "store" drives the message store in this process; "http" drives a running server through signed requests.
return args switch
{
    ["store", .. var rest] => await StoreLoad.RunAsync(Arguments.Parse(rest)),
    ["http", .. var rest] => await HttpLoad.RunAsync(Arguments.Parse(rest)),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("""
        Load store [--workers 32] [--seconds 10] [--body 1000] [--queues 1] [--backlog 0] [--fifo true]
        Load http --endpoint URL --credentials FILE [the same] [--measure cycle|single|polls] [--rate N]
        """);
    return 2;
}
