namespace Hikyaku.Copier;

/// <summary>How far a copy is.</summary>
/// <param name="Folders">How many folders are copied.</param>
/// <param name="FoldersDone">How many of them are finished.</param>
/// <param name="Messages">How many messages the source has.</param>
/// <param name="Copied">How many were copied by this run.</param>
/// <param name="AlreadyThere">How many were copied by earlier runs.</param>
/// <param name="Skipped">How many are too large.</param>
/// <param name="Failed">How many could not be copied for another reason.</param>
/// <param name="Bytes">How many bytes the source has; null: it does not tell.</param>
/// <param name="BytesDone">How many bytes of messages are finished, in whatever way.</param>
public sealed record CopyProgress(
    int Folders, int FoldersDone, long Messages, long Copied, long AlreadyThere, long Skipped, long Failed, long? Bytes, long BytesDone)
{
    /// <summary>The folders as they are now, also those that are left out.</summary>
    public IReadOnlyList<FolderReport> ByFolder { get; init; } = [];
}

/// <summary>What has become of a source folder.</summary>
/// <param name="Source">Its name at the source.</param>
/// <param name="Destination">Where its messages are; null: it was left out.</param>
/// <param name="Change">What has become of its name.</param>
/// <param name="Failure">Why it could not be copied; null: it could.</param>
public sealed record FolderReport(string Source, string? Destination, FolderChange Change, CopyFailure? Failure = null)
{
    /// <summary>How many messages it has at the source.</summary>
    public long Messages { get; internal set; }

    /// <summary>How many were copied by this run.</summary>
    public long Copied { get; internal set; }

    /// <summary>How many were copied by earlier runs.</summary>
    public long AlreadyThere { get; internal set; }

    /// <summary>How many are too large.</summary>
    public long Skipped { get; internal set; }

    /// <summary>How many could not be copied for another reason.</summary>
    public long Failed { get; internal set; }

    /// <summary>Keywords that the destination cannot have, at most a hundred.</summary>
    public IReadOnlyCollection<string> LostKeywords => Lost;

    internal SortedSet<string> Lost { get; } = new(StringComparer.Ordinal);
}

/// <summary>A message that was not copied.</summary>
/// <param name="Folder">Its folder at the source.</param>
/// <param name="UidValidity">The folder's UIDVALIDITY, which together with the UID says which message it is.</param>
/// <param name="Uid">Its UID.</param>
/// <param name="Subject">Its subject, of at most 200 characters; null: the source does not tell.</param>
/// <param name="Date">When it was written, or received if that is not told.</param>
/// <param name="Bytes">How large it is.</param>
/// <param name="Reason"><see cref="CopyFailureKind.TooLarge"/>, <see cref="CopyFailureKind.NotDelivered"/> or <see cref="CopyFailureKind.RefusedByDestination"/>.</param>
/// <param name="Detail">What the server said; empty: nothing.</param>
public sealed record MissingMessage(
    string Folder, uint UidValidity, uint Uid, string? Subject, DateTimeOffset? Date, long Bytes, CopyFailureKind Reason, string Detail);

/// <summary>How a copy has ended.</summary>
/// <param name="Progress">The sums.</param>
/// <param name="Folders">The folders, also those that were left out.</param>
/// <param name="Missing">Messages that were not copied: the first thousand of each folder.</param>
/// <param name="Failure">Why it has ended early; null: it has not. What was copied is safe, and another run goes on from there.</param>
public sealed record CopyResult(CopyProgress Progress, IReadOnlyList<FolderReport> Folders, IReadOnlyList<MissingMessage> Missing, CopyFailure? Failure);
