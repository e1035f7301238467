using Hikyaku.Panel.Parts;

namespace Hikyaku.Panel.Screens.Copy;

/// <summary>A copy.</summary>
public sealed record CopyJob(
    string Id, string State, CopySource Source, string Notify, IReadOnlyList<CopyFolder>? Folders, CopyCounts Messages, CopyBytes Bytes, long? BytesPerSecond, long? SecondsLeft,
    string? Reason, string? ReasonText, string? Cause, string? Detail, DateTimeOffset? PausedUntil, IReadOnlyList<SkippedMail>? Skipped, string? Reference,
    DateTimeOffset CreatedAt, DateTimeOffset? FinishedAt)
{
    /// <summary>Whether it has not ended.</summary>
    public bool GoesOn => State is "queued" or "running" or "paused";

    /// <summary>How much of it is done, in percent; null while that is not known.</summary>
    public long? Percent => Messages.Total > 0 ? Math.Min(100, 100 * Done / Messages.Total) : null;

    /// <summary>Messages that are finished in whatever way.</summary>
    public long Done => Messages.Copied + Messages.AlreadyThere + Messages.SkippedTooLarge + Messages.Failed;

    /// <summary>Its state in a word.</summary>
    public string StateWord => State switch
    {
        "queued" => CopyTexts.Queued,
        "running" => CopyTexts.RunningState,
        "paused" => CopyTexts.Paused,
        "succeeded" => CopyTexts.Succeeded,
        "failed" => CopyTexts.Failed,
        "cancelled" => CopyTexts.Cancelled,
        _ => State,
    };

    /// <summary>What the page of it is called; once it has ended the subject of the mail about it.</summary>
    public string Title => this switch
    {
        { GoesOn: true } => CopyTexts.Progress,
        { State: "cancelled" } => CopyTexts.CancelledTitle,
        { State: "succeeded", Reason: null } => CopyTexts.DoneTitle,
        _ => CopyTexts.AgainTitle,
    };
}

/// <summary>Where a copy comes from.</summary>
public sealed record CopySource(string Host, int? Port, string? Security, string UserName);

/// <summary>A folder of the source.</summary>
public sealed record CopyFolder(string Source, string? Destination, string? Change, long Messages, long Copied, long AlreadyThere, long Skipped, long Failed);

/// <summary>Counts of messages.</summary>
public sealed record CopyCounts(long Total, long Copied, long AlreadyThere, long SkippedTooLarge, long Failed);

/// <summary>Counts of bytes.</summary>
public sealed record CopyBytes(long? Total, long Done);

/// <summary>A message that was not copied.</summary>
public sealed record SkippedMail(string Folder, string? Subject, DateTimeOffset? Date, long Bytes, string Reason);

/// <summary>What a source has, and what stands in the way.</summary>
public sealed record CopyCheck(
    CopyRoute? Connection, BadCertificate? Certificate, IReadOnlyList<CheckedFolder> Folders, long Messages, long? Bytes, int? TooLarge, long? FreeBytes, long MissingBytes,
    IReadOnlyList<Api.FieldError> Problems);

/// <summary>How a source was reached.</summary>
public sealed record CopyRoute(int Port, string Security)
{
    /// <summary>In words.</summary>
    public string Words => Format.Fill(CopyTexts.PortOf, Security switch { "tls" => "TLS", "starttls" => "STARTTLS", _ => CopyTexts.Plain }, Port);
}

/// <summary>A certificate that is not valid.</summary>
public sealed record BadCertificate(string Fingerprint, string Subject, string Issuer, DateTimeOffset ValidUntil, string Reason);

/// <summary>A folder of a source that was looked at.</summary>
public sealed record CheckedFolder(string Source, string? Destination, int Messages);

/// <summary>What is typed for a copy, without the secrets.</summary>
public sealed record CopyValues(string? Host, string? Port, string? Security, string? UserName, string? Notify, string? Certificate)
{
    /// <summary>As the API takes it.</summary>
    public object Body(CopySecrets? secrets) => new
    {
        password = secrets?.Own,
        source = new { host = Host, port = PortNumber, security = string.IsNullOrEmpty(Security) ? null : Security, userName = UserName, password = secrets?.Source, acceptInvalidCertificate = Certificate },
        notify = Notify,
    };

    // What is no number is a port that the platform refuses in its own words.
    private int? PortNumber => string.IsNullOrWhiteSpace(Port) ? null : int.TryParse(Port.Trim(), System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var port) ? port : 0;
}

/// <summary>The two passwords of a copy; they travel sealed.</summary>
public sealed record CopySecrets(string? Own, string? Source)
{
    /// <summary>Never the passwords.</summary>
    public override string ToString() => nameof(CopySecrets);
}
