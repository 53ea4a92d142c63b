using System.Security.Cryptography;
using System.Text;
using Longspan.Store.Files;
using Microsoft.Extensions.Logging;

namespace Longspan.Server.Transport;

/// <summary>
/// The certificate of the moment. It is looked after while the server runs: a changed file, or one that was renewed, is used for new
/// connections; those that are open go on. What is of no use never replaces what works, and is said in the log.
/// </summary>
internal sealed partial class ServerCertificates : IAsyncDisposable
{
    /// <summary>In the data folder: what clients have to trust, for everybody who reaches the folder.</summary>
    public const string AuthorityFile = "ca.pem";
    private const string KeysFolder = "keys";
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(10);
    /// <summary>A given certificate that nobody renews is told of this long before it ends.</summary>
    private static readonly TimeSpan Warning = TimeSpan.FromDays(14);

    private readonly CertificateSource _source;
    private readonly TimeProvider _clock;
    private readonly ILogger _log;
    private readonly string _published;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _looking;
    private ServerCertificate _current;
    private ServerCertificate? _warnedOf;
    private string? _told;

    private ServerCertificates(CertificateSource source, ServerSettings settings, ILogger log)
    {
        (_source, _clock, _log) = (source, settings.Clock, log);
        _published = Path.Combine(settings.DataFolder, AuthorityFile);
        _current = source.Next(_clock.GetUtcNow()) ?? throw new InvalidOperationException("a source begins with a certificate");
        Publish();
        _looking = Task.Run(FollowAsync);
    }

    public ServerCertificate Current => Volatile.Read(ref _current);

    /// <exception cref="InvalidDataException">There is no usable certificate.</exception>
    public static ServerCertificates Open(ServerSettings settings, ILogger log)
    {
        CertificateSource source = settings.TlsCertificateFile is { } certificate
            ? new GivenCertificate(certificate, settings.TlsKeyFile!)
            : OwnAuthority.Open(
                Path.Combine(settings.DataFolder, KeysFolder), () => ServerNames.Of(settings.Bind.Where(settings.IsEncrypted), settings.TlsNames), settings.Clock.GetUtcNow());
        try
        {
            return new ServerCertificates(source, settings, log);
        }
        catch
        {
            source.Dispose();
            throw;
        }
    }

    /// <summary>Takes what has changed.</summary>
    internal void Look()
    {
        var now = _clock.GetUtcNow();
        try
        {
            if (_source.Next(now) is { } next)
            {
                _told = null;
                Volatile.Write(ref _current, next);
                LogTaken(next.Leaf.Subject, next.NotAfter);
                Publish();
            }
        }
        catch (Exception e) when (e is InvalidDataException or IOException or UnauthorizedAccessException or CryptographicException)
        {
            if (_told != e.Message)
            {
                _told = e.Message;
                LogRefused(Current.Leaf.Subject, Current.NotAfter, e.Message);
            }
        }
        if (Current.NotAfter - now < Warning && !ReferenceEquals(_warnedOf, Current))
        {
            _warnedOf = Current;
            LogEnding(Current.Leaf.Subject, Current.NotAfter);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _looking;
        _source.Dispose();
        _stop.Dispose();
    }

    private async Task FollowAsync()
    {
        using var timer = new PeriodicTimer(Period, _clock);
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token))
            {
                Look();
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
        }
    }

    // A stale authority would be worse than none: clients that are given it trust nobody.
    private void Publish()
    {
        if (Current.Authority is not { } authority)
        {
            File.Delete(_published);
        }
        else if (!File.Exists(_published) || File.ReadAllText(_published) != authority)
        {
            FileSync.WritePublic(_published, Encoding.ASCII.GetBytes(authority));
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "New connections use the certificate {Subject}, valid until {NotAfter:u}")]
    private partial void LogTaken(string subject, DateTimeOffset notAfter);

    [LoggerMessage(Level = LogLevel.Error, Message = "The certificate {Subject}, valid until {NotAfter:u}, stays in use. A newer one is of no use: {Reason}")]
    private partial void LogRefused(string subject, DateTimeOffset notAfter, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The certificate {Subject} ends at {NotAfter:u}. Replace its files; the server takes the new ones by itself")]
    private partial void LogEnding(string subject, DateTimeOffset notAfter);
}
