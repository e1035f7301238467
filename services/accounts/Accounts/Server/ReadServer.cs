using Hikyaku.Platform;

namespace Hikyaku.Accounts.Server;

/// <summary>What people need to know of the mail servers (S-SERVER).</summary>
/// <param name="ReceivingHost">For IMAP and POP.</param>
/// <param name="SendingHost">For SMTP.</param>
/// <param name="Ports">In the order in which they are shown.</param>
/// <param name="Authentication">SASL mechanisms.</param>
/// <param name="MinimumTls">The oldest version that is spoken.</param>
/// <param name="LoginWithoutTls">Whether a login without TLS is allowed on the plain ports (NOD-1).</param>
/// <param name="Limits">What is too much.</param>
/// <param name="Periods">What becomes of old mail.</param>
/// <param name="Webmail">Its address; null when there is none.</param>
/// <param name="Panel">Its address; null when there is none.</param>
public sealed record ServerView(
    string ReceivingHost, string SendingHost, IReadOnlyList<ServerPorts> Ports, IReadOnlyList<string> Authentication, string MinimumTls,
    bool LoginWithoutTls, ServerLimits Limits, ServerPeriods Periods, string? Webmail, string? Panel);

/// <summary>The two ports of a protocol.</summary>
/// <param name="Protocol"><c>pop3</c>, <c>imap</c> or <c>smtp</c>.</param>
/// <param name="Direction"><c>receive</c> or <c>send</c>.</param>
/// <param name="Plain">The port that begins without TLS and offers STARTTLS.</param>
/// <param name="Tls">The port that has TLS from the beginning.</param>
public sealed record ServerPorts(string Protocol, string Direction, int Plain, int Tls);

/// <summary>What is too much.</summary>
/// <param name="MessageMb">The largest message as transferred (NOD-4), in MB of 1,048,576 bytes.</param>
/// <param name="Destinations">Forwarding destinations of one kind (RTE-2).</param>
public sealed record ServerLimits(int MessageMb, int Destinations);

/// <summary>What becomes of old mail (ACC-14), in days.</summary>
/// <param name="ArchiveDays">After so long in the inbox it goes to the archive.</param>
/// <param name="TrashDays">After so long in the trash it is removed.</param>
public sealed record ServerPeriods(int ArchiveDays, int TrashDays);

/// <summary>Tells of the mail servers, from the settings below <c>Hikyaku:Server</c>.</summary>
public static class ReadServer
{
    private const int MessageMb = 100;
    private const int Destinations = 300;

    private static readonly string[] Mechanisms = ["PLAIN", "LOGIN"];

    /// <summary><c>GET /api/v1/server</c> → 200.</summary>
    public static IResult Handle(IConfiguration configuration) => new Answer(200, Of(configuration));

    /// <summary>Reads the settings.</summary>
    public static ServerView Of(IConfiguration configuration)
    {
        var settings = configuration.GetSection("Hikyaku:Server");
        int Number(string name, int usual) => settings.GetValue(name, usual);
        var receiving = settings["ReceivingHost"] ?? "localhost";
        return new(
            receiving,
            settings["SendingHost"] ?? receiving,
            [
                new("pop3", "receive", Number("Pop3Port", 110), Number("Pop3sPort", 995)),
                new("imap", "receive", Number("ImapPort", 143), Number("ImapsPort", 993)),
                new("smtp", "send", Number("SubmissionPort", 587), Number("SubmissionsPort", 465)),
            ],
            Mechanisms,
            "1.2",
            settings["PlaintextLogin"] != "refuse",
            new(MessageMb, Destinations),
            new(Number("ArchiveDays", 180), Number("TrashDays", 31)),
            settings["Webmail"],
            settings["Panel"]);
    }
}
