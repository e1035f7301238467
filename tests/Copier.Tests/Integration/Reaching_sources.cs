using System.Net;
using System.Net.Sockets;
using Hikyaku.Platform;
using Hikyaku.Platform.Testing;

namespace Hikyaku.Copier.Tests.Integration;

public class Reaching_sources(TwoServers servers)
{
    private static readonly CopySettings Settings = new() { ConnectWithin = TimeSpan.FromSeconds(10) };

    [Theory, Trait("Rule", "CPY-8"), Trait("Rule", "SEC-3")]
    [InlineData("127.0.0.1")]
    [InlineData("localhost")]
    [InlineData("127.1")]
    [InlineData("2130706433")]
    [InlineData("0x7f000001")]
    [InlineData("::1")]
    [InlineData("::ffff:127.0.0.1")]
    [InlineData("10.1.2.3")]
    [InlineData("192.168.0.1")]
    [InlineData("169.254.169.254")]
    [InlineData("100.64.0.1")]
    [InlineData("fd00::1")]
    [InlineData("fe80::1")]
    [InlineData("64:ff9b::a00:1")]
    [InlineData("0.0.0.0")]
    public async Task Addresses_that_are_not_public_are_refused_before_a_connection(string host)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        foreach (var port in new[] { ((IPEndPoint)listener.LocalEndpoint).Port, 143, 993 })
        {
            var (_, failure) = await Connector(null).TryAsync(new(host, "taro", new("secret"), port), default);

            Assert.Equal(CopyFailureKind.AddressRefused, failure?.Kind);
        }

