using Microsoft.Extensions.Configuration;

namespace Hikyaku.Platform;

/// <summary>
/// How the platform submits its own mail (RFC 6409): <c>Hikyaku:Mail:Submission</c> is <c>submissions://HOST[:PORT]</c> (TLS at once, RFC 8314),
/// <c>submission://HOST[:PORT]</c> (STARTTLS, never without), or <c>smtp://ADDRESS:PORT</c> without TLS and login, on this machine only.
/// </summary>
/// <param name="Submission">Where; null: the platform sends no mail.</param>
/// <param name="From">Who it says it is, <c>Hikyaku:Mail:From</c>; with a login, that account's address.</param>
/// <param name="Login"><c>Hikyaku:Mail:Login</c>; null: none is needed.</param>
/// <param name="PasswordFile"><c>Hikyaku:Mail:PasswordFile</c>; read anew for every connection.</param>
/// <param name="Authority"><c>Hikyaku:Mail:Authority</c>: the file of the certificate that the server's must be signed with; null: the machine's authorities.</param>
public sealed record MailSettings(Uri? Submission, string From, string? Login, string? PasswordFile, string? Authority)
{
    /// <summary>Mail over TLS from the first byte.</summary>
    public const string ImplicitTls = "submissions";

    private const string StartTls = "submission";
    private const string Plain = "smtp";

    /// <summary>Reads them; throws when they make no sense together.</summary>
    public static MailSettings Read(IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        var mail = configuration.GetSection("Hikyaku:Mail");
        if (mail["Submission"] is not { Length: > 0 } text) return new(null, "", null, null, null);
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme is not (ImplicitTls or StartTls or Plain) || url.Host.Length == 0 || url.UserInfo.Length > 0)
            throw new InvalidOperationException("Hikyaku:Mail:Submission must be submissions://HOST, submission://HOST or smtp://ADDRESS:PORT, without a login");
        if (!InternetNames.TryReadAddress(mail["From"] ?? "", out var from, out _)) throw new InvalidOperationException("Hikyaku:Mail:From is no mail address");
        if (url.Scheme == Plain && (!url.IsLoopback || mail["Login"] is not null)) throw new InvalidOperationException("smtp:// has no TLS: it is for this machine only, and takes no login");
        if (mail["Login"] is not null && mail["PasswordFile"] is null) throw new InvalidOperationException("Hikyaku:Mail:Login needs Hikyaku:Mail:PasswordFile");
        return new(url, from, mail["Login"], mail["PasswordFile"], mail["Authority"]);
    }

    /// <summary>The port.</summary>
    public int Port => Submission is { Port: > 0 and var port } ? port : Submission?.Scheme switch { ImplicitTls => 465, StartTls => 587, _ => 25 };

    /// <summary>Whether TLS is begun by a command.</summary>
    public bool UsesStartTls => Submission?.Scheme == StartTls;
}
