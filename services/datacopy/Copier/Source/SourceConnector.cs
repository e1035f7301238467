using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Hikyaku.Platform;

namespace Hikyaku.Copier;

/// <summary>Where and how a source was reached.</summary>
/// <param name="Port">The port.</param>
/// <param name="Security">How the connection is protected.</param>
public sealed record SourceRoute(int Port, CopySecurity Security);

/// <summary>
/// Connects to servers that users name (CPY-8): to public addresses and IMAP's ports only, unless the operator allows the network, and to the
/// very address that was judged. Port and protection are found by trying TLS on 993, then STARTTLS on 143, and 143 without TLS only if the user
/// agrees (CPY-1). TLS and the greeting are dealt with here; the IMAP client gets a stream that is protected and bounded already.
/// </summary>
/// <param name="guard">Knows the addresses that may be reached.</param>
/// <param name="settings">Bounds.</param>
public sealed class SourceConnector(NetworkGuard guard, CopySettings settings)
{
    private const int Imap = 143;
    private const int Imaps = 993;
    private const int MaxGreeting = 8 * 1024;
    private const int GreetingAllowance = 64 * 1024;

    // From the least to the most telling: of several ways that fail, this one is reported.
    private static readonly CopyFailureKind[] ByInformation =
        [CopyFailureKind.Timeout, CopyFailureKind.ConnectionRefused, CopyFailureKind.ConnectionLost, CopyFailureKind.NotImap, CopyFailureKind.ServerBusy, CopyFailureKind.NoTls];

    /// <summary>Finds out whether a source can be copied from: connects and logs in.</summary>
    /// <returns>The way, which later connections may use at once, and null; or null and the failure.</returns>
    public async Task<(SourceRoute? Route, CopyFailure? Failure)> TryAsync(CopySource source, CancellationToken stop)
    {
        try
        {
            using var session = await OpenAsync(source, null, stop);
            return (session.Route, null);
        }
        catch (CopyFailedException e)
        {
            return (null, e.Failure);
        }
    }

    /// <summary>Finds out, without a connection, whether a source may be reached; null: it may.</summary>
    public async Task<CopyFailure?> JudgeAsync(CopySource source, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(source);
        try
        {
            await ResolveAsync(source.Host, source.Port ?? Imaps, stop);
            return null;
        }
        catch (CopyFailedException e)
        {
            return e.Kind is CopyFailureKind.UnknownHost or CopyFailureKind.AddressRefused or CopyFailureKind.PortRefused ? e.Failure : null; // the copy tries the others again
        }
    }

    /// <summary>Connects and logs in.</summary>
    /// <param name="source">The source.</param>
    /// <param name="known">The way that has worked before; null: it is searched.</param>
    /// <param name="stop">Ends it.</param>
    /// <exception cref="CopyFailedException">Why it does not work.</exception>
    internal async Task<SourceSession> OpenAsync(CopySource source, SourceRoute? known, CancellationToken stop)
    {
        CopyFailedException? failed = null;
        foreach (var route in known is null ? Routes(source) : [known])
        {
            try
            {
                var stream = await ConnectAsync(source, route, stop);
                return await SourceSession.StartAsync(stream, source, route, settings, stop);
            }
            catch (CopyFailedException e) when (ByInformation.Contains(e.Kind))
            {
                if (failed is null || Information(e) >= Information(failed)) failed = e;
            }
        }

        throw failed!;
    }

    /// <summary>The ways to try, in this order.</summary>
    internal static IReadOnlyList<SourceRoute> Routes(CopySource source)
    {
        SourceRoute[] all = source.Port switch
        {
            null => [new(Imaps, CopySecurity.Tls), new(Imap, CopySecurity.StartTls), new(Imap, CopySecurity.Plain)],
            Imaps => [new(Imaps, CopySecurity.Tls)],
            Imap => [new(Imap, CopySecurity.StartTls), new(Imap, CopySecurity.Plain)],
            { } port => [new(port, CopySecurity.Tls), new(port, CopySecurity.StartTls), new(port, CopySecurity.Plain)],
        };
        if (source.Security is { } security) all = source.Port is { } port ? [new(port, security)] : [.. all.Where(r => r.Security == security)];
        return [.. all.Where(r => r.Security != CopySecurity.Plain || source.AllowPlain)];
    }

    private static int Information(CopyFailedException failed) => Array.IndexOf(ByInformation, failed.Kind);

    // With its greeting, which the client is still to read.
    private async Task<SourceStream> ConnectAsync(CopySource source, SourceRoute route, CancellationToken stop)
    {
        var network = await ReachAsync(source.Host, route.Port, stop);
        var stream = Bounded(network);
        try
        {
            if (route.Security == CopySecurity.Tls) stream = Bounded(await ProtectAsync(network, source, stop));
            var greeting = await ReadAsync(stream, stop);
            if (route.Security == CopySecurity.StartTls)
            {
                await SendAsync(stream, "H STARTTLS\r\n", stop);
                // What a man in the middle adds here in clear stays in this stream, which is not read again.
                if (!(await AnswerAsync(stream, stop)).StartsWith("H OK", StringComparison.OrdinalIgnoreCase)) throw new CopyFailedException(CopyFailureKind.NoTls, "STARTTLS is refused");
                stream = Bounded(await ProtectAsync(network, source, stop));
                greeting = "* OK";
            }

            stream.Unread(greeting);
            return stream;
        }
        catch
        {
            await stream.DisposeAsync();
            throw;
        }
    }