        Assert.False(listener.Pending());
    }

    [Theory, Trait("Rule", "CPY-8")]
    [InlineData(25)]
    [InlineData(22)]
    [InlineData(8080)]
    public async Task Ports_that_are_none_of_IMAP_are_refused(int port)
    {
        var (_, failure) = await Connector(null).TryAsync(new("203.0.114.1", "taro", new("secret"), port), default);

        Assert.Equal(CopyFailureKind.PortRefused, failure?.Kind);
    }

    [Fact, Trait("Rule", "CPY-8")]
    public async Task An_invalid_certificate_is_described_and_accepted_with_consent_only()
    {
        var source = servers.NewCopy().Source;
        var asked = new CopySource("127.0.0.1", source.User, new(MailServer.Password), source.Server.TlsPort, CopySecurity.Tls);

        var (_, failure) = await Connector("127.0.0.0/8").TryAsync(asked, default);
        var (route, none) = await Connector("127.0.0.0/8").TryAsync(asked with { AcceptedCertificate = failure?.Certificate?.Fingerprint }, default);
        var (_, other) = await Connector("127.0.0.0/8").TryAsync(asked with { AcceptedCertificate = new string('A', 64) }, default);

        Assert.Equal(CopyFailureKind.Certificate, failure?.Kind);
        Assert.Equal((source.Server.Fingerprint, "CN=mail.example.jp", "not-trusted"), (failure!.Certificate!.Fingerprint, failure.Certificate.Subject, failure.Certificate.Reason));
        Assert.Null(none);
        Assert.Equal(new SourceRoute(source.Server.TlsPort, CopySecurity.Tls), route);
        Assert.Equal(CopyFailureKind.Certificate, other?.Kind);
    }

    [Fact, Trait("Rule", "CPY-1")]
    public async Task Port_and_protection_are_found_by_trying()
    {
        var source = servers.NewCopy().Source;
        var known = new CopySource("127.0.0.1", source.User, new(MailServer.Password), AcceptedCertificate: source.Server.Fingerprint);

        var (tls, _) = await Connector("127.0.0.0/8").TryAsync(known with { Port = source.Server.TlsPort }, default);
        var (startTls, _) = await Connector("127.0.0.0/8").TryAsync(known with { Port = source.Server.Port }, default);

        Assert.Equal(CopySecurity.Tls, tls?.Security);
        Assert.Equal(CopySecurity.StartTls, startTls?.Security);
    }

    [Fact, Trait("Rule", "CPY-1")]
    public async Task A_source_without_TLS_needs_consent()
    {
        await using var source = new ScriptedSource();
        source.Script = (tag, command) => command == "STARTTLS" ? $"{tag} BAD unknown\r\n" : null;
        var asked = source.AsSource() with { Security = null, AllowPlain = false };

        var (_, refused) = await Connector("127.0.0.0/8").TryAsync(asked, default);
        var sentBefore = source.Commands.Count(c => c.StartsWith("AUTHENTICATE", StringComparison.Ordinal));
        var (route, _) = await Connector("127.0.0.0/8").TryAsync(asked with { AllowPlain = true }, default);

        Assert.Equal((CopyFailureKind.NoTls, 0), (refused?.Kind, sentBefore));
        Assert.Equal(CopySecurity.Plain, route?.Security);
    }

    [Fact, Trait("Rule", "CPY-1")]
    public async Task A_wrong_password_is_tried_once()
    {
        await using var source = new ScriptedSource { Capabilities = "IMAP4rev1 AUTH=PLAIN AUTH=LOGIN SASL-IR" };
        source.Script = (tag, command) => command.StartsWith("AUTHENTICATE", StringComparison.Ordinal) ? $"{tag} NO [AUTHENTICATIONFAILED] wrong\r\n" : null;

        var (_, failure) = await Connector("127.0.0.0/8").TryAsync(source.AsSource(), default);

        Assert.Equal(CopyFailureKind.WrongPassword, failure?.Kind);
        Assert.Single(source.Commands, c => c.StartsWith("AUTHENTICATE", StringComparison.Ordinal) || c.StartsWith("LOGIN", StringComparison.Ordinal));
    }

    [Fact, Trait("Rule", "CPY-1")]
    public async Task Tokens_are_used_where_the_source_takes_them()
    {
        await using var source = new ScriptedSource { Capabilities = "IMAP4rev1 AUTH=XOAUTH2 SASL-IR" };
        await using var other = new ScriptedSource();
        var token = new CopySecret("token", isToken: true);

        var (_, none) = await Connector("127.0.0.0/8").TryAsync(source.AsSource() with { Secret = token }, default);
        var (_, failure) = await Connector("127.0.0.0/8").TryAsync(other.AsSource() with { Secret = token }, default);

        Assert.Null(none);
        Assert.Contains(source.Commands, c => c.StartsWith("AUTHENTICATE XOAUTH2", StringComparison.Ordinal));
        Assert.Equal(CopyFailureKind.NoLogin, failure?.Kind);
    }

    [Fact, Trait("Rule", "CPY-5")]
    public async Task A_source_that_is_not_there_is_told_by_its_kind()
    {
        using var silence = new TcpListener(IPAddress.Loopback, 0); // takes connections and says nothing
        silence.Start();
        var (_, unknown) = await Connector(null).TryAsync(new("no-such-host.invalid", "taro", new("secret")), default);
        var (_, refused) = await Connector("127.0.0.0/8").TryAsync(new("127.0.0.1", "taro", new("secret"), ReservedPorts.Free(1)[0]), default);
        var (_, silent) = await Connector("127.0.0.0/8", TimeSpan.FromMilliseconds(300)).TryAsync(new("127.0.0.1", "taro", new("secret"), ((IPEndPoint)silence.LocalEndpoint).Port, CopySecurity.Plain, AllowPlain: true), default);

        Assert.Equal((CopyFailureKind.UnknownHost, CopyFailureKind.ConnectionRefused, CopyFailureKind.Timeout), (unknown?.Kind, refused?.Kind, silent?.Kind));
    }

    private static SourceConnector Connector(string? allowed, TimeSpan? within = null)
        => new(new NetworkGuard(allowed), within is { } time ? Settings with { ConnectWithin = time } : Settings);
}
