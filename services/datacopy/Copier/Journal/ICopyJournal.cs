namespace Hikyaku.Copier;

/// <summary>
/// What must outlive the process so that no message is copied twice: which messages were copied, and which are just being written
/// (intents). There is one for each pair of source and destination mailbox, and one copy at a time works with it. Every
/// call is for a whole batch and must be durable when it has ended.
/// </summary>
public interface ICopyJournal
{
    /// <summary>Which of some messages of a source folder were copied.</summary>
    /// <param name="folder">The source folder's name.</param>
    /// <param name="uidValidity">Its UIDVALIDITY.</param>
    /// <param name="uids">The messages.</param>
    /// <param name="stop">Ends it.</param>
    Task<IReadOnlySet<uint>> CopiedAsync(string folder, uint uidValidity, IReadOnlyCollection<uint> uids, CancellationToken stop);

    /// <summary>
    /// Finds messages that were copied when the source folder had another UIDVALIDITY: for each message one record of this folder with
    /// the same digest and another UIDVALIDITY, if there is one, becomes the record of that message. No record is taken twice.
    /// </summary>
    /// <returns>The UIDs of messages that got a record.</returns>
    Task<IReadOnlySet<uint>> AdoptAsync(string folder, uint uidValidity, IReadOnlyList<IntendedMessage> messages, CancellationToken stop);

    /// <summary>
    /// Finds messages that were copied from a folder that the source does not have any more, as it was renamed: like
    /// <see cref="AdoptAsync"/>, with records of any folder that is not among <paramref name="present"/>. A journal that cannot tell adopts none;
    /// then the messages of a renamed folder are copied again, into a folder of the new name.
    /// </summary>
    /// <returns>The UIDs of messages that got a record.</returns>
    Task<IReadOnlySet<uint>> AdoptRenamedAsync(string folder, uint uidValidity, IReadOnlyList<IntendedMessage> messages, IReadOnlyCollection<string> present, CancellationToken stop)
        => Task.FromResult<IReadOnlySet<uint>>(new HashSet<uint>());

    /// <summary>Notes what is about to be written.</summary>
    Task IntendAsync(CopyIntent intent, CancellationToken stop);

    /// <summary>Removes an intent; its messages count as copied from now on if they were written.</summary>
    Task SettleAsync(Guid intent, bool written, CancellationToken stop);

    /// <summary>The intents that have not been settled.</summary>
    Task<IReadOnlyList<CopyIntent>> OpenAsync(CancellationToken stop);

    /// <summary>How many copied messages there are with each of some digests, in all folders; digests without any may be absent.</summary>
    Task<IReadOnlyDictionary<string, int>> CountAsync(IReadOnlyCollection<string> digests, CancellationToken stop);

    /// <summary>Replaces the marks: where each of the destination's folders ended when a run began, by the folder's name.</summary>
    Task MarkAsync(IReadOnlyDictionary<string, FolderMark> marks, CancellationToken stop);

    /// <summary>The marks of the last run.</summary>
    Task<IReadOnlyDictionary<string, FolderMark>> MarksAsync(CancellationToken stop);
}

/// <summary>A batch that is about to be written by one command, which writes all of it or nothing.</summary>
/// <param name="Id">Its own.</param>
/// <param name="SourceFolder">The source folder's name.</param>
/// <param name="SourceUidValidity">Its UIDVALIDITY.</param>
/// <param name="DestinationFolder">The destination folder's name.</param>
/// <param name="At">Where the destination folder ends: messages of the batch get this UID or a higher one.</param>
/// <param name="Messages">What is written.</param>
public sealed record CopyIntent(
    Guid Id, string SourceFolder, uint SourceUidValidity, string DestinationFolder, FolderMark At, IReadOnlyList<IntendedMessage> Messages);

/// <summary>A message of a batch.</summary>
/// <param name="Uid">At the source.</param>
/// <param name="Digest">Of its bytes (<see cref="ContentDigest"/>).</param>
/// <param name="Bytes">Its size with CR LF as line ends.</param>
public sealed record IntendedMessage(uint Uid, string Digest, long Bytes);

/// <summary>A place in a folder.</summary>
/// <param name="UidValidity">The folder's UIDVALIDITY.</param>
/// <param name="UidNext">What comes later has this UID or a higher one.</param>
public sealed record FolderMark(uint UidValidity, uint UidNext);
