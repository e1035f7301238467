using Hikyaku.Gateway.Routing;
using Hikyaku.Platform;

namespace Hikyaku.Gateway.MailPrograms;

/// <summary>Where mail is fetched and sent, as the accounts service tells it (<c>GET /api/v1/server</c>).</summary>
/// <param name="ReceivingHost">For IMAP and POP.</param>
/// <param name="SendingHost">For SMTP.</param>
/// <param name="Ports">Of every protocol.</param>
/// <param name="Webmail">Its address; null when there is none.</param>
public sealed record MailServerFacts(string ReceivingHost, string SendingHost, IReadOnlyList<MailServerPorts> Ports, string? Webmail)
{
    /// <summary>The ports of a protocol.</summary>
    public MailServerPorts Of(string protocol) => Ports.First(p => p.Protocol == protocol);
}

/// <summary>The two ports of a protocol.</summary>
/// <param name="Protocol"><c>pop3</c>, <c>imap</c> or <c>smtp</c>.</param>
/// <param name="Plain">The port that begins without TLS and offers STARTTLS.</param>
/// <param name="Tls">The port that has TLS from the beginning.</param>
public sealed record MailServerPorts(string Protocol, int Plain, int Tls);

/// <summary>
/// Keeps what the accounts service last told of the mail servers, so that programs are set up while it is away. Nobody asks about an
/// account here, so that no answer can tell whether one exists.
/// </summary>
public sealed partial class MailServers(AccountsClient accounts, TimeProvider time, ILogger<MailServers> log)
{
    private const string Only = "";

    private readonly ExpiringCache<string, MailServerFacts> _fresh = new(TimeSpan.FromMinutes(1), 1, time);
    private volatile MailServerFacts? _known;

    /// <summary>Reads them; throws when they have never been told.</summary>
    public async Task<MailServerFacts> ReadAsync()
    {
        try
        {
            return _known = (await _fresh.GetAsync(Only, async _ => await accounts.ReadServerAsync()))!;
        }
        catch (Exception e) when (_known is not null && ProblemExceptionHandler.IsAway(e))
        {
            LogAway(e);
            return _known;
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "The accounts service did not tell of the mail servers; what it told before is used")]
    private partial void LogAway(Exception exception);
}
