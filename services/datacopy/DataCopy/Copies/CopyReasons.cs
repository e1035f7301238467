using Hikyaku.Copier;

namespace Hikyaku.DataCopy.Copies;

/// <summary>Why a copy has not brought everything (CPY-5), as the API names it.</summary>
public static class CopyReasons
{
    /// <summary>The mailbox has no room.</summary>
    public const string Capacity = "capacity";

    /// <summary>Messages over 100 MB were left out.</summary>
    public const string TooLarge = "messages-too-large";

    /// <summary>The source is none that can be copied from: not IMAP, no login, no TLS and the like.</summary>
    public const string SourceUnsuitable = "source-unsuitable";

    /// <summary>Load of a server, or trouble of the connection.</summary>
    public const string Trouble = "server-trouble";

    /// <summary>There is no mail on the source (CPY-10).</summary>
    public const string SourceEmpty = "source-empty";

    /// <summary>The reason that a failure is told as.</summary>
    public static string Of(CopyFailureKind kind) => kind switch
    {
        CopyFailureKind.Capacity => Capacity,
        CopyFailureKind.TooLarge => TooLarge,
        CopyFailureKind.Timeout or CopyFailureKind.ServerBusy or CopyFailureKind.ConnectionLost or CopyFailureKind.ConnectionRefused
            or CopyFailureKind.DestinationUnavailable or CopyFailureKind.NotDelivered or CopyFailureKind.RefusedByDestination => Trouble,
        _ => SourceUnsuitable,
    };

    /// <summary>A kind of failure as the API names it, like <c>wrong-password</c>.</summary>
    public static string NameOf(CopyFailureKind kind)
        => string.Concat(kind.ToString().Select((c, i) => char.IsAsciiLetterUpper(c) ? $"{(i == 0 ? "" : "-")}{char.ToLowerInvariant(c)}" : c.ToString()));
}
