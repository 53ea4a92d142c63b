namespace Longspan.Node.Control;

/// <summary>Whether the server is connected, for those who wait for it.</summary>
internal sealed class LinkState
{
    private volatile bool _isUp;

    public bool IsUp => _isUp;

    /// <summary>Called at each connect: pauses end now.</summary>
    public Action Reunited { get; set; } = static () => { };

    public Func<long> LostLogEvents { get; set; } = static () => 0;

    public Func<long> SpooledLogBytes { get; set; } = static () => 0;

    public void Up()
    {
        _isUp = true;
        Reunited();
    }

    public void Down() => _isUp = false;
}
