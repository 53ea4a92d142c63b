using Longspan.Load;
using Longspan.Load.Peers;

// "store" drives the message store and "documents" the document log, both in this process; "http" drives a running server through signed
// requests; "peers" starts ours and other queue servers one after the other and compares them.
return args switch
{
    ["store", .. var rest] => await StoreLoad.RunAsync(Arguments.Parse(rest)),
    ["http", .. var rest] => await HttpLoad.RunAsync(Arguments.Parse(rest)),
    ["documents", .. var rest] => await DocumentLoad.RunAsync(Arguments.Parse(rest)),
    ["peers", .. var rest] => await PeerRun.RunAsync(Arguments.Parse(rest)),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("""
        Load store [--workers 32] [--seconds 10] [--body 1000] [--queues 1] [--backlog 0] [--fifo true]
        Load documents [--folder PARENT]
        Load peers [--seconds 3] [--rounds 3] [--backlog 200000] [--only NAME,NAME] [--out FILE]
        Load http --endpoint URL --credentials FILE [the same] [--measure cycle|single|polls] [--rate N]
        """);
    return 2;
}
