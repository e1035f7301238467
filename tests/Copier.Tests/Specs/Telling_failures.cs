using System.Net.Sockets;
using MailKit.Net.Imap;
using MailKit.Security;

namespace Hikyaku.Copier.Tests.Specs;

public class Telling_failures
{
    [Theory, Trait("Rule", "CPY-5")]
    [InlineData("a1 NO [AUTHENTICATIONFAILED] Invalid credentials", CopyFailureKind.WrongPassword)]
    [InlineData("a1 NO LOGIN failed.", CopyFailureKind.WrongPassword)]
    [InlineData("a1 BAD User is authenticated but not connected.", CopyFailureKind.WrongPassword)]
    [InlineData("a1 NO [UNAVAILABLE] Temporary authentication failure", CopyFailureKind.ServerBusy)]
    [InlineData("a1 NO [LIMIT] Too many", CopyFailureKind.ServerBusy)]
    [InlineData("a1 NO [ALERT] Too many simultaneous connections. (Failure)", CopyFailureKind.ServerBusy)]
    [InlineData("a1 NO [PRIVACYREQUIRED] Use TLS", CopyFailureKind.NoTls)]
    [InlineData("* BYE bye", CopyFailureKind.ConnectionLost)]
    [InlineData("* BYE [UNAVAILABLE] later", CopyFailureKind.ServerBusy)]
    [InlineData("a1 OK done", CopyFailureKind.NoLogin)]
    public void A_refused_login_is_told_by_its_response_code(string line, CopyFailureKind kind) => Assert.Equal(kind, SourceFailures.OfLogin(line));

    [Theory, Trait("Rule", "CPY-5")]
    [InlineData("a1 NO [SERVERBUG] oops", CopyFailureKind.ServerBusy)]
    [InlineData("a1 NO [THROTTLED] slow", CopyFailureKind.ServerBusy)]
    [InlineData("a1 NO [LIMIT] UID FETCH Rate limit hit", CopyFailureKind.ServerBusy)]
    [InlineData("a1 BAD Request is throttled. Suggested Backoff Time: 92415 milliseconds", CopyFailureKind.ServerBusy)]
    [InlineData("a1 NO [NONEXISTENT] no such mailbox", CopyFailureKind.Unsuitable)]
    [InlineData("a1 NO some messages could not be fetched", CopyFailureKind.Unsuitable)]
    public void A_refused_command_is_told_by_its_response_code(string line, CopyFailureKind kind) => Assert.Equal(kind, SourceFailures.OfAnswer(line));

    [Fact, Trait("Rule", "CPY-5")]
    public void What_is_thrown_is_told_by_its_kind()
    {
        Assert.Equal(CopyFailureKind.ConnectionLost, Kind(new SocketException(), ""));
        Assert.Equal(CopyFailureKind.ConnectionLost, Kind(new ImapProtocolException("disconnected"), "", hasEnded: true));
        Assert.Equal(CopyFailureKind.Misbehaving, Kind(new ImapProtocolException("unexpected token"), "* 1 FETCH ("));
        Assert.Equal(CopyFailureKind.ServerBusy, Kind(new ImapProtocolException("bye"), "* BYE [UNAVAILABLE] later"));
        Assert.Equal(CopyFailureKind.Misbehaving, Kind(new OverflowException(), ""));
        Assert.Equal(CopyFailureKind.WrongPassword, Kind(new AuthenticationException("no"), "a1 NO no"));
    }

    [Theory, Trait("Rule", "CPY-6")]
    [InlineData("Suggested Backoff Time: 92415 milliseconds", 1, 92.415)]
    [InlineData("suggested backoff time: 10", 1, 2)]
    [InlineData("Suggested Backoff Time: 99999999999999", 1, 300)]
    [InlineData("", 1, 2)]
    [InlineData("", 3, 8)]
    [InlineData("", 20, 300)]
    public void The_pause_is_what_the_source_asks_for_within_bounds(string said, int attempt, double seconds)
        => Assert.Equal(seconds, SourceLink.Pause(said, attempt, new()).TotalSeconds);

    [Fact, Trait("Rule", "CPY-1")]
    public void Ways_are_tried_from_the_safest_and_clear_text_with_consent_only()
    {
        var source = new CopySource("mail.example.jp", "taro", new("secret"));

        Assert.Equal([new(993, CopySecurity.Tls), new(143, CopySecurity.StartTls)], SourceConnector.Routes(source));
        Assert.Equal(new SourceRoute(143, CopySecurity.Plain), SourceConnector.Routes(source with { AllowPlain = true })[^1]);
        Assert.Equal([new(143, CopySecurity.StartTls)], SourceConnector.Routes(source with { Port = 143 }));
        Assert.Equal([new(993, CopySecurity.Tls)], SourceConnector.Routes(source with { Security = CopySecurity.Tls }));
        Assert.Equal([new(10993, CopySecurity.Tls)], SourceConnector.Routes(source with { Port = 10993, Security = CopySecurity.Tls }));
    }

    [Fact, Trait("Rule", "CPY-7"), Trait("Rule", "SEC-4")]
    public void No_text_shows_a_secret()
    {
        var secret = new CopySecret("hunter2");

        Assert.DoesNotContain("hunter2", $"{secret}{new CopySource("h", "u", secret)}{new CopyDestination("h", 1, "u", secret)}", StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", System.Text.Json.JsonSerializer.Serialize(new CopySource("h", "u", secret)), StringComparison.Ordinal);
    }

    private static CopyFailureKind Kind(Exception thrown, string lastLine, bool hasEnded = false) => SourceFailures.Of(thrown, lastLine, hasEnded).Kind;
}
