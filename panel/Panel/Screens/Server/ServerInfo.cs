namespace Hikyaku.Panel.Screens.Server;

/// <summary>What people need to know of the mail servers, as the gateway tells it.</summary>
/// <param name="ReceivingHost">For IMAP and POP.</param>
/// <param name="SendingHost">For SMTP.</param>
/// <param name="Ports">Of every protocol.</param>
/// <param name="MinimumTls">The oldest version that is spoken.</param>
/// <param name="LoginWithoutTls">Whether a login without encryption is allowed.</param>
/// <param name="Limits">What is too much.</param>
/// <param name="Periods">What becomes of old mail.</param>
/// <param name="Webmail">Its address; null when there is none.</param>
/// <param name="Panel">The panel's own address; null when it is not told.</param>
public sealed record ServerInfo(
    string ReceivingHost, string SendingHost, IReadOnlyList<ServerPorts> Ports, string MinimumTls, bool LoginWithoutTls, ServerLimits Limits, ServerPeriods Periods,
    string? Webmail, string? Panel);

/// <summary>The two ports of a protocol.</summary>
/// <param name="Protocol"><c>pop3</c>, <c>imap</c> or <c>smtp</c>.</param>
/// <param name="Direction"><c>receive</c> or <c>send</c>.</param>
/// <param name="Plain">The port that begins without TLS.</param>
/// <param name="Tls">The port that has TLS from the beginning.</param>
public sealed record ServerPorts(string Protocol, string Direction, int Plain, int Tls);

/// <summary>What is too much.</summary>
/// <param name="MessageMb">The largest message.</param>
/// <param name="Destinations">Forwarding destinations of one kind.</param>
public sealed record ServerLimits(int MessageMb, int Destinations);

/// <summary>What becomes of old mail, in days.</summary>
/// <param name="ArchiveDays">After so long in the inbox it goes to the archive.</param>
/// <param name="TrashDays">After so long in the trash it is removed.</param>
public sealed record ServerPeriods(int ArchiveDays, int TrashDays);
