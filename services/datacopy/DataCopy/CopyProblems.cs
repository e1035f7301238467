using System.Resources;
using Hikyaku.Copier;
using Hikyaku.DataCopy.Copies;
using Hikyaku.Platform;

namespace Hikyaku.DataCopy;

/// <summary>Every 'no' of the copy service. Texts: CopyProblems.resx and .ja.resx.</summary>
public static class CopyProblems
{
    private static readonly ResourceManager Texts = new("Hikyaku.DataCopy.CopyProblems", typeof(CopyProblems).Assembly);

    internal static readonly ProblemCode OwnPasswordWrong = Of("own-password-wrong");
    internal static readonly ProblemCode HostInvalid = Of("host-invalid");
    internal static readonly ProblemCode PortRange = Of("port-range");
    internal static readonly ProblemCode SecurityUnknown = Of("security-unknown");
    internal static readonly ProblemCode UserNameInvalid = Of("user-name-invalid");
    internal static readonly ProblemCode SecretMissing = Of("secret-missing");
    internal static readonly ProblemCode SecretTwice = Of("secret-twice");
    internal static readonly ProblemCode CertificateUnreadable = Of("certificate-unreadable");
    internal static readonly ProblemCode NotifyInvalid = Of("notify-invalid");
    internal static readonly ProblemCode AlreadyRunning = new("datacopy.already-running", 409, Texts);
    internal static readonly ProblemCode TooManyChecks = new("datacopy.too-many-checks", 429, Texts);

    internal static readonly ProblemCode UnknownHost = Of("unknown-host");
    internal static readonly ProblemCode AddressRefused = Of("address-refused");
    internal static readonly ProblemCode PortRefused = Of("port-refused");
    internal static readonly ProblemCode ConnectionRefused = Of("connection-refused");
    internal static readonly ProblemCode NotImap = Of("not-imap");
    internal static readonly ProblemCode NoTls = Of("no-tls");
    internal static readonly ProblemCode Certificate = Of("certificate-invalid");
    internal static readonly ProblemCode WrongPassword = Of("source-password-wrong");
    internal static readonly ProblemCode NoLogin = Of("no-login");
    internal static readonly ProblemCode Unsuitable = Of("source-unsuitable");
    internal static readonly ProblemCode Timeout = Of("source-silent");
    internal static readonly ProblemCode ServerBusy = Of("source-busy");
    internal static readonly ProblemCode ConnectionLost = Of("connection-lost");
    internal static readonly ProblemCode Capacity = Of("capacity");
    internal static readonly ProblemCode DestinationUnavailable = Of("destination-unavailable");
    internal static readonly ProblemCode TooLarge = Of("messages-too-large");
    internal static readonly ProblemCode SourceEmpty = Of("source-empty");
    internal static readonly ProblemCode CheckUnfinished = Of("check-unfinished");

    /// <summary>Every code of this page.</summary>
    public static readonly IReadOnlyList<ProblemCode> All =
    [
        OwnPasswordWrong, HostInvalid, PortRange, SecurityUnknown, UserNameInvalid, SecretMissing, SecretTwice, CertificateUnreadable, NotifyInvalid, AlreadyRunning, TooManyChecks,
        UnknownHost, AddressRefused, PortRefused, ConnectionRefused, NotImap, NoTls, Certificate, WrongPassword, NoLogin, Unsuitable, Timeout, ServerBusy, ConnectionLost,
        Capacity, DestinationUnavailable, TooLarge, SourceEmpty, CheckUnfinished,
    ];

    /// <summary>How a failure of the copier is told, and of which field.</summary>
    internal static Rejection Of(CopyFailureKind kind) => kind switch
    {
        CopyFailureKind.UnknownHost => new(UnknownHost, "source.host"),
        CopyFailureKind.AddressRefused => new(AddressRefused, "source.host"),
        CopyFailureKind.PortRefused => new(PortRefused, "source.port"),
        CopyFailureKind.ConnectionRefused => new(ConnectionRefused, "source.host"),
        CopyFailureKind.NotImap => new(NotImap, "source.host"),
        CopyFailureKind.NoTls => new(NoTls, "source.security"),
        CopyFailureKind.Certificate => new(Certificate, "source.acceptInvalidCertificate"),
        CopyFailureKind.WrongPassword => new(WrongPassword, "source.password"),
        CopyFailureKind.NoLogin => new(NoLogin, "source.password"),
        CopyFailureKind.Timeout => new(Timeout, "source.host"),
        CopyFailureKind.ServerBusy => new(ServerBusy, "source.host"),
        CopyFailureKind.ConnectionLost => new(ConnectionLost, "source.host"),
        CopyFailureKind.Capacity => new(Capacity),
        CopyFailureKind.DestinationUnavailable or CopyFailureKind.RefusedByDestination => new(DestinationUnavailable),
        CopyFailureKind.TooLarge => new(TooLarge),
        _ => new(Unsuitable, "source.host"),
    };

    /// <summary>The same by the failure's name in the API, like <c>wrong-password</c>.</summary>
    internal static Rejection OfCause(string cause) => Of(Enum.GetValues<CopyFailureKind>().FirstOrDefault(k => CopyReasons.NameOf(k) == cause, CopyFailureKind.Unsuitable));

    private static ProblemCode Of(string name) => new($"datacopy.{name}", 422, Texts);
}
