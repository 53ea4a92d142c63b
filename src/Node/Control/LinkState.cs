namespace Longspan.Node.Control;

/// <summary>Whether the server is connected, for those who wait for it.</summary>
internal sealed class LinkState(TimeProvider time)
{
    /// <summary>A node that has just started is given this long to connect before it counts as cut off.</summary>
    public static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(10);
    private readonly long _startedAt = time.GetTimestamp();
    private volatile bool _isUp;
    private const string NoConnection = "none";
    private volatile string _connection = NoConnection;
    private volatile bool _wasUp;

    public bool IsUp => _isUp;

    /// <summary>The present connection's id. Without one, the server takes no task's end: it is to be sent again when there is one.</summary>
    public string Connection => _connection;

    /// <summary>The server cannot be reached, as far as anyone can tell.</summary>
    public bool IsCutOff => !_isUp && (_wasUp || time.GetElapsedTime(_startedAt) > StartLimit);

    /// <summary>Called when the link goes down.</summary>
    public Action Lost { get; set; } = static () => { };

    /// <summary>Called at each connect: pauses end now.</summary>
    public Action Reunited { get; set; } = static () => { };

    public Func<long> LostLogEvents { get; set; } = static () => 0;

    public Func<long> SpooledLogBytes { get; set; } = static () => 0;

    public void Up(string connection)
    {
        _connection = connection;
        _isUp = true;
        _wasUp = true;
        Reunited();
    }

    public void Down()
    {
        _isUp = false;
        _connection = NoConnection;
        Lost();
    }
}
