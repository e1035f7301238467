namespace Hikyaku.Copier;

/// <summary>Why a copy, or one message of it, has failed. Those from <see cref="Timeout"/> to <see cref="ConnectionLost"/> may pass.</summary>
public enum CopyFailureKind
{
    /// <summary>The source's name has no address.</summary>
    UnknownHost,

    /// <summary>The source's address is not public and not allowed by the operator.</summary>
    AddressRefused,

    /// <summary>The source's port is none of IMAP's and not allowed by the operator.</summary>
    PortRefused,

    /// <summary>Nothing answers at the source's port.</summary>
    ConnectionRefused,

    /// <summary>What answers does not speak IMAP.</summary>
    NotImap,

    /// <summary>The source offers no TLS, and the user has not agreed to go without.</summary>
    NoTls,

    /// <summary>The source's certificate is invalid; see <see cref="CopyFailure.Certificate"/>.</summary>
    Certificate,

    /// <summary>The source refuses the login.</summary>
    WrongPassword,

    /// <summary>The source offers no way of logging in that is known.</summary>
    NoLogin,

    /// <summary>The source cannot be copied from: it does not do what IMAP asks for.</summary>
    Unsuitable,

    /// <summary>The source sends more than was asked for, or what no IMAP server sends.</summary>
    Misbehaving,

    /// <summary>The source does not answer, or too slowly.</summary>
    Timeout,

    /// <summary>The source asks to be left alone for a while.</summary>
    ServerBusy,

    /// <summary>The connection to the source has ended.</summary>
    ConnectionLost,

    /// <summary>The destination is full.</summary>
    Capacity,

    /// <summary>The destination cannot be reached or refuses the login.</summary>
    DestinationUnavailable,

    /// <summary>A message is larger than the limit.</summary>
    TooLarge,

    /// <summary>The source does not give a message out, or gives an empty one.</summary>
    NotDelivered,

    /// <summary>The destination refuses a message or a folder.</summary>
    RefusedByDestination,
}

/// <summary>Why a copy has ended early.</summary>
/// <param name="Kind">The stable reason.</param>
/// <param name="Detail">What the server said, or the like; for people who search the cause, in no language in particular.</param>
/// <param name="Certificate">The certificate, if that is the reason.</param>
public sealed record CopyFailure(CopyFailureKind Kind, string Detail, InvalidCertificate? Certificate = null);

/// <summary>A certificate that was not accepted.</summary>
/// <param name="Fingerprint">SHA-256, 64 hexadecimal digits in capitals: what the user may agree to.</param>
/// <param name="Subject">Whose it is.</param>
/// <param name="Issuer">Who has issued it.</param>
/// <param name="ValidUntil">When it expires or has expired.</param>
/// <param name="Reason">Why it was not accepted: <c>expired</c>, <c>other-name</c> or <c>not-trusted</c>.</param>
public sealed record InvalidCertificate(string Fingerprint, string Subject, string Issuer, DateTimeOffset ValidUntil, string Reason);

/// <summary>Ends a part of a copy; whoever copies decides whether it is tried again.</summary>
internal class CopyFailedException(CopyFailure failure, Exception? inner = null) : Exception($"{failure.Kind}: {failure.Detail}", inner)
{
    public CopyFailedException(CopyFailureKind kind, string detail, Exception? inner = null) : this(new CopyFailure(kind, detail), inner)
    {
    }

    public CopyFailure Failure { get; } = failure;

    public CopyFailureKind Kind => Failure.Kind;

    public bool MayPass => Kind is CopyFailureKind.Timeout or CopyFailureKind.ServerBusy or CopyFailureKind.ConnectionLost;
}
