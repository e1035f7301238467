using System.Text.Json;
using Hikyaku.Copier;
using Hikyaku.DataCopy.Copies;
using Hikyaku.Platform;
using Npgsql;

namespace Hikyaku.DataCopy.Work;

/// <summary>What has become of a source folder, as the API shows it.</summary>
/// <param name="Source">Its name at the source.</param>
/// <param name="Destination">Where its messages go; absent: it is left out, as it only shows mail of other folders.</param>
/// <param name="Change">same, by-purpose, merged, renamed or left-out.</param>
/// <param name="Messages">How many it has.</param>
/// <param name="Copied">How many this copy has copied.</param>
/// <param name="AlreadyThere">How many earlier copies had copied.</param>
/// <param name="Skipped">How many are over 100 MB.</param>
/// <param name="Failed">How many could not be copied for another reason.</param>
/// <param name="Failure">Why the folder could not be copied; absent: it could.</param>
public sealed record CopiedFolder(string Source, string? Destination, string Change, long Messages, long Copied, long AlreadyThere, long Skipped, long Failed, string? Failure);

/// <summary>A message that was not copied.</summary>
/// <param name="Folder">Its folder at the source.</param>
/// <param name="Subject">Its subject; absent: the source does not tell.</param>
/// <param name="Date">When it was written.</param>
/// <param name="Bytes">How large it is.</param>
/// <param name="Reason">too-large, not-delivered or refused-by-destination.</param>
public sealed record SkippedMessage(string Folder, string? Subject, DateTimeOffset? Date, long Bytes, string Reason);

/// <summary>Measures a run. What former runs of the same copy have copied counts as copied by it, not as there before.</summary>
internal sealed class CopyMeter(NpgsqlDataSource database, LeasedCopy job, Func<IReadOnlyDictionary<string, long>> before, TimeProvider time) : IProgress<CopyProgress>
{
    private const int MostListed = 1000;
    private readonly long _begun = time.GetTimestamp();
    private CopyProgress? _latest;
    private CopyProgress? _written;

    /// <summary>Whether this run has copied something.</summary>
    public bool HasCopied => _latest?.Copied > 0;

    /// <inheritdoc/>
    public void Report(CopyProgress value) => _latest = value;

    /// <summary>What came of the run.</summary>
    public CopyCounts Of(CopyResult result) => CountsOf(_latest = result.Progress);

    /// <summary>Writes how far it is, if that has changed.</summary>
    public async Task WriteAsync(CancellationToken stop)
    {
        if (_latest is not { } now || ReferenceEquals(now, _written)) return;
        await database.ExecuteAsync(Statement(now, null, null), stop);
        await JobTable.MoveAsync(database, job.JobId, now.Copied + now.AlreadyThere + now.Skipped + now.Failed, now.Messages, time.GetUtcNow(), stop);
        _written = now;
    }

    /// <summary>Writes in the session's transaction what has come of the run.</summary>
    public Task WriteAsync(Marten.IDocumentSession session, CopyResult result, CancellationToken stop)
        => session.ExecuteAsync(
            // A run that did not get as far as the list of folders knows nothing: what earlier runs have told stays.
            result.Folders.Count == 0 && result.Failure is { } failure ? $"update mail_copy set detail = {StorableText.Of(failure.Detail)} where id = {job.JobId}" : Statement(result.Progress with { ByFolder = result.Folders }, JsonSerializer.Serialize(result.Missing.Take(MostListed).Select(Of), Answer.Json), result.Failure is null ? null : StorableText.Of(result.Failure.Detail)), stop);

    /// <summary>A digest of the messages that are too large; null: there are none.</summary>
    public static string? SkipsOf(CopyResult result)
    {
        var skips = result.Missing.Where(m => m.Reason == CopyFailureKind.TooLarge).Select(m => $"{m.UidValidity} {m.Uid} {m.Folder}").Order(StringComparer.Ordinal).ToList();
        return skips.Count == 0 ? null : Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(string.Join('\n', skips))));
    }

    private CopyCounts CountsOf(CopyProgress p)
    {
        var earlier = Math.Min(before().Values.Sum(), p.AlreadyThere);
        return new(p.Messages, p.Copied + earlier, p.AlreadyThere - earlier, p.Skipped, p.Failed);
    }

    private FormattableString Statement(CopyProgress p, string? missing, string? detail)
    {
        var counts = CountsOf(p);
        var seconds = Math.Max(1, time.GetElapsedTime(_begun).TotalSeconds);
        var folders = JsonSerializer.Serialize(p.ByFolder.Select(Of), Answer.Json);
        return
            $"""
            update mail_copy set total = {counts.Total}, copied = {counts.Copied}, already_there = {counts.AlreadyThere}, skipped = {counts.SkippedTooLarge}, failed = {counts.Failed},
                bytes = {p.Bytes}::bigint, bytes_done = {p.BytesDone}, rate = {(long)(p.BytesDone / seconds)}, folders = {folders}::jsonb,
                missing = coalesce({missing}::jsonb, missing), detail = {detail}::text
            where id = {job.JobId}
            """;
    }

    private CopiedFolder Of(FolderReport f)
    {
        var earlier = Math.Min(before().GetValueOrDefault(StorableText.KeyOf(f.Source)), f.AlreadyThere);
        return new(
            StorableText.Of(f.Source), f.Destination, NameOf(f.Change), f.Messages, f.Copied + earlier, f.AlreadyThere - earlier, f.Skipped, f.Failed, f.Failure is null ? null : CopyReasons.NameOf(f.Failure.Kind));
    }

    private static SkippedMessage Of(MissingMessage m) => new(StorableText.Of(m.Folder), m.Subject is null ? null : StorableText.Of(m.Subject), m.Date, m.Bytes, CopyReasons.NameOf(m.Reason));

    private static string NameOf(FolderChange change) => change switch
    {
        FolderChange.Same => "same",
        FolderChange.ByPurpose => "by-purpose",
        FolderChange.Merged => "merged",
        FolderChange.Renamed => "renamed",
        _ => "left-out",
    };
}