    private async Task<Stream> ReachAsync(string host, int port, CancellationToken stop)
    {
        var addresses = await ResolveAsync(host, port, stop);
        try
        {
            return await InTimeAsync(limit => NetworkGuard.ConnectAsync(addresses, port, limit), stop);
        }
        catch (SocketException e)
        {
            throw new CopyFailedException(e.SocketErrorCode == SocketError.TimedOut ? CopyFailureKind.Timeout : CopyFailureKind.ConnectionRefused, e.Message, e);
        }
    }

    private async Task<IPAddress[]> ResolveAsync(string host, int port, CancellationToken stop)
    {
        try
        {
            var addresses = await InTimeAsync(limit => guard.ResolveAsync(host, limit), stop);
            if (port is not (Imap or Imaps) && !addresses.All(guard.Allows)) throw new CopyFailedException(CopyFailureKind.PortRefused, $"Port {port}");
            return addresses;
        }
        catch (RefusedAddressException e)
        {
            throw new CopyFailedException(CopyFailureKind.AddressRefused, e.Message, e);
        }
        catch (Exception e) when (e is ArgumentException or SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain })
        {
            throw new CopyFailedException(CopyFailureKind.UnknownHost, e.Message, e);
        }
        catch (SocketException e)
        {
            throw new CopyFailedException(CopyFailureKind.ConnectionRefused, e.Message, e);
        }
    }

    private async Task<SslStream> ProtectAsync(Stream network, CopySource source, CancellationToken stop)
    {
        var certificates = new SourceCertificates(source.AcceptedCertificate);
        var protectedStream = new SslStream(network);
        try
        {
            await InTimeAsync(async limit =>
            {
                await protectedStream.AuthenticateAsClientAsync(certificates.For(source.Host), limit);
                return 0;
            }, stop);
            return protectedStream;
        }
        catch (Exception e) when (e is AuthenticationException or IOException)
        {
            await protectedStream.DisposeAsync();
            throw certificates.Refused is { } refused
                ? new CopyFailedException(new CopyFailure(CopyFailureKind.Certificate, refused.Reason, refused), e)
                : new CopyFailedException(CopyFailureKind.NoTls, e.Message, e);
        }
    }

    private async Task<string> ReadAsync(SourceStream stream, CancellationToken stop)
    {
        var line = await LineAsync(stream, stop);
        if (line.StartsWith("* BYE", StringComparison.OrdinalIgnoreCase)) throw new CopyFailedException(CopyFailureKind.ServerBusy, SourceFailures.Shown(line));
        return line.StartsWith("* OK", StringComparison.OrdinalIgnoreCase) || line.StartsWith("* PREAUTH", StringComparison.OrdinalIgnoreCase)
            ? line
            : throw new CopyFailedException(CopyFailureKind.NotImap, SourceFailures.Shown(line));
    }

    // Of the command before it; the allowance ends a server that sends other lines for ever.
    private async Task<string> AnswerAsync(SourceStream stream, CancellationToken stop)
    {
        var line = await LineAsync(stream, stop);
        while (line.StartsWith("* ", StringComparison.Ordinal)) line = await LineAsync(stream, stop);
        return line;
    }

    private async Task<string> LineAsync(SourceStream stream, CancellationToken stop)
    {
        try
        {
            return await InTimeAsync(limit => stream.ReadLineAsync(MaxGreeting, limit), stop)
                ?? throw new CopyFailedException(CopyFailureKind.ConnectionLost, "The server has closed the connection");
        }
        catch (IOException e)
        {
            throw new CopyFailedException(CopyFailureKind.ConnectionLost, e.Message, e);
        }
    }

    private static async Task SendAsync(SourceStream stream, string line, CancellationToken stop)
    {
        try
        {
            await stream.WriteAsync(System.Text.Encoding.ASCII.GetBytes(line), stop);
        }
        catch (IOException e)
        {
            throw new CopyFailedException(CopyFailureKind.ConnectionLost, e.Message, e);
        }
    }

    private Task<T> InTimeAsync<T>(Func<CancellationToken, Task<T>> work, CancellationToken stop)
        => InTime.RunAsync(work, settings.ConnectWithin, e => new CopyFailedException(CopyFailureKind.Timeout, "The server does not answer", e), stop);

    private SourceStream Bounded(Stream stream)
    {
        var bounded = new SourceStream(stream, settings);
        bounded.Allow(GreetingAllowance);
        return bounded;
    }
}
