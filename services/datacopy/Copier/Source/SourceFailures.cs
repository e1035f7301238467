using System.Globalization;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using MailKit;
using MailKit.Net.Imap;
using MailKit.Security;

namespace Hikyaku.Copier;

/// <summary>
/// Tells why a source fails: by the response codes of RFC 5530 and those that large servers have added, and by known words only where there is
/// no code.
/// </summary>
internal static partial class SourceFailures
{
    /// <summary>Classifies what a connection to the source has thrown.</summary>
    /// <param name="thrown">What was thrown.</param>
    /// <param name="lastLine">The last line that the server sent.</param>
    /// <param name="hasEnded">Whether the server has closed the connection.</param>
    /// <param name="duringLogin">Whether a login was being tried.</param>
    public static CopyFailedException Of(Exception thrown, string lastLine, bool hasEnded, bool duringLogin = false) => thrown switch
    {
        CopyFailedException known => known,
        AuthenticationException => new(OfLogin(lastLine), Shown(lastLine), thrown),
        ImapCommandException when duringLogin => new(OfLogin(lastLine), Shown(lastLine), thrown),
        ImapCommandException => new(OfAnswer(lastLine), Shown(lastLine), thrown),
        ImapProtocolException or IOException when IsBye(lastLine) => new(OfGoodbye(lastLine), Shown(lastLine), thrown),
        ImapProtocolException when !hasEnded => new(CopyFailureKind.Misbehaving, thrown.Message, thrown),
        ImapProtocolException or ServiceNotConnectedException or ServiceNotAuthenticatedException or IOException or SocketException or ObjectDisposedException
            => new(CopyFailureKind.ConnectionLost, Shown(lastLine), thrown),
        NotSupportedException => new(CopyFailureKind.NoLogin, thrown.Message, thrown),
        // What the client cannot make sense of, such as numbers that are too large.
        _ => new(CopyFailureKind.Misbehaving, $"{thrown.GetType().Name}: {thrown.Message}", thrown),
    };

    /// <summary>How long the server asks to be left alone (Exchange: "Suggested Backoff Time: 12345 milliseconds"); null: it does not say.</summary>
    public static TimeSpan? SuggestedPause(string text)
        => Suggestion().Match(text) is { Success: true } found && double.TryParse(found.Groups[1].Value, CultureInfo.InvariantCulture, out var milliseconds)
            ? TimeSpan.FromMilliseconds(Math.Min(milliseconds, 1e9))
            : null;

    /// <summary>Why the server has said no to a command.</summary>
    internal static CopyFailureKind OfAnswer(string line) => CodeOf(line) switch
    {
        "UNAVAILABLE" or "INUSE" or "LIMIT" or "THROTTLED" or "SERVERBUG" or "OVERQUOTA" => CopyFailureKind.ServerBusy,
        "AUTHENTICATIONFAILED" or "AUTHORIZATIONFAILED" or "EXPIRED" => CopyFailureKind.WrongPassword,
        "NONEXISTENT" or "NOPERM" or "CANNOT" => CopyFailureKind.Unsuitable,
        _ when Busy().IsMatch(line) => CopyFailureKind.ServerBusy,
        _ => CopyFailureKind.Unsuitable,
    };

    /// <summary>Why the server has refused a login.</summary>
    internal static CopyFailureKind OfLogin(string line) => CodeOf(line) switch
    {
        "PRIVACYREQUIRED" => CopyFailureKind.NoTls,
        // Without a code a refused login is a wrong password, unless the server complains of its load.
        _ when OfAnswer(line) is CopyFailureKind.ServerBusy => CopyFailureKind.ServerBusy,
        _ when IsBye(line) => CopyFailureKind.ConnectionLost,
        _ => Refusal().IsMatch(line) ? CopyFailureKind.WrongPassword : CopyFailureKind.NoLogin,
    };

    private static CopyFailureKind OfGoodbye(string line)
        => OfAnswer(line) is CopyFailureKind.ServerBusy ? CopyFailureKind.ServerBusy : CopyFailureKind.ConnectionLost;

    private static string CodeOf(string line) => Code().Match(line).Groups[1].Value.ToUpperInvariant();

    private static bool IsBye(string line) => line.StartsWith("* BYE", StringComparison.OrdinalIgnoreCase);

    // Without control characters, as it gets to a page.
    internal static string Shown(string line)
    {
        var text = new string([.. line.Where(c => !char.IsControl(c))]);
        return text.Length == 0 ? "The connection has ended" : text.Length <= 300 ? text : text[..300];
    }

    [GeneratedRegex(@"^\S+ (?:NO|BAD|BYE) \[([A-Za-z0-9-]+)", RegexOptions.IgnoreCase)]
    private static partial Regex Code();

    [GeneratedRegex(@"^\S+ (?:NO|BAD)\b", RegexOptions.IgnoreCase)]
    private static partial Regex Refusal();

    [GeneratedRegex(@"Suggested Backoff Time: ([0-9]{1,15})", RegexOptions.IgnoreCase)]
    private static partial Regex Suggestion();

    [GeneratedRegex("throttl|too many (simultaneous )?connections|maximum number of connections|rate limit|try again later|temporar|overload|server busy|backoff", RegexOptions.IgnoreCase)]
    private static partial Regex Busy();
}
